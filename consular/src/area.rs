//! Areas on the earth: read as CAP 1.2 writes them, covered with cells of H3, and asked whether a point is inside.
//!
//! A polygon's edges are straight in degrees, as in CAP and GeoJSON; one whose edges span more than half the earth is taken
//! to cross the antimeridian. A circle is measured along great circles. The cover is a superset in cells; the exact answer
//! is [`Area::contains`].

use geo::{Area as _, Contains as _, Coord, Distance as _, Haversine, LineString, Point, Polygon};
use h3o::geom::{ContainmentMode, TilerBuilder};
use h3o::{CellIndex, LatLng, Resolution};
use std::collections::HashSet;

/// The resolutions that positions are kept at, finest first.
const RESOLUTIONS: [Resolution; 3] = [Resolution::Seven, Resolution::Five, Resolution::Three];
/// How many cells a cover should have at most, as far as a coarser resolution can help it.
const CELLS_WANTED: f64 = 1_200.0;
/// The most cells a cover may have: then it is an area of some ten million square kilometres.
const MOST_CELLS: usize = 4_000;
/// The greatest radius in kilometres.
const MOST_RADIUS: f64 = 3_000.0;
/// The most corners of a polygon.
const MOST_CORNERS: usize = 1_000;
/// A degree of latitude in kilometres.
const DEGREE: f64 = 111.195;

/// An area.
#[derive(Clone, Debug)]
pub struct Area(Shape);

#[derive(Clone, Debug)]
enum Shape {
    /// With longitudes from 0 to 360 where it crosses the antimeridian.
    Polygon { polygon: Polygon, crossing: bool },
    /// With its radius in metres.
    Circle { centre: Point, radius: f64 },
}

/// Cells that an area lies in, all of one resolution.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cover {
    /// 3, 5 or 7.
    pub resolution: u8,
    /// The cells as numbers.
    pub cells: Vec<i64>,
}

/// Why an area cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unusable {
    /// It says no area.
    #[error("{0}")]
    Unreadable(&'static str),
    /// It is too large.
    #[error("the area is too large")]
    TooLarge,
}

impl Area {
    /// A polygon as in CAP 1.2, section 3.2.4: `lat,lon` pairs parted by spaces, four or more, the first again at the end.
    ///
    /// # Errors
    /// What is wrong with the text.
    pub fn polygon(text: &str) -> Result<Self, Unusable> {
        let corners: Vec<Coord> = text.split_whitespace().map(pair).collect::<Result<_, _>>()?;
        let wrong = |so: bool, words| if so { Err(Unusable::Unreadable(words)) } else { Ok(()) };
        wrong(corners.len() < 4, "a polygon has four pairs or more, the first again at the end")?;
        wrong(corners.len() > MOST_CORNERS, "a polygon has a thousand pairs at most")?;
        wrong(corners.first() != corners.last(), "the first pair of a polygon stands again at its end")?;
        let crossing = corners.windows(2).any(|edge| (edge[0].x - edge[1].x).abs() > 180.0);
        let unwound = corners.into_iter().map(|corner| Coord { x: eastward(corner.x, crossing), ..corner });
        let polygon = Polygon::new(LineString::new(unwound.collect()), Vec::new());
        wrong(polygon.unsigned_area() <= 0.0, "the polygon has no inside")?;
        Self(Shape::Polygon { polygon, crossing }).small_enough()
    }

    /// A circle as in CAP 1.2, section 3.2.4: `lat,lon radius`, the radius in kilometres.
    ///
    /// # Errors
    /// What is wrong with the text.
    pub fn circle(text: &str) -> Result<Self, Unusable> {
        let words: Vec<_> = text.split_whitespace().collect();
        let [centre, radius] = words[..] else {
            return Err(Unusable::Unreadable("a circle is `lat,lon radius`"));
        };
        let centre = Point(pair(centre)?);
        let radius: f64 = number(radius)?;
        if radius <= 0.0 {
            return Err(Unusable::Unreadable("the radius of a circle is more than nothing"));
        }
        if radius > MOST_RADIUS {
            return Err(Unusable::TooLarge);
        }
        Self(Shape::Circle { centre, radius: radius * 1_000.0 }).small_enough()
    }

    fn small_enough(self) -> Result<Self, Unusable> {
        if self.square_kilometres() / Resolution::Three.area_km2() > MOST_CELLS as f64 {
            return Err(Unusable::TooLarge);
        }
        Ok(self)
    }

    /// Whether the point, in degrees, is inside.
    pub fn contains(&self, latitude: f64, longitude: f64) -> bool {
        match &self.0 {
            Shape::Polygon { polygon, crossing } => {
                let point = Coord { x: eastward(longitude, *crossing), y: latitude };
                polygon.contains(&point)
            }
            Shape::Circle { centre, radius } => Haversine.distance(*centre, Point::new(longitude, latitude)) <= *radius,
        }
    }

    /// Cells that together hold every point of the area.
    ///
    /// # Errors
    /// The polygon cannot be covered, because its edges cross each other.
    pub fn cover(&self) -> Result<Cover, Unusable> {
        let coarse_enough = |resolution: &&Resolution| self.square_kilometres() / resolution.area_km2() <= CELLS_WANTED;
        let resolution = *RESOLUTIONS.iter().find(coarse_enough).unwrap_or(&Resolution::Three);
        let cells = match &self.0 {
            Shape::Polygon { polygon, .. } => tiled(polygon, resolution)?,
            Shape::Circle { centre, radius } => disk(*centre, *radius, resolution),
        };
        Ok(Cover { resolution: u8::from(resolution), cells: cells.into_iter().map(as_number).collect() })
    }

    /// About how large it is; of a polygon, the rectangle around it.
    fn square_kilometres(&self) -> f64 {
        match &self.0 {
            Shape::Circle { radius, .. } => std::f64::consts::PI * (radius / 1_000.0).powi(2),
            Shape::Polygon { polygon, .. } => {
                let corners = || polygon.exterior().coords();
                let (south, north) = bounds(corners().map(|corner| corner.y));
                let (west, east) = bounds(corners().map(|corner| corner.x));
                let widest = if south <= 0.0 && north >= 0.0 { 0.0 } else { south.abs().min(north.abs()) };
                (north - south) * (east - west) * DEGREE.powi(2) * widest.to_radians().cos()
            }
        }
    }
}

fn bounds(values: impl Iterator<Item = f64>) -> (f64, f64) {
    values.fold((f64::INFINITY, f64::NEG_INFINITY), |(least, most), value| (least.min(value), most.max(value)))
}

/// The longitude counted eastward from Greenwich, for what crosses the antimeridian.
fn eastward(longitude: f64, crossing: bool) -> f64 {
    if crossing && longitude < 0.0 { longitude + 360.0 } else { longitude }
}

fn pair(text: &str) -> Result<Coord, Unusable> {
    let (latitude, longitude) = text.split_once(',').ok_or(Unusable::Unreadable("a point is `lat,lon`"))?;
    let (latitude, longitude) = (number(latitude)?, number(longitude)?);
    if !is_on_earth(latitude, longitude) {
        return Err(Unusable::Unreadable("a latitude is from -90 to 90, a longitude from -180 to 180"));
    }
    Ok(Coord { x: longitude, y: latitude })
}

fn number(text: &str) -> Result<f64, Unusable> {
    let number: Option<f64> = text.parse().ok();
    number.filter(|number| number.is_finite()).ok_or(Unusable::Unreadable("a number of degrees or kilometres is none"))
}

/// Whether there is such a point.
pub fn is_on_earth(latitude: f64, longitude: f64) -> bool {
    latitude.abs() <= 90.0 && longitude.abs() <= 180.0
}

/// The cells that a point lies in, at resolutions 3, 5 and 7; none if it is no point on the earth.
pub fn cells_of(latitude: f64, longitude: f64) -> Option<[CellIndex; 3]> {
    let point = LatLng::new(latitude, longitude).ok().filter(|_| is_on_earth(latitude, longitude))?;
    Some([Resolution::Three, Resolution::Five, Resolution::Seven].map(|resolution| point.to_cell(resolution)))
}

/// A cell as a number of the database.
fn as_number(cell: CellIndex) -> i64 {
    u64::from(cell).cast_signed()
}

/// Every cell that the polygon touches.
fn tiled(polygon: &Polygon, resolution: Resolution) -> Result<HashSet<CellIndex>, Unusable> {
    let crossed = |_| Unusable::Unreadable("the polygon cannot be covered; do its edges cross?");
    let mut tiler = TilerBuilder::new(resolution).containment_mode(ContainmentMode::Covers).build();
    // The kit of cells knows longitudes from -180 to 180 and finds by itself what crosses.
    let wound = polygon
        .exterior()
        .coords()
        .map(|corner| Coord { x: if corner.x > 180.0 { corner.x - 360.0 } else { corner.x }, ..*corner });
    tiler.add(Polygon::new(LineString::new(wound.collect()), Vec::new())).map_err(crossed)?;
    Ok(tiler.into_coverage().collect())
}

/// Every cell that a circle can touch: those of a disk of cells whose centres are near enough. It needs no outline, and so
/// knows neither poles nor an antimeridian.
fn disk(centre: Point, radius: f64, resolution: Resolution) -> HashSet<CellIndex> {
    let Ok(middle) = LatLng::new(centre.y(), centre.x()) else { return HashSet::new() };
    let edge = resolution.edge_length_m();
    // Cells differ in size; the smallest edges are two thirds of the mean, the largest a fifth longer than it.
    let rings = (radius / (1.5 * 0.66 * edge)).ceil() + 2.0;
    let reach = radius + 1.3 * edge;
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a number of rings is small")]
    let cells = middle.to_cell(resolution).grid_disk_safe(rings as u32);
    cells.filter(|cell| LatLng::from(*cell).distance_m(middle) <= reach).collect()
}

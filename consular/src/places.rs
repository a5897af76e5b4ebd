//! Who of the registered is at a place: cells lead to candidates, geometry decides.

use crate::area::{Area, Unusable};
use chrono::NaiveDate;
use fault::{Fault, refuse_if};
use proto::consular::v1::Reason;
use sqlx::postgres::PgRow;
use sqlx::{PgConnection, Row as _};
use std::collections::BTreeMap;

/// A place on a day.
#[derive(Clone, Debug)]
pub enum Place {
    /// An area.
    Area(Area),
    /// A country, as an ISO 3166-1 alpha-2 code.
    Country(String),
    /// What a post serves.
    Post(String),
}

/// A registration at a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct There {
    /// How many people: the registrant and those along.
    pub people: i16,
    /// Whether nobody has confirmed it for long.
    pub stale: bool,
}

impl Place {
    /// The place that a request names in one of four ways.
    ///
    /// # Errors
    /// It names none or several, or an area that is none.
    pub fn read(polygon: &str, circle: &str, country: &str, post: &str) -> Result<Self, Fault> {
        let named = [polygon, circle, country, post].iter().filter(|text| !text.is_empty()).count();
        refuse_if(named != 1, Reason::PlaceNotOne, "one of polygon, circle, country and post says where")?;
        match (polygon, circle, country) {
            ("", "", "") => Ok(Self::Post(post.to_owned())),
            ("", "", country) => Ok(Self::Country(country.to_owned())),
            ("", circle, _) => Area::circle(circle).map(Self::Area).map_err(|why| unusable(&why, "circle")),
            (polygon, ..) => Area::polygon(polygon).map(Self::Area).map_err(|why| unusable(&why, "polygon")),
        }
    }

    /// As [`Place::read`], of an area alone.
    ///
    /// # Errors
    /// As [`Place::read`].
    pub fn area(polygon: &str, circle: &str) -> Result<Self, Fault> {
        Self::read(polygon, circle, "", "")
    }
}

fn unusable(why: &Unusable, field: &str) -> Fault {
    match why {
        Unusable::Unreadable(words) => Fault::new(Reason::AreaUnreadable, why.to_string()).at(field, *words),
        Unusable::TooLarge => Fault::new(Reason::AreaTooLarge, why.to_string()).at(field, "is too large"),
    }
}

/// What every question reads: the order of [`found`].
macro_rules! places_where {
    ($condition:literal) => {
        concat!(
            "select registration, people, stale, latitude, longitude from registration_places where ",
            $condition,
            " and from_day <= $2 and until_day >= $2"
        )
    };
}

const BY_CELL3: &str = places_where!("cell3 = any ($1)");
const BY_CELL5: &str = places_where!("cell5 = any ($1)");
const BY_CELL7: &str = places_where!("cell7 = any ($1)");
const BY_COUNTRY: &str = places_where!("country = $1");
const BY_POST: &str = places_where!("post = $1 and post <> ''");

/// Who is at a place on a day, by the names of the registrations: those in force with a stay there on that day.
///
/// # Errors
/// The area cannot be covered; the database's.
pub async fn who_is_at(on: &mut PgConnection, place: &Place, day: NaiveDate) -> Result<BTreeMap<String, There>, Fault> {
    let (rows, area) = match place {
        Place::Area(area) => {
            let cover = area.cover().map_err(|why| unusable(&why, "polygon"))?;
            let text = match cover.resolution {
                7 => BY_CELL7,
                5 => BY_CELL5,
                _ => BY_CELL3,
            };
            (sqlx::query(text).bind(cover.cells).bind(day).fetch_all(on).await, Some(area))
        }
        Place::Country(country) => (sqlx::query(BY_COUNTRY).bind(country).bind(day).fetch_all(on).await, None),
        Place::Post(post) => (sqlx::query(BY_POST).bind(post).bind(day).fetch_all(on).await, None),
    };
    let rows = rows.map_err(pg::fault)?;
    let mut there = BTreeMap::new();
    for row in &rows {
        if let Some((name, found)) = found(row, area).map_err(pg::fault)? {
            there.insert(name, found);
        }
    }
    Ok(there)
}

/// The registration of a row, if the point is inside.
fn found(row: &PgRow, area: Option<&Area>) -> Result<Option<(String, There)>, sqlx::Error> {
    if let Some(area) = area {
        let (latitude, longitude): (Option<f64>, Option<f64>) = (row.try_get(3)?, row.try_get(4)?);
        let inside = latitude.zip(longitude).is_some_and(|(latitude, longitude)| area.contains(latitude, longitude));
        if !inside {
            return Ok(None);
        }
    }
    Ok(Some((row.try_get(0)?, There { people: row.try_get(1)?, stale: row.try_get(2)? })))
}

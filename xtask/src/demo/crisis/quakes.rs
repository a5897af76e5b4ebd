//! The earthquakes of a real week, and how far each was felt.

use anyhow::{Context as _, Result};

const QUAKES: &str = include_str!("../../../data/earthquakes.csv");

/// An earthquake of magnitude 5 or more.
#[derive(Clone, Debug, serde::Deserialize)]
pub(super) struct Quake {
    pub(super) id: String,
    pub(super) magnitude: f64,
    pub(super) place: String,
    pub(super) latitude: f64,
    pub(super) longitude: f64,
    pub(super) url: String,
}

/// Those of the week, the strongest first.
pub(super) fn all() -> Result<Vec<Quake>> {
    csv::Reader::from_reader(QUAKES.as_bytes()).deserialize().map(|row| row.context("read earthquakes.csv")).collect()
}

impl Quake {
    /// How far it may have done harm, in kilometres: a rule of thumb of this demonstration, which doubles for each unit of
    /// magnitude from 100 km at 5.
    pub(super) fn radius(&self) -> f64 {
        (100.0 * 2_f64.powf(self.magnitude - 5.0)).round()
    }

    /// The area as the contract takes it.
    pub(super) fn circle(&self) -> String {
        format!("{},{} {}", self.latitude, self.longitude, self.radius())
    }

    /// How far a point is, along a great circle of a sphere of the earth's mean radius (IUGG: 6,371.0088 km).
    pub(super) fn distance(&self, latitude: f64, longitude: f64) -> f64 {
        let [here, there] = [self.latitude, latitude].map(f64::to_radians);
        let (south, east) = (there - here, (longitude - self.longitude).to_radians());
        let half = (south / 2.0).sin().powi(2) + here.cos() * there.cos() * (east / 2.0).sin().powi(2);
        2.0 * 6_371.008_8 * half.sqrt().asin()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_strongest_was_felt_in_taipei_and_not_in_tokyo() {
        let quakes = all().expect("the file is sound");
        assert_eq!(quakes.len(), 18);
        let strongest = &quakes[0];
        assert!(strongest.place.contains("Hualian") && (strongest.magnitude - 6.4).abs() < 1e-9);
        assert!(strongest.distance(25.03, 121.56) < strongest.radius());
        assert!(strongest.distance(35.68, 139.69) > strongest.radius());
    }
}

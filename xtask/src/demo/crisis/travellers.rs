//! Travellers of nobody's name around the cities of the earth, the same ones each time.

use super::quakes::Quake;
use anyhow::{Context as _, Result, ensure};
use chrono::{Days, NaiveDate};
use serde_json::{Value, json};

const CITIES: &str = include_str!("../../../data/cities.csv");
/// Everyone with the same seed is the same one in every run.
const SEED: u64 = 0x9e37_79b9_7f4a_7c15;

#[derive(serde::Deserialize)]
struct City {
    name: String,
    country: String,
    latitude: f64,
    longitude: f64,
    population: u64,
}

/// One who registers.
#[derive(Clone, Debug)]
pub(super) struct Traveller {
    pub(super) latitude: f64,
    pub(super) longitude: f64,
    /// The registrant and those along.
    pub(super) people: usize,
}

/// All of them, and the lines by which they are imported.
pub(super) struct Travellers {
    all: Vec<Traveller>,
    lines: Vec<String>,
    cities: usize,
}

/// Numbers that look random and are the same each time (xorshift).
struct Dice(u64);

impl Dice {
    fn roll(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn below(&mut self, most: u64) -> u64 {
        self.roll() % most.max(1)
    }

    /// From -1 to 1, near 0 more often.
    fn near_zero(&mut self) -> f64 {
        let one = |dice: &mut Self| dice.below(1_000_000) as f64 / 500_000.0 - 1.0;
        one(self) * one(self)
    }
}

impl Travellers {
    /// So many, each near a city: the more people a city has, the more travellers.
    ///
    /// # Errors
    /// The file of cities cannot be read.
    pub(super) fn around_the_cities(count: usize, today: NaiveDate) -> Result<Self> {
        let cities: Vec<City> = csv::Reader::from_reader(CITIES.as_bytes())
            .deserialize()
            .map(|row| row.context("read cities.csv"))
            .collect::<Result<_>>()?;
        ensure!(cities.len() > 10_000, "the file has the cities of the earth");
        let mut upto = Vec::with_capacity(cities.len());
        let mut sum = 0;
        for city in &cities {
            sum += city.population.max(1);
            upto.push(sum);
        }
        let mut dice = Dice(SEED);
        let (mut all, mut lines) = (Vec::with_capacity(count), Vec::with_capacity(count));
        for number in 0..count {
            let drawn = dice.below(sum);
            let city = &cities[upto.partition_point(|upto| *upto <= drawn)];
            // Within a third of a degree, and a whole number of millionths, so that JSON carries it as it is.
            let round = |degrees: f64| (degrees * 1e6).round() / 1e6;
            let latitude = round((city.latitude + dice.near_zero() / 3.0).clamp(-89.0, 89.0));
            let longitude = round((city.longitude + dice.near_zero() / 3.0).clamp(-179.9, 179.9));
            let along = usize::try_from(dice.below(4)).unwrap_or(0);
            let traveller = Traveller { latitude, longitude, people: 1 + along };
            lines.push(format!("{}\n", line(number, &traveller, city, today, &mut dice)));
            all.push(traveller);
        }
        Ok(Self { all, lines, cities: cities.len() })
    }

    pub(super) fn cities(&self) -> usize {
        self.cities
    }

    pub(super) fn lines(&self) -> &[String] {
        &self.lines
    }

    /// Who is near an earthquake, found by looking at everyone.
    pub(super) fn near(&self, quake: &Quake) -> Vec<&Traveller> {
        let near = |one: &&Traveller| quake.distance(one.latitude, one.longitude) <= quake.radius();
        self.all.iter().filter(near).collect()
    }
}

fn line(number: usize, traveller: &Traveller, city: &City, today: NaiveDate, dice: &mut Dice) -> Value {
    let day = |days: i64| {
        if days < 0 { today - Days::new(days.unsigned_abs()) } else { today + Days::new(days.unsigned_abs()) }
    };
    let back = i64::try_from(dice.below(20)).unwrap_or(0);
    let party: Vec<_> = (1..traveller.people)
        .map(|along| json!({"familyName": "Example", "givenNames": format!("Companion {number}-{along}"), "nationality": "US"}))
        .collect();
    json!({
        "registrationId": format!("traveller-{number:06}"),
        "registration": {
            "kind": "TRAVEL",
            "familyName": "Example",
            "givenNames": format!("Traveller {number}"),
            "birthDate": format!("{}-{:02}-{:02}", 1940 + dice.below(65), 1 + dice.below(12), 1 + dice.below(28)),
            "nationalities": ["US"],
            "language": "en",
            "email": format!("traveller{number}@example.org"),
            "consents": ["KEEP_DATA"],
            "party": party,
            "externalId": format!("demo-{number}"),
            "stays": [{
                "country": city.country,
                "city": city.name,
                "location": {"latitude": traveller.latitude, "longitude": traveller.longitude},
                "startDate": day(-2 - back).to_string(),
                "endDate": day(12 + back).to_string(),
            }],
        },
    })
}

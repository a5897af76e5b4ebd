//! How long it takes to find the people in an area among a million registrations, on a PostgreSQL of its own:
//! `cargo run --release -p consular --example people_in_area [registrations]`.
//!
//! Travellers are put around the cities of 50,000 people or more, as many to each as it has inhabitants. Then areas are asked
//! for: circles and dented polygons around cities drawn at random. Each answer is compared with that of looking at every row.

use chrono::NaiveDate;
use consular::area::{Area, cells_of};
use consular::places::{Place, who_is_at};
use serde_json::{Value, json};
use sqlx::{PgPool, Row as _};
use std::path::Path;
use std::time::{Duration, Instant};
use uuid::Uuid;

/// How many registrations there are, if the first argument does not say otherwise.
const REGISTRATIONS: usize = 1_000_000;
/// How many rows one statement writes.
const AT_ONCE: usize = 5_000;
/// How many areas of each kind and size are asked for.
const AREAS: usize = 100;
/// Of how many of them the answer is compared with that of looking at every row.
const COMPARED: usize = 3;

const PUT: &str = "insert into registrations (name, uid, version, doc, created_at, updated_at)
    select doc->>'name', (doc->>'uid')::uuid, 1, doc, now(), now() from unnest($1::jsonb[]) t (doc)";

/// Numbers that look random and are the same each time (xorshift).
struct Dice(u64);

impl Dice {
    fn below(&mut self, most: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % most.max(1)
    }

    /// From -1 to 1.
    fn one(&mut self) -> f64 {
        self.below(2_000_001) as f64 / 1_000_000.0 - 1.0
    }
}

struct Cities {
    at: Vec<(f64, f64)>,
    upto: Vec<u64>,
}

impl Cities {
    fn read() -> anyhow::Result<Self> {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../xtask/data/cities.csv");
        let (mut at, mut upto, mut sum) = (Vec::new(), Vec::new(), 0);
        for row in csv::Reader::from_path(path)?.deserialize() {
            let (_, _, latitude, longitude, population): (String, String, f64, f64, u64) = row?;
            at.push((latitude, longitude));
            sum += population.max(1);
            upto.push(sum);
        }
        Ok(Self { at, upto })
    }

    fn draw(&self, dice: &mut Dice) -> (f64, f64) {
        let drawn = dice.below(self.upto.last().copied().unwrap_or(1));
        self.at[self.upto.partition_point(|upto| *upto <= drawn)]
    }
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let registrations = std::env::args().nth(1).and_then(|text| text.parse().ok()).unwrap_or(REGISTRATIONS);
    let cities = Cities::read()?;
    let db = testkit::database(&[&registry::MIGRATIONS, &consular::MIGRATIONS]).await;
    let began = Instant::now();
    load(&db.pool, &cities, registrations).await?;
    let loaded = began.elapsed();
    for text in ["vacuum analyze registration_places", "checkpoint"] {
        sqlx::query(text).execute(&db.pool).await?;
    }
    let size: String = sqlx::query_scalar("select pg_size_pretty(pg_total_relation_size('registration_places'))")
        .fetch_one(&db.pool)
        .await?;
    println!("figure registrations {registrations}");
    println!("{registrations} registrations in {loaded:.1?}; their places with indexes take {size}");
    for kilometres in [10.0, 50.0, 100.0, 300.0, 1000.0] {
        for polygons in [false, true] {
            measure(&db.pool, &cities, kilometres, polygons).await?;
        }
    }
    Ok(())
}

async fn load(pool: &PgPool, cities: &Cities, registrations: usize) -> anyhow::Result<()> {
    let mut dice = Dice(0x9e37_79b9_7f4a_7c15);
    let mut docs = Vec::with_capacity(AT_ONCE);
    for number in 0..registrations {
        docs.push(sqlx::types::Json(registration(number, cities, &mut dice)));
        if docs.len() == AT_ONCE || number + 1 == registrations {
            sqlx::query(PUT).bind(std::mem::take(&mut docs)).execute(pool).await?;
        }
    }
    Ok(())
}

/// A registration in force, as the service keeps it.
fn registration(number: usize, cities: &Cities, dice: &mut Dice) -> Value {
    let (latitude, longitude) = cities.draw(dice);
    // Some forty kilometres around the city, denser towards it.
    let latitude = (latitude + dice.one() * dice.one() * 0.35).clamp(-89.0, 89.0);
    let longitude = (longitude + dice.one() * dice.one() * 0.35).clamp(-179.9, 179.9);
    let cells = cells_of(latitude, longitude).expect("the point is on the earth");
    let [cell3, cell5, cell7] = cells.map(|cell| cell.to_string());
    let party: Vec<_> = (0..dice.below(4)).map(|_| json!({"familyName": "Example", "givenNames": "Other"})).collect();
    json!({
        "name": format!("registrations/r-{number:07}"), "uid": Uuid::now_v7(), "etag": "", "owner": "", "kind": "TRAVEL",
        "state": "ACTIVE", "familyName": "Example", "givenNames": format!("Person {number}"), "birthDate": "1974-08-12",
        "passportNumber": "", "externalId": "", "language": "en", "party": party,
        "stays": [{"country": "XX", "post": "", "startDate": "2026-05-01", "endDate": "2026-05-31"}],
        "positions": [{"stay": 0, "latitude": latitude, "longitude": longitude, "cell3": cell3, "cell5": cell5, "cell7": cell7}],
    })
}

/// An area of about this reach around a city.
fn drawn(cities: &Cities, kilometres: f64, polygon: bool, dice: &mut Dice) -> anyhow::Result<Area> {
    let (latitude, longitude) = cities.draw(dice);
    if !polygon {
        return Ok(Area::circle(&format!("{latitude},{longitude} {kilometres}"))?);
    }
    // A star of ten corners, so that much of its cover is not inside.
    let corner = |at: i32| {
        let (angle, reach) = (f64::from(at) * 36.0_f64.to_radians(), if at % 2 == 0 { 1.0 } else { 0.55 });
        let degrees = kilometres * reach / 111.2;
        let y = (latitude + degrees * angle.sin()).clamp(-89.0, 89.0);
        let x = longitude + degrees * angle.cos() / latitude.to_radians().cos().max(0.05);
        format!(
            "{y},{}",
            if x > 180.0 {
                x - 360.0
            } else if x < -180.0 {
                x + 360.0
            } else {
                x
            }
        )
    };
    let corners: Vec<_> = (0..10).chain([0]).map(corner).collect();
    Ok(Area::polygon(&corners.join(" "))?)
}

async fn measure(pool: &PgPool, cities: &Cities, kilometres: f64, polygons: bool) -> anyhow::Result<()> {
    let mut dice = Dice(0x2545_f491_4f6c_dd1d);
    let day = NaiveDate::from_ymd_opt(2026, 5, 10).unwrap_or_default();
    let mut connection = pool.acquire().await?;
    let (mut times, mut found, mut cells) = (Vec::new(), 0, 0);
    for number in 0..AREAS {
        let area = drawn(cities, kilometres, polygons, &mut dice)?;
        let place = Place::Area(area.clone());
        let began = Instant::now();
        let there = who_is_at(&mut connection, &place, day).await.map_err(|fault| anyhow::anyhow!("{fault}"))?;
        times.push(began.elapsed());
        found += there.len();
        cells += area.cover()?.cells.len();
        if number < COMPARED {
            let all = everyone(pool, &area).await?;
            anyhow::ensure!(all == there.len(), "{} found, {all} are there", there.len());
        }
    }
    times.sort_unstable();
    let at = |share: usize| times[(times.len() * share / 100).min(times.len() - 1)];
    let kind = if polygons { "polygons" } else { "circles" };
    println!("figure {kind}_{kilometres}_p99_ms {:.3}", at(99).as_secs_f64() * 1_000.0);
    println!(
        "{AREAS} {kind} of {kilometres} km: p50 {:.1?}, p99 {:.1?}, most {:.1?}; {} people on average, {} cells",
        at(50),
        at(99),
        times.last().copied().unwrap_or(Duration::ZERO),
        found / AREAS,
        cells / AREAS,
    );
    Ok(())
}

/// How many are in the area, found by looking at every row.
async fn everyone(pool: &PgPool, area: &Area) -> anyhow::Result<usize> {
    let rows = sqlx::query("select latitude, longitude from registration_places").fetch_all(pool).await?;
    Ok(rows.iter().filter(|row| area.contains(row.get(0), row.get(1))).count())
}

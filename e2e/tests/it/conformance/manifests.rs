//! Manifests as the suite makes them: flights of one crisis, with a seat where a step is about one.

use super::crises::CRISIS;
use super::crisis_persons::{CRISIS_PERSON, person};
use super::manifest_seats::MANIFEST_SEAT;
use proto::contract::{Kind, Method};
use serde_json::{Value, json};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU32, Ordering};
use testkit::conformance::{Fixture, Step, Suite, plain};
use tokio::sync::OnceCell;

/// The resource.
pub(super) const MANIFEST: &str = "legation.consular.v1.Manifest";

#[derive(Default)]
pub(super) struct Manifests {
    /// The crisis of them all.
    crisis: OnceCell<String>,
    /// The seat that the next step is about.
    seat: Mutex<String>,
    /// How many documents there were.
    documents: AtomicU32,
    /// The lines of the document of whoever has that seat.
    lines: Mutex<String>,
}

/// A document that nobody has: the specimen of Doc 9303-4.
const NOBODYS: &str = "P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<\nL898902C36UTO7408122F1204159ZE184226B<<<<<10";

/// Steps that are about a seat.
fn is_about_a_seat(method: &Method) -> bool {
    matches!(method.name(), "BoardByDocument" | "BoardPerson" | "RefuseBoarding" | "ReleaseSeat")
}

/// The lines of a passport of ours of this number.
fn lines(number: &str) -> String {
    let digit = |text: &str| {
        let value = |letter: char| letter.to_digit(36).unwrap_or(0);
        text.chars().zip([7, 3, 1].into_iter().cycle()).map(|(letter, weight)| value(letter) * weight).sum::<u32>() % 10
    };
    let (birth, expiry, name) = ("740812", "400101", "P<USAEXAMPLE<<PERSON");
    let number = format!("{number}{}", digit(number));
    let (birth, expiry) = (format!("{birth}{}", digit(birth)), format!("{expiry}{}", digit(expiry)));
    let optional = "<<<<<<<<<<<<<<0";
    let whole = digit(&format!("{number}{birth}{expiry}{optional}"));
    format!("{name:<<44}\n{number}USA{birth}<{expiry}{optional}{whole}")
}

impl Manifests {
    fn is_about(&self, seat: &Value) {
        *self.seat.lock().expect("nobody panics with it") = seat["name"].as_str().unwrap_or_default().to_owned();
    }
}

impl Fixture for Manifests {
    fn resource(&self) -> &'static str {
        MANIFEST
    }

    fn record<'s>(&'s self, suite: &'s Suite) -> Step<'s, Value> {
        Box::pin(async move {
            let made = async || suite.make(CRISIS).await.map(|crisis| crisis["name"].to_string());
            let crisis = self.crisis.get_or_try_init(made).await?;
            Ok(json!({
                "crisis": crisis.trim_matches('"'),
                "means": "FLIGHT",
                "designation": format!("EX {}", suite.number()),
                "capacity": 5,
                "origin": "Example",
                "safeHaven": "Elsewhere",
            }))
        })
    }

    fn ready<'s>(&'s self, suite: &'s Suite, method: &'s Method, record: Value) -> Step<'s, Value> {
        Box::pin(async move {
            if method.name() == "RecordArrival" {
                let filter = format!("manifest = {} AND state = BOARDED", record["name"]);
                let list = suite.method_of(MANIFEST_SEAT, &Kind::List)?;
                let aboard = suite.call(list, json!({ "filter": filter })).await?;
                self.is_about(&aboard["manifestSeats"][0]);
                return Ok(record);
            }
            if !is_about_a_seat(method) && method.name() != "DepartManifest" {
                return Ok(record);
            }
            let crisis = self.crisis.get().map_or("", String::as_str).trim_matches('"');
            let number = format!("C{:08}", self.documents.fetch_add(1, Ordering::Relaxed));
            *self.lines.lock().expect("nobody panics with it") = lines(&number);
            let mut passenger = person(suite, crisis);
            passenger["documentNumber"] = number.into();
            let listed = suite.create(suite.method_of(CRISIS_PERSON, &Kind::Create)?, passenger).await?;
            let seat = json!({ "manifest": record["name"], "person": listed["name"], "eligibility": "NATIONAL" });
            let seat = suite.create(suite.method_of(MANIFEST_SEAT, &Kind::Create)?, seat).await?;
            self.is_about(&seat);
            let record = suite.call(suite.method_of(MANIFEST, &Kind::Get)?, json!({ "name": record["name"] })).await?;
            if method.name() != "DepartManifest" {
                return Ok(record);
            }
            // Nothing departs empty, so that somebody can arrive.
            suite.call_about(suite.method_of(MANIFEST, &Kind::Verb("board".into()))?, &record).await
        })
    }

    fn ask(&self, method: &Method) -> Option<Value> {
        match method.name() {
            "RecordUnlistedArrival" => return Some(json!({ "familyName": "Stranger" })),
            "ReconcileManifest" => return Some(json!({ "explanation": "One got off on the way." })),
            "BoardByDocument" => {
                let lines = self.lines.lock().expect("nobody panics with it").clone();
                return Some(json!({ "lines": if lines.is_empty() { NOBODYS.to_owned() } else { lines } }));
            }
            name if !is_about_a_seat(method) && name != "RecordArrival" => return plain(method),
            _ => {}
        }
        let known = self.seat.lock().expect("nobody panics with it").clone();
        let seat = if known.is_empty() { "manifestSeats/none".to_owned() } else { known };
        match method.name() {
            "BoardPerson" => Some(json!({ "seat": seat, "documentNumber": "P1234567" })),
            "RefuseBoarding" => Some(json!({ "seat": seat, "cause": "Unfit to fly." })),
            _ => Some(json!({ "seat": seat })),
        }
    }

    fn change(&self) -> Option<Value> {
        Some(json!({ "origin": "Another example" }))
    }

    /// The seat; with a departure who is aboard; and who did not arrive, with the seat.
    fn follows(&self, method: &Method) -> i64 {
        match method.name() {
            "DepartManifest" | "RecordArrival" => 1,
            "ReconcileManifest" => 2,
            _ => i64::from(is_about_a_seat(method)),
        }
    }
}

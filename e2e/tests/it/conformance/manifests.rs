//! Manifests as the suite makes them: flights of one crisis, with a seat where a step is about one.

use super::crises::CRISIS;
use super::crisis_persons::{CRISIS_PERSON, person};
use super::manifest_seats::MANIFEST_SEAT;
use proto::contract::{Kind, Method};
use serde_json::{Value, json};
use std::sync::Mutex;
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
}

/// Steps that are about a seat.
fn is_about_a_seat(method: &Method) -> bool {
    matches!(method.name(), "BoardPerson" | "RefuseBoarding" | "ReleaseSeat")
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
            if !is_about_a_seat(method) {
                return Ok(record);
            }
            let crisis = self.crisis.get().map_or("", String::as_str).trim_matches('"');
            let listed = suite.method_of(CRISIS_PERSON, &Kind::Create)?;
            let listed = suite.create(listed, person(suite, crisis)).await?;
            let seat = json!({ "manifest": record["name"], "person": listed["name"], "eligibility": "NATIONAL" });
            let seat = suite.create(suite.method_of(MANIFEST_SEAT, &Kind::Create)?, seat).await?;
            *self.seat.lock().expect("nobody panics with it") = seat["name"].as_str().unwrap_or_default().to_owned();
            suite.call(suite.method_of(MANIFEST, &Kind::Get)?, json!({ "name": record["name"] })).await
        })
    }

    fn ask(&self, method: &Method) -> Option<Value> {
        if !is_about_a_seat(method) {
            return plain(method);
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

    fn follows(&self, method: &Method) -> i64 {
        i64::from(is_about_a_seat(method))
    }
}

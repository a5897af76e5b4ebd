//! Seats as the suite makes them: each of another person, on one flight.

use super::crisis_persons::{CRISIS_PERSON, person};
use super::manifests::MANIFEST;
use proto::contract::{Kind, Method};
use serde_json::{Value, json};
use testkit::conformance::{Fixture, Step, Suite, plain};
use tokio::sync::OnceCell;

/// The resource.
pub(super) const MANIFEST_SEAT: &str = "legation.consular.v1.ManifestSeat";

#[derive(Default)]
pub(super) struct ManifestSeats {
    /// The flight.
    manifest: OnceCell<Value>,
}

impl Fixture for ManifestSeats {
    fn resource(&self) -> &'static str {
        MANIFEST_SEAT
    }

    fn record<'s>(&'s self, suite: &'s Suite) -> Step<'s, Value> {
        Box::pin(async move {
            let manifest = self.manifest.get_or_try_init(|| suite.make(MANIFEST)).await?;
            let crisis = manifest["crisis"].as_str().unwrap_or_default();
            let listed = suite.create(suite.method_of(CRISIS_PERSON, &Kind::Create)?, person(suite, crisis)).await?;
            Ok(json!({ "manifest": manifest["name"], "person": listed["name"], "eligibility": "NATIONAL" }))
        })
    }

    fn ask(&self, method: &Method) -> Option<Value> {
        match method.name() {
            "WaiveDocument" => Some(json!({ "grounds": "Known to the consul." })),
            _ => plain(method),
        }
    }

    /// Who is listed is counted by the manifest.
    fn follows(&self, method: &Method) -> i64 {
        i64::from(*method.kind() == Kind::Create)
    }

    fn reached_by_time_alone(&self) -> &'static [&'static str] {
        // Not by time, but by steps of its manifest.
        &["ARRIVED", "BOARDED", "NOT_ARRIVED", "NO_SHOW", "REFUSED", "RELEASED"]
    }
}

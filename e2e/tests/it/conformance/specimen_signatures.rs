//! Specimens as the suite makes them, and those that its documents are compared with.

use proto::contract::{Kind, Method};
use serde_json::{Value, json};
use testkit::conformance::{Fixture, Step, Suite, Unprepared, plain};

/// The resource.
const SPECIMEN: &str = "legation.consular.v1.SpecimenSignature";
/// The office that signs all of the suite's documents, and its official.
pub(super) const AUTHORITY: &str = "Example Registry";
pub(super) const OFFICIAL: &str = "Registrar Example";

pub(super) struct SpecimenSignatures;

fn specimen(country: &str, official: &str) -> Value {
    json!({
        "country": country,
        "authority": AUTHORITY,
        "official": official,
        "capacity": "Registrar",
        "imageDigest": "0a".repeat(32),
        "fromDate": "2000-01-01",
        "source": "Note 1/2000",
    })
}

/// A verified specimen of the official of this state.
pub(super) async fn verified(suite: &Suite, country: &str) -> Result<Value, Unprepared> {
    let entered = suite.create(suite.method_of(SPECIMEN, &Kind::Create)?, specimen(country, OFFICIAL)).await?;
    suite.call_about(suite.method_of(SPECIMEN, &Kind::Verb("verify".into()))?, &entered).await
}

impl Fixture for SpecimenSignatures {
    fn resource(&self) -> &'static str {
        SPECIMEN
    }

    fn record<'s>(&'s self, suite: &'s Suite) -> Step<'s, Value> {
        let specimen = specimen("US", &format!("Official {}", suite.number()));
        Box::pin(async { Ok(specimen) })
    }

    fn ask(&self, method: &Method) -> Option<Value> {
        plain(method)
    }

    fn change(&self) -> Option<Value> {
        Some(json!({ "toDate": "2030-01-01" }))
    }
}

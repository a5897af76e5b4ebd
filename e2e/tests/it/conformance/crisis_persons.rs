//! People of a crisis as the suite makes them: told of by the local authorities.

use super::crises::CRISIS;
use proto::contract::Method;
use serde_json::{Value, json};
use testkit::conformance::{Fixture, Step, Suite, plain};
use tokio::sync::OnceCell;

/// The resource.
pub(super) const CRISIS_PERSON: &str = "legation.consular.v1.CrisisPerson";

#[derive(Default)]
pub(super) struct CrisisPersons {
    /// The crisis of them all.
    crisis: OnceCell<String>,
}

impl Fixture for CrisisPersons {
    fn resource(&self) -> &'static str {
        CRISIS_PERSON
    }

    fn record<'s>(&'s self, suite: &'s Suite) -> Step<'s, Value> {
        Box::pin(async move {
            let made = async || suite.make(CRISIS).await.map(|crisis| crisis["name"].to_string());
            let crisis = self.crisis.get_or_try_init(made).await?;
            Ok(person(suite, crisis.trim_matches('"')))
        })
    }

    fn ask(&self, method: &Method) -> Option<Value> {
        match method.name() {
            "RecordPersonDeath" => Some(json!({ "evidence": "Certificate 4" })),
            name if name.starts_with("Report") => Some(json!({ "note": "By telephone." })),
            _ => plain(method),
        }
    }
}

/// Someone on the list of a crisis.
pub(super) fn person(suite: &Suite, crisis: &str) -> Value {
    json!({
        "crisis": crisis,
        "source": "LOCAL_LIST",
        "familyName": format!("Example {}", suite.number()),
        "nationality": "US",
    })
}

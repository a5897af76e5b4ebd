//! People of a crisis as the suite makes them: told of by the local authorities.

use super::crises::CRISIS;
use proto::contract::{Kind, Method};
use serde_json::{Value, json};
use testkit::conformance::{Fixture, Step, Suite, plain};
use tokio::sync::OnceCell;

/// The resource.
pub(super) const CRISIS_PERSON: &str = "legation.consular.v1.CrisisPerson";

#[derive(Default)]
pub(super) struct CrisisPersons {
    /// The crisis of them all.
    crisis: OnceCell<String>,
    /// Whom others are merged into.
    stands: OnceCell<Value>,
}

impl Fixture for CrisisPersons {
    fn resource(&self) -> &'static str {
        CRISIS_PERSON
    }

    fn record<'s>(&'s self, suite: &'s Suite) -> Step<'s, Value> {
        Box::pin(async move {
            let made = async || suite.make(CRISIS).await.map(|crisis| crisis["name"].to_string());
            let crisis = self.crisis.get_or_try_init(made).await?.trim_matches('"');
            let listed = async || {
                let create = suite.method_of(CRISIS_PERSON, &Kind::Create)?;
                suite.create(create, person(suite, crisis)).await
            };
            self.stands.get_or_try_init(listed).await?;
            Ok(person(suite, crisis))
        })
    }

    /// Who stands for both learns of it.
    fn follows(&self, method: &Method) -> i64 {
        i64::from(method.name() == "MergeCrisisPerson")
    }

    fn ask(&self, method: &Method) -> Option<Value> {
        match method.name() {
            "RecordPersonDeath" => Some(json!({ "evidence": "Certificate 4" })),
            "MergeCrisisPerson" => {
                Some(json!({ "into": self.stands.get()?["name"], "grounds": "Both were seen together." }))
            }
            "ReportPersonAboard" => Some(json!({ "passages": [{ "carriage": "BR101", "seat": "12A" }] })),
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

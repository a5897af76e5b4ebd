//! Properties as the suite makes them: each of a mission that was recalled for a time once it had notified.

use super::missions::MISSION;
use proto::contract::{Method, contract};
use serde_json::{Value, json};
use testkit::conformance::{Fixture, Step, Suite, Unprepared, plain};

pub(super) struct Properties;

impl Fixture for Properties {
    fn resource(&self) -> &'static str {
        "legation.accreditation.v1.Property"
    }

    fn record<'s>(&'s self, suite: &'s Suite) -> Step<'s, Value> {
        Box::pin(async move {
            let mission = suite.in_state(MISSION, "OPEN").await?;
            Ok(json!({
                "mission": mission["name"],
                "action": "ACQUISITION",
                "address": { "regionCode": "US", "addressLines": [format!("{} Example Street", suite.number())] },
                "areaSquareMetres": 420,
                "proposedUse": "STAFF_RESIDENCE",
                "declaration": { "disposalDuty": true, "commercialUse": false },
                "contact": { "fullName": "Example Person" },
            }))
        })
    }

    /// Custody is for the property of a mission that was recalled, which can no longer notify.
    fn make<'s>(&'s self, suite: &'s Suite) -> Step<'s, Value> {
        Box::pin(async move {
            let property = suite.create(method("CreateProperty")?, self.record(suite).await?).await?;
            suite.call(method("Suspend")?, json!({ "name": property["mission"] })).await?;
            Ok(property)
        })
    }

    fn ask(&self, method: &Method) -> Option<Value> {
        let opinion = |matter: &str| json!({ "matter": matter, "finding": "NO_OBJECTION", "authority": "an office" });
        let opinions = json!([opinion("SECURITY_OPINION"), opinion("RECIPROCITY_OPINION")]);
        let ask = match method.name() {
            "FindIncomplete" => json!({ "wanted": ["a survey plan"] }),
            "SupplementProperty" => json!({ "documents": ["survey-plan.pdf"] }),
            "RecordOpinion" => json!({ "opinion": opinion("ZONING_OPINION") }),
            "ApproveProperty" => json!({ "opinions": opinions }),
            "ApprovePropertyWithConditions" => {
                json!({ "opinions": opinions, "conditions": [{ "kind": "USE_LIMIT", "text": "As a residence alone" }] })
            }
            "DisapproveProperty" => json!({ "grounds": ["RECIPROCITY"] }),
            "FulfilCondition" => json!({ "number": 1 }),
            "CompleteProperty" => json!({}),
            "DeclareUse" => json!({ "declaration": { "use": "STAFF_RESIDENCE" } }),
            "RecordLocalLaw" => json!({ "localLaw": { "propertyTaxExempt": true, "citation": "VCDR 23" } }),
            "OrderDivestiture" => json!({ "ground": "RECIPROCITY", "deadlineTime": "2126-01-01T00:00:00Z" }),
            "TakeIntoCustody" => json!({ "custodian": "an office" }),
            _ => return plain(method),
        };
        Some(ask)
    }

    fn change(&self) -> Option<Value> {
        Some(json!({ "areaSquareMetres": 430, "noteReference": "117/2026" }))
    }

    fn reached_by_time_alone(&self) -> &'static [&'static str] {
        &["DEEMED_APPROVED"]
    }
}

fn method(name: &str) -> Result<&'static Method, Unprepared> {
    let found = contract().methods_of("accreditation").find(|method| method.name() == name);
    found.ok_or_else(|| Unprepared(format!("the contract has no {name}")))
}

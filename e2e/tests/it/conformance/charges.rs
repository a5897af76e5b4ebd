//! Charges as the suite makes them: each of a diplomat of an embassy of its own.

use super::members::MEMBER;
use super::missions::MISSION;
use proto::contract::{Kind, Method};
use serde_json::{Value, json};
use testkit::conformance::{Fixture, Step, Suite, plain};

pub(super) struct Charges;

impl Fixture for Charges {
    fn resource(&self) -> &'static str {
        "legation.accreditation.v1.Charge"
    }

    fn record<'s>(&'s self, suite: &'s Suite) -> Step<'s, Value> {
        Box::pin(async move {
            let mission = suite.in_state(MISSION, "OPEN").await?;
            let diplomat = json!({
                "mission": mission["name"],
                "category": "DIPLOMATIC_STAFF",
                "familyName": "Eriksson",
                "givenNames": "Anna Maria",
                "birthDate": "1974-08-12",
                "nationality": "FR",
                "residence": "FOREIGN",
                "title": format!("Counsellor {}", suite.number()),
                "arrivalTime": "2026-01-02T03:04:05Z",
            });
            let mut member = suite.create(suite.method_of(MEMBER, &Kind::Create)?, diplomat).await?;
            for verb in ["beginValidation", "passValidation", "accredit"] {
                member = suite.call_about(suite.method_of(MEMBER, &Kind::Verb(verb.into()))?, &member).await?;
            }
            Ok(json!({
                "mission": member["mission"],
                "member": member["name"],
                "scope": "AD_INTERIM",
                "cause": "POST_VACANT",
                "notifier": "FOREIGN_MINISTRY",
                "beginTime": "2026-06-01T00:00:00Z",
            }))
        })
    }

    fn ask(&self, method: &Method) -> Option<Value> {
        match method.name() {
            "EndCharge" => Some(json!({ "endTime": "2026-07-01T00:00:00Z" })),
            _ => plain(method),
        }
    }
}

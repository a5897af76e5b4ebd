//! Letters of credence as the suite makes them: each of a head of mission of an embassy of its own.

use super::agrements::AGREMENT;
use super::members::MEMBER;
use proto::contract::{Kind, Method};
use serde_json::{Value, json};
use testkit::conformance::{Fixture, Step, Suite, Unprepared, plain};

pub(super) struct Credentials;

/// A head of mission notified under an agrément of its own.
async fn head(suite: &Suite) -> Result<Value, Unprepared> {
    let agrement = suite.in_state(AGREMENT, "ARRIVED").await?;
    let announce = suite.method_of(AGREMENT, &Kind::Verb("announce".into()))?;
    let agrement = suite.call_about(announce, &agrement).await?;
    let mut member = json!({
        "category": "HEAD_OF_MISSION",
        "residence": "FOREIGN",
        "title": "Ambassador",
        "arrivalTime": "2026-01-02T03:04:05Z",
        "agrement": agrement["name"],
    });
    for field in ["mission", "familyName", "givenNames", "birthDate", "nationality"] {
        member[field] = agrement[field].clone();
    }
    suite.create(suite.method_of(MEMBER, &Kind::Create)?, member).await
}

impl Fixture for Credentials {
    fn resource(&self) -> &'static str {
        "legation.accreditation.v1.Credential"
    }

    fn record<'s>(&'s self, suite: &'s Suite) -> Step<'s, Value> {
        Box::pin(async move {
            let head = head(suite).await?;
            Ok(json!({
                "member": head["name"],
                "headClass": "AMBASSADOR",
                "ceremonyTime": "2026-12-02T10:00:00Z",
            }))
        })
    }

    fn ask(&self, method: &Method) -> Option<Value> {
        match method.name() {
            "ReceiveWorkingCopy" | "PresentCredentials" => Some(json!({})),
            "GetPrecedence" => Some(json!({ "asOf": "2026-11-01T02:14:00Z" })),
            _ => plain(method),
        }
    }

    fn change(&self) -> Option<Value> {
        Some(json!({ "ceremonyTime": "2026-12-09T10:00:00Z" }))
    }
}

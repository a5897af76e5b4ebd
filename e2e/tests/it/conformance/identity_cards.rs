//! Identity cards as the suite makes them: each for a member of its own.

use super::members::MEMBER;
use proto::contract::Method;
use serde_json::{Value, json};
use testkit::conformance::{Fixture, Step, Suite, plain};

pub(super) struct IdentityCards;

impl Fixture for IdentityCards {
    fn resource(&self) -> &'static str {
        "legation.accreditation.v1.IdentityCard"
    }

    fn record<'s>(&'s self, suite: &'s Suite) -> Step<'s, Value> {
        Box::pin(async move {
            let member = suite.in_state(MEMBER, "ACCREDITED").await?;
            let expires = chrono::Utc::now() + chrono::TimeDelta::days(365);
            let expires = expires.to_rfc3339_opts(chrono::SecondsFormat::Secs, true);
            Ok(json!({ "member": member["name"], "expireTime": expires }))
        })
    }

    fn ask(&self, method: &Method) -> Option<Value> {
        match method.name() {
            "RevokeIdentityCard" => Some(json!({ "cause": "LOST" })),
            _ => plain(method),
        }
    }

    fn reached_by_time_alone(&self) -> &'static [&'static str] {
        &["EXPIRED"]
    }

    fn moments(&self, method: &Method) -> &'static [&'static str] {
        if method.name() == "VerifyIdentityCard" { &["verifyTime"] } else { &[] }
    }
}

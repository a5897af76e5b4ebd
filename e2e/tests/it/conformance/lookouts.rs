//! Lookouts as the suite makes them: each of another person, to be reviewed some day.

use proto::contract::Method;
use serde_json::{Value, json};
use testkit::conformance::{Fixture, Step, Suite, plain};

pub(super) struct Lookouts;

/// Someone whom no other fixture's screening finds.
fn person(number: u64) -> Value {
    json!({ "names": [format!("Zzyzx Quuxley {number}")], "birthDates": ["1951-02"], "nationalities": ["FR"] })
}

impl Fixture for Lookouts {
    fn resource(&self) -> &'static str {
        "legation.consular.v1.Lookout"
    }

    fn record<'s>(&'s self, suite: &'s Suite) -> Step<'s, Value> {
        let lookout = json!({
            "person": person(suite.number().into()),
            "category": "ENTRY_BAN",
            "grounds": "Removed, and not to be admitted for five years.",
            "authority": "Example Ministry of the Interior",
            "handling": "Ask the authority before anything is decided.",
            "reviewDate": "2099-01-31",
            "expireDate": "2099-12-31",
        });
        Box::pin(async { Ok(lookout) })
    }

    fn ask(&self, method: &Method) -> Option<Value> {
        match method.name() {
            "ProposeLookoutChange" => Some(json!({ "person": person(0) })),
            "ReviewLookout" => Some(json!({ "reviewDate": "2099-06-30", "findings": "The ban still runs." })),
            "ProposeLookoutWithdrawal" => Some(json!({ "grounds": "The ban was taken back." })),
            _ => plain(method),
        }
    }

    fn change(&self) -> Option<Value> {
        Some(json!({ "authorityReference": "7/26" }))
    }

    fn reached_by_time_alone(&self) -> &'static [&'static str] {
        &["EXPIRED"]
    }
}

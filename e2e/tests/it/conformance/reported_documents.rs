//! Reports of other states' documents as the suite makes them: each of another number.

use proto::contract::Method;
use serde_json::{Value, json};
use testkit::conformance::{Fixture, Step, Suite, plain};

pub(super) struct ReportedDocuments;

impl Fixture for ReportedDocuments {
    fn resource(&self) -> &'static str {
        "legation.consular.v1.ReportedDocument"
    }

    fn record<'s>(&'s self, suite: &'s Suite) -> Step<'s, Value> {
        let report = json!({
            "number": format!("CF{:07}", suite.number()),
            "issuer": "FR",
            "kind": "PASSPORT",
            "loss": "STOLEN",
            "authority": "Example Police",
        });
        Box::pin(async { Ok(report) })
    }

    fn ask(&self, method: &Method) -> Option<Value> {
        match method.name() {
            "WithdrawReportedDocument" => Some(json!({ "grounds": "The number was misread." })),
            _ => plain(method),
        }
    }
}

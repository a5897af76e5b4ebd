//! Articles as the suite makes them.

use proto::contract::Method;
use serde_json::{Value, json};
use testkit::conformance::{Fixture, Step, Suite, plain};

pub(super) struct GuidanceArticles;

impl Fixture for GuidanceArticles {
    fn resource(&self) -> &'static str {
        "legation.accreditation.v1.GuidanceArticle"
    }

    fn record<'s>(&'s self, suite: &'s Suite) -> Step<'s, Value> {
        let title = format!("Article {}", suite.number());
        Box::pin(async move {
            Ok(json!({
                "topic": "vehicles",
                "language": "en",
                "title": title,
                "body": "A diplomatic agent may be cited, not detained.",
                "basis": [{ "instrument": "VCDR", "provision": "art. 41.1" }],
                "effectiveDate": "2026-01-01",
            }))
        })
    }

    fn ask(&self, method: &Method) -> Option<Value> {
        match method.name() {
            "ReviseGuidanceArticle" => {
                Some(json!({ "effectiveDate": "2027-01-01", "body": "Points are counted.", "note": "Points" }))
            }
            "ConsultGuidanceArticle" => Some(json!({ "date": "2026-06-01" })),
            _ => plain(method),
        }
    }

    fn change(&self) -> Option<Value> {
        Some(json!({ "body": "Another text." }))
    }
}

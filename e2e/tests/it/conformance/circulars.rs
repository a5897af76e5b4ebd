//! Circulars as the suite makes them: to all missions.

use proto::contract::Method;
use serde_json::{Value, json};
use testkit::conformance::{Fixture, Step, Suite, plain};

/// The resource.
pub(super) const CIRCULAR: &str = "legation.accreditation.v1.Circular";

pub(super) struct Circulars;

impl Fixture for Circulars {
    fn resource(&self) -> &'static str {
        CIRCULAR
    }

    fn record<'s>(&'s self, suite: &'s Suite) -> Step<'s, Value> {
        let subject = format!("Matter {}", suite.number());
        Box::pin(async move { Ok(json!({ "language": "en", "subject": subject, "paragraphs": ["One.", "Two."] })) })
    }

    fn ask(&self, method: &Method) -> Option<Value> {
        plain(method)
    }

    fn change(&self) -> Option<Value> {
        Some(json!({ "subject": "Another matter", "audience": ["EMBASSY"] }))
    }
}

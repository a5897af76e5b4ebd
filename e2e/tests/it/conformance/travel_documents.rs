//! Passports as the suite makes them: each on an application and of a book of its own.

use super::blank_books::in_stock;
use super::passport_applications::PASSPORT_APPLICATION;
use proto::consular::v1::blank_book::Kind as Blank;
use proto::contract::{Kind, Method};
use serde_json::{Value, json};
use testkit::conformance::{Fixture, Step, Suite, plain};

/// The resource.
pub(super) const TRAVEL_DOCUMENT: &str = "legation.consular.v1.TravelDocument";

pub(super) struct TravelDocuments;

impl Fixture for TravelDocuments {
    fn resource(&self) -> &'static str {
        TRAVEL_DOCUMENT
    }

    fn record<'s>(&'s self, suite: &'s Suite) -> Step<'s, Value> {
        Box::pin(async move {
            let application = suite.in_state(PASSPORT_APPLICATION, "APPROVED").await?;
            Ok(json!({ "application": application["name"], "blank": in_stock(suite, Blank::PassportBook).await? }))
        })
    }

    /// A passport is valid once it is handed over, by the application's own method.
    fn bring<'s>(&'s self, suite: &'s Suite, state: &'s str) -> Option<Step<'s, Value>> {
        (state == "ACTIVE").then(|| -> Step<'s, Value> {
            Box::pin(async move {
                let application = suite.in_state(PASSPORT_APPLICATION, "DELIVERED").await?;
                let get = suite.method_of(TRAVEL_DOCUMENT, &Kind::Get)?;
                suite.call(get, json!({ "name": application["document"] })).await
            })
        })
    }

    fn ask(&self, method: &Method) -> Option<Value> {
        match method.name() {
            "ReportLoss" | "ReportTheft" => Some(json!({ "place": "At the station." })),
            "RevokeTravelDocument" => Some(json!({ "grounds": "It was obtained by fraud." })),
            "CancelTravelDocument" => Some(json!({ "grounds": "Given back." })),
            _ => plain(method),
        }
    }

    /// The application and the book.
    fn follows(&self, method: &Method) -> i64 {
        if *method.kind() == Kind::Create { 2 } else { 0 }
    }

    fn reached_by_time_alone(&self) -> &'static [&'static str] {
        &["EXPIRED"]
    }

    /// Each copy is signed anew.
    fn moments(&self, method: &Method) -> &'static [&'static str] {
        match method.name() {
            "SealTravelDocument" => &["json"],
            "VerifyTravelDocument" => &["verifyTime"],
            _ => &[],
        }
    }
}

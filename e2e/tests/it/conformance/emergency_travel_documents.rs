//! Emergency travel documents as the suite makes them: for a journey home within days.

use super::blank_books::{POST, in_stock};
use chrono::{TimeDelta, Utc};
use proto::consular::v1::blank_book::Kind as Blank;
use proto::contract::Method;
use serde_json::{Value, json};
use std::sync::Mutex;
use testkit::conformance::{Fixture, Step, Suite, plain};

#[derive(Default)]
pub(super) struct EmergencyTravelDocuments {
    /// The sticker that the next document is made of.
    sticker: Mutex<Value>,
}

impl Fixture for EmergencyTravelDocuments {
    fn resource(&self) -> &'static str {
        "legation.consular.v1.EmergencyTravelDocument"
    }

    fn record<'s>(&'s self, suite: &'s Suite) -> Step<'s, Value> {
        let day = |days| (Utc::now() + TimeDelta::days(days)).format("%Y-%m-%d").to_string();
        let record = json!({
            "post": POST,
            "country": "GB",
            "nationality": "FR",
            "familyName": "Sample",
            "givenNames": format!("Anna {}", ["Ada", "Bea", "Cleo"][suite.number() as usize % 3]),
            "birthDate": "1990-01-31",
            "sex": "FEMALE",
            "need": "STOLEN",
            "photo": "photos/1",
            "photoLive": true,
            "destination": "FR",
            "journeyFrom": day(2),
            "journeyUntil": day(3),
        });
        Box::pin(async move { Ok(record) })
    }

    /// Each is made of a sticker of its own.
    fn ready<'s>(&'s self, suite: &'s Suite, method: &'s Method, record: Value) -> Step<'s, Value> {
        Box::pin(async move {
            if matches!(method.name(), "IssueEmergencyTravelDocument" | "IssueUrgently") {
                let sticker = in_stock(suite, Blank::EmergencySticker).await?;
                *self.sticker.lock().expect("nothing panics under it") = sticker;
            }
            Ok(record)
        })
    }

    fn ask(&self, method: &Method) -> Option<Value> {
        let sticker = self.sticker.lock().expect("nothing panics under it").clone();
        match method.name() {
            "AnnounceAnswer" => Some(json!({ "expectedTime": "2030-01-01T00:00:00Z" })),
            "ObjectToIssue" => Some(json!({ "objection": "No national of ours." })),
            "IssueEmergencyTravelDocument" => Some(json!({ "blank": sticker, "feeReceipt": "receipts/1" })),
            "IssueUrgently" => Some(json!({
                "blank": sticker,
                "feeReceipt": "receipts/1",
                "urgency": "The flight leaves tonight.",
            })),
            _ => plain(method),
        }
    }

    /// The sticker.
    fn follows(&self, method: &Method) -> i64 {
        i64::from(matches!(method.name(), "IssueEmergencyTravelDocument" | "IssueUrgently"))
    }

    fn reached_by_time_alone(&self) -> &'static [&'static str] {
        // What an objection leads to depends on what was issued before; it is in `consular/tests/it/emergency.rs`.
        &["EXPIRED", "WITHDRAWN"]
    }
}

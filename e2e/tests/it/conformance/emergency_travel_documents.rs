//! Emergency travel documents as the suite makes them: for a journey home within days.

use super::blank_books::{POST, in_stock};
use super::watch_lists::WATCH_LIST;
use super::{fee_schedules, receipts};
use chrono::{TimeDelta, Utc};
use proto::consular::v1::blank_book::Kind as Blank;
use proto::contract::{Kind, Method};
use serde_json::{Value, json};
use std::sync::Mutex;
use testkit::conformance::{Fixture, Step, Suite, plain};
use tokio::sync::OnceCell;

const SCREENING: &str = "legation.consular.v1.Screening";
/// The service that an emergency document is paid by (`consular/data/service_fees.toml`).
const FEE: &str = "EMERGENCY_DOCUMENT";

#[derive(Default)]
pub(super) struct EmergencyTravelDocuments {
    /// What a document costs.
    fee: OnceCell<Value>,
    /// What the next document is made from: sticker, receipt, name check.
    materials: Mutex<[Value; 3]>,
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

    /// Each is made of a sticker of its own, paid for by a receipt of its own, after a name check of its holder.
    fn ready<'s>(&'s self, suite: &'s Suite, method: &'s Method, record: Value) -> Step<'s, Value> {
        Box::pin(async move {
            if matches!(method.name(), "IssueEmergencyTravelDocument" | "IssueUrgently") {
                let sticker = in_stock(suite, Blank::EmergencySticker).await?;
                self.fee.get_or_try_init(async || fee_schedules::in_force(suite, FEE).await).await?;
                let receipt = receipts::paid_by(suite, FEE, &record).await?;
                suite.in_state(WATCH_LIST, "CURRENT").await?;
                let name = format!("{} Sample", record["givenNames"].as_str().unwrap_or_default());
                let subject = json!({ "kind": "PERSON", "names": [name], "birthDate": "1990-01-31" });
                let create = suite.method_of(SCREENING, &Kind::Create)?;
                let screening = suite.create(create, json!({ "subject": subject, "occasion": "emergency" })).await?;
                *self.materials.lock().expect("nothing panics under it") =
                    [sticker, receipt["name"].clone(), screening["name"].clone()];
            }
            Ok(record)
        })
    }

    fn ask(&self, method: &Method) -> Option<Value> {
        let [sticker, receipt, screening] = self.materials.lock().expect("nothing panics under it").clone();
        // Before there are any, any name will do: the record is refused before what it is made from.
        let named = |value: Value, none: &str| if value.is_null() { json!(none) } else { value };
        let sticker = named(sticker, "blankBooks/none");
        let receipt = named(receipt, "receipts/none");
        let screening = named(screening, "screenings/none");
        match method.name() {
            "AnnounceAnswer" => Some(json!({ "expectedTime": "2030-01-01T00:00:00Z" })),
            "ObjectToIssue" => Some(json!({ "objection": "No national of ours." })),
            "ReportEmergencyDocumentLoss" | "ReportEmergencyDocumentTheft" => {
                Some(json!({ "place": "At the station." }))
            }
            "IssueEmergencyTravelDocument" => {
                Some(json!({ "blank": sticker, "feeReceipt": receipt, "screening": screening }))
            }
            "IssueUrgently" => Some(json!({
                "blank": sticker,
                "feeReceipt": receipt,
                "screening": screening,
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

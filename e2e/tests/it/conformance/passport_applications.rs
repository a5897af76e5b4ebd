//! Applications for passports as the suite makes them: of one adult, whose name check is clear.

use super::passport_holds::PASSPORT_HOLD;
use super::travel_documents::TRAVEL_DOCUMENT;
use super::watch_lists::WATCH_LIST;
use super::{fee_schedules, receipts};
use proto::contract::{Kind, Method};
use serde_json::{Value, json};
use std::sync::Mutex;
use testkit::conformance::{Fixture, Step, Suite, plain};
use tokio::sync::OnceCell;

/// The resource.
pub(super) const PASSPORT_APPLICATION: &str = "legation.consular.v1.PassportApplication";
const SCREENING: &str = "legation.consular.v1.Screening";
/// The service that an adult's passport is paid by (`consular/data/service_fees.toml`).
const FEE: &str = "PASSPORT_ADULT";

#[derive(Default)]
pub(super) struct PassportApplications {
    /// The name check of them all.
    screening: OnceCell<Value>,
    /// A hold that was on their applicant, and is lifted.
    hold: OnceCell<Value>,
    /// What a passport costs.
    fee: OnceCell<Value>,
    /// The receipt of the application that is about to be submitted.
    receipt: Mutex<Value>,
}

impl Fixture for PassportApplications {
    fn resource(&self) -> &'static str {
        PASSPORT_APPLICATION
    }

    fn record<'s>(&'s self, suite: &'s Suite) -> Step<'s, Value> {
        Box::pin(async move {
            let screen = async || {
                suite.in_state(WATCH_LIST, "CURRENT").await?;
                let subject = json!({ "kind": "PERSON", "names": ["Anna Sample"], "birthDate": "1974-08-12" });
                let create = suite.method_of(SCREENING, &Kind::Create)?;
                suite.create(create, json!({ "subject": subject, "occasion": "passport" })).await
            };
            self.screening.get_or_try_init(screen).await?;
            self.hold.get_or_try_init(|| suite.in_state(PASSPORT_HOLD, "LIFTED")).await?;
            Ok(json!({
                "type": "FIRST",
                "post": super::blank_books::POST,
                "person": format!("P-{}", suite.number()),
                "familyName": "Sample",
                "givenNames": "Anna",
                "birthDate": "1974-08-12",
                "birthPlace": "Zenith",
                "sex": "FEMALE",
            }))
        })
    }

    /// What is made on an application is made by the passport's own method.
    fn bring<'s>(&'s self, suite: &'s Suite, state: &'s str) -> Option<Step<'s, Value>> {
        (state == "PERSONALISATION").then(|| -> Step<'s, Value> {
            Box::pin(async move {
                let document = suite.make(TRAVEL_DOCUMENT).await?;
                let get = suite.method_of(PASSPORT_APPLICATION, &Kind::Get)?;
                suite.call(get, json!({ "name": document["application"] })).await
            })
        })
    }

    /// Each is paid for by a receipt of its own.
    fn ready<'s>(&'s self, suite: &'s Suite, method: &'s Method, record: Value) -> Step<'s, Value> {
        Box::pin(async move {
            if method.name() == "SubmitPassportApplication" {
                self.fee.get_or_try_init(async || fee_schedules::in_force(suite, FEE).await).await?;
                let receipt = receipts::paid_by(suite, FEE, &record).await?;
                *self.receipt.lock().expect("nothing panics under it") = receipt["name"].clone();
            }
            Ok(record)
        })
    }

    fn ask(&self, method: &Method) -> Option<Value> {
        match method.name() {
            "SubmitPassportApplication" => {
                let receipt = self.receipt.lock().expect("nothing panics under it").clone();
                // Before one is paid for, any name will do: the record is refused before its receipt.
                let receipt = if receipt.is_null() { json!("receipts/none") } else { receipt };
                Some(json!({ "feeReceipt": receipt }))
            }
            "TakeInPassportApplication" => Some(json!({
                "identityEvidence": "identity card",
                "citizenshipEvidence": "certificate of birth",
                "photo": "photos/1",
                "biometrics": "biometrics/1",
            })),
            "CorrectPassportApplication" => {
                Some(json!({ "birthPlace": "Nadir", "grounds": "Certificate of birth 12/1974." }))
            }
            "RequestPassportInformation" => Some(json!({ "wanted": "Another photograph." })),
            "ProvidePassportInformation" => Some(json!({ "evidence": "Another photograph." })),
            "AdjudicatePassportApplication" => Some(json!({ "screening": self.screening.get()?["name"] })),
            "DecidePassportHold" => {
                Some(json!({ "hold": self.hold.get()?["name"], "grounds": "The court has permitted this journey." }))
            }
            "DenyPassportApplication" => Some(json!({
                "ground": "COURT_ORDER",
                "words": "A court forbids it.",
                "remedy": "Appeal to the court within a month.",
            })),
            "ShipPassport" => Some(json!({ "shipment": "bag 7" })),
            "DeliverPassport" => Some(json!({ "evidence": "identity card" })),
            _ => plain(method),
        }
    }

    /// A correction of the place of birth leaves it where it is.
    fn leads(&self, method: &Method, _: &str) -> bool {
        method.name() != "CorrectPassportApplication"
    }

    fn change(&self) -> Option<Value> {
        Some(json!({ "birthPlace": "Nadir" }))
    }

    /// A failed book and its passport; a passport that becomes valid.
    fn follows(&self, method: &Method) -> i64 {
        match method.name() {
            "FailPassportInspection" => 2,
            "DeliverPassport" => 1,
            _ => 0,
        }
    }

    fn reached_by_time_alone(&self) -> &'static [&'static str] {
        // An appointment comes from a booking.
        &["APPOINTMENT_BOOKED"]
    }
}

//! Visa applications as the suite makes them: of someone whose name check is clear, on one authority's consultation.

use super::watch_lists::WATCH_LIST;
use super::{fee_schedules, receipts};
use chrono::{TimeDelta, Utc};
use proto::contract::{Kind, Method};
use serde_json::{Value, json};
use std::sync::Mutex;
use testkit::conformance::{Fixture, Step, Suite, plain};
use tokio::sync::OnceCell;

/// The resource.
pub(super) const VISA_APPLICATION: &str = "legation.consular.v1.VisaApplication";
const SCREENING: &str = "legation.consular.v1.Screening";
/// The service that a short stay is paid by (`consular/data/visa/fees.toml`).
const FEE: &str = "VISA_C";

#[derive(Default)]
pub(super) struct VisaApplications {
    /// The name check of them all.
    screening: OnceCell<Value>,
    /// What a short stay costs.
    fee: OnceCell<Value>,
    /// The receipt of the application that is about to be lodged.
    receipt: Mutex<Value>,
}

/// The day so many days from today; the first days of a journey are past for every capital.
pub(super) fn day(days: i64) -> String {
    (Utc::now() + TimeDelta::days(days)).format("%Y-%m-%d").to_string()
}

impl Fixture for VisaApplications {
    fn resource(&self) -> &'static str {
        VISA_APPLICATION
    }

    fn record<'s>(&'s self, suite: &'s Suite) -> Step<'s, Value> {
        Box::pin(async move {
            let screen = async || {
                suite.in_state(WATCH_LIST, "CURRENT").await?;
                let subject = json!({
                    "kind": "PERSON",
                    "names": ["Ravi Traveller"],
                    "birthDate": "1974-08-12",
                    "documentNumbers": ["Z1234567"],
                });
                let create = suite.method_of(SCREENING, &Kind::Create)?;
                suite.create(create, json!({ "subject": subject, "occasion": "visa" })).await
            };
            self.screening.get_or_try_init(screen).await?;
            self.fee.get_or_try_init(async || fee_schedules::in_force(suite, FEE).await).await?;
            Ok(json!({
                "visaClass": "C",
                "purpose": "TOURISM",
                "post": super::blank_books::POST,
                "person": format!("T-{}", suite.number()),
                "familyName": "Traveller",
                "givenNames": "Ravi",
                "birthDate": "1974-08-12",
                "sex": "MALE",
                "nationality": "IN",
                "passportNumber": "Z1234567",
                "passportIssueDate": day(-700),
                "passportExpireDate": day(2000),
                "blankPages": 10,
                "arrivalDate": day(-1),
                "departureDate": day(8),
                "photo": "photos/1",
                "insuranceCover": "3000000",
                "lateReason": "A funeral.",
            }))
        })
    }

    /// Each is paid for by a receipt of its own; nothing is granted while an answer is outstanding.
    fn ready<'s>(&'s self, suite: &'s Suite, method: &'s Method, record: Value) -> Step<'s, Value> {
        Box::pin(async move {
            if method.name() == "SubmitVisaApplication" {
                let receipt = receipts::paid_by(suite, FEE, &record).await?;
                *self.receipt.lock().expect("nothing panics under it") = receipt["name"].clone();
            }
            if method.name() != "GrantVisa" {
                return Ok(record);
            }
            let answer = suite.method_of(VISA_APPLICATION, &Kind::Verb("answerConsultation".into()))?;
            suite.call_about(answer, &record).await
        })
    }

    fn ask(&self, method: &Method) -> Option<Value> {
        match method.name() {
            "SubmitVisaApplication" => {
                let receipt = self.receipt.lock().expect("nothing panics under it").clone();
                // Before one is paid for, any name will do: the record is refused before its receipt.
                let receipt = if receipt.is_null() { json!("receipts/none") } else { receipt };
                Some(json!({ "feeReceipt": receipt }))
            }
            "RecordBiometrics" => Some(json!({ "biometrics": "biometrics/1" })),
            "CheckVisaApplication" => Some(json!({ "screening": self.screening.get()?["name"], "consulted": ["FR"] })),
            "CorrectVisaApplication" => Some(json!({ "blankPages": 9, "grounds": "The pages of the passport." })),
            "AnswerConsultation" => Some(json!({ "authority": "FR" })),
            "RecordInterview" => Some(json!({ "outcome": "Answers were plausible." })),
            "ExtendDecision" => Some(json!({ "grounds": "A document is examined." })),
            "RequestVisaInformation" => Some(json!({ "wanted": "A letter." })),
            "GrantVisa" => Some(json!({
                "entries": 1,
                "stayDays": 10,
                "validFrom": day(-1),
                "validUntil": day(8),
            })),
            "RefuseVisa" => {
                Some(json!({ "grounds": ["NO_INSURANCE"], "remedy": "Appeal to the court within a month." }))
            }
            "QuoteVisaFee" => Some(json!({ "visaClass": "C", "nationality": "IN", "birthDate": "1974-08-12" })),
            _ => plain(method),
        }
    }

    /// What is corrected before the examination stays where it is.
    fn leads(&self, method: &Method, _: &str) -> bool {
        method.name() != "CorrectVisaApplication"
    }

    fn change(&self) -> Option<Value> {
        Some(json!({ "blankPages": 8 }))
    }

    fn reached_by_time_alone(&self) -> &'static [&'static str] {
        // Not all by time: what is not admissible lacks something, a visa is printed by its own method, and an appointment
        // is a booking's.
        &["APPOINTMENT_BOOKED", "INADMISSIBLE", "ISSUED", "LAPSED"]
    }
}

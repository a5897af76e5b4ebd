//! Assistance cases as the suite makes them: each of a kind that opens one task, which a contact completes.

use super::assistance_contacts::ASSISTANCE_CONTACT;
use proto::contract::{Kind, Method};
use serde_json::{Value, json};
use testkit::conformance::{Fixture, Step, Suite, plain};

/// The resource.
pub(super) const ASSISTANCE_CASE: &str = "legation.consular.v1.AssistanceCase";

pub(super) struct AssistanceCases;

impl Fixture for AssistanceCases {
    fn resource(&self) -> &'static str {
        ASSISTANCE_CASE
    }

    fn record<'s>(&'s self, suite: &'s Suite) -> Step<'s, Value> {
        let case = json!({
            "post": "posts/example",
            "type": "OTHER",
            "country": "GB",
            "familyName": format!("Example {}", suite.number()),
            "birthDate": "1974-08-12",
            "nationality": "US",
            "source": "FAMILY",
            "facts": [{ "kind": "OUTCOME", "text": "Helped." }],
        });
        Box::pin(async { Ok(case) })
    }

    fn ask(&self, method: &Method) -> Option<Value> {
        match method.name() {
            "TriageAssistanceCase" => Some(json!({ "priority": "NORMAL" })),
            "ActivateAssistanceCase" => Some(json!({ "officer": "people/consul" })),
            "MonitorAssistanceCase" => Some(json!({ "nextContactDate": "2099-01-31" })),
            "RecordCaseFacts" => Some(json!({ "facts": [{ "kind": "WISH", "text": "Wants help." }] })),
            "RecordCaseConsent" => Some(json!({ "consent": {
                "audience": "NEXT_OF_KIN",
                "topics": ["WELFARE"],
                "givenBy": "PERSON",
                "evidence": "form",
            } })),
            "WithdrawCaseConsent" => Some(json!({ "number": 1 })),
            "DiscloseCase" => Some(json!({
                "asker": "PARLIAMENT",
                "askerName": "Example Member",
                "identityProven": true,
                "topic": "LIFE",
            })),
            "DiscloseCaseForSafety" => Some(json!({
                "asker": "NEXT_OF_KIN",
                "askerName": "Example Relative",
                "grounds": "A transplant.",
            })),
            "CloseAssistanceCase" => Some(json!({ "code": "HELPED" })),
            _ => plain(method),
        }
    }

    fn change(&self) -> Option<Value> {
        Some(json!({ "summary": "Another summary." }))
    }

    /// A consent to withdraw; a contact that completes the task, before the case is closed.
    fn ready<'s>(&'s self, suite: &'s Suite, method: &'s Method, record: Value) -> Step<'s, Value> {
        Box::pin(async move {
            match method.name() {
                "WithdrawCaseConsent" => {
                    let record_consent = suite.method_of(ASSISTANCE_CASE, &Kind::Verb("recordConsent".into()))?;
                    suite.call_about(record_consent, &record).await
                }
                "CloseAssistanceCase" => {
                    let log = suite.method_of(ASSISTANCE_CONTACT, &Kind::Create)?;
                    let contact = json!({
                        "case": record["name"],
                        "party": "SUBJECT",
                        "channel": "TELEPHONE",
                        "reached": true,
                        "summary": "Well.",
                    });
                    suite.create(log, contact).await?;
                    Ok(record)
                }
                _ => Ok(record),
            }
        })
    }

    /// The task that a case opens, and the contact that is planned while it rests.
    fn follows(&self, method: &Method) -> i64 {
        i64::from(matches!(method.name(), "CreateAssistanceCase" | "MonitorAssistanceCase"))
    }
}

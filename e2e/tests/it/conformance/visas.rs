//! Visas as the suite makes them: each on an application and a sticker of its own.

use super::blank_books::in_stock;
use super::visa_applications::{VISA_APPLICATION, day};
use proto::consular::v1::blank_book::Kind as Blank;
use proto::contract::{Kind, Method};
use serde_json::{Value, json};
use testkit::conformance::{Fixture, Step, Suite, plain};

const VISA: &str = "legation.consular.v1.Visa";

pub(super) struct Visas;

impl Fixture for Visas {
    fn resource(&self) -> &'static str {
        VISA
    }

    fn record<'s>(&'s self, suite: &'s Suite) -> Step<'s, Value> {
        Box::pin(async move {
            let application = suite.in_state(VISA_APPLICATION, "GRANTED").await?;
            Ok(json!({ "application": application["name"], "blank": in_stock(suite, Blank::VisaSticker).await? }))
        })
    }

    /// Nobody leaves who has not entered, nor after the end of a visa that was revoked while they were there.
    fn ready<'s>(&'s self, suite: &'s Suite, method: &'s Method, record: Value) -> Step<'s, Value> {
        Box::pin(async move {
            if !matches!(method.name(), "RecordExit" | "RevokeVisa") {
                return Ok(record);
            }
            suite.call_about(suite.method_of(VISA, &Kind::Verb("recordEntry".into()))?, &record).await
        })
    }

    fn ask(&self, method: &Method) -> Option<Value> {
        match method.name() {
            "RecordEntry" | "RecordExit" | "RecordExitAfterEnd" => Some(json!({ "date": day(-1) })),
            "RevokeVisa" | "AnnulVisa" | "CancelVisa" => Some(json!({ "grounds": "The invitation was forged." })),
            "ReportVisaLoss" | "ReportVisaTheft" => Some(json!({ "place": "At the station." })),
            "KeepVisa" => Some(json!({ "grounds": "The holder leaves with it." })),
            "CalculateStay" => Some(json!({ "sojourns": [{ "entryDate": "2026-01-01" }], "date": "2026-02-01" })),
            _ => plain(method),
        }
    }

    /// The application and the sticker.
    fn follows(&self, method: &Method) -> i64 {
        if *method.kind() == Kind::Create || method.name() == "FailVisaInspection" { 2 } else { 0 }
    }

    fn reached_by_time_alone(&self) -> &'static [&'static str] {
        &["EXPIRED"]
    }

    /// Each copy is signed anew.
    fn moments(&self, method: &Method) -> &'static [&'static str] {
        if method.name() == "SealVisa" { &["json"] } else { &[] }
    }
}

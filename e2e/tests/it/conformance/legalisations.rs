//! Legalisations as the suite makes them: of documents of one registrar, each paid by a receipt of its own.

use super::specimen_signatures::{self, AUTHORITY, OFFICIAL};
use super::{fee_schedules, receipts};
use proto::contract::Method;
use serde_json::{Value, json};
use std::sync::Mutex;
use testkit::conformance::{Fixture, Step, Suite, plain};
use tokio::sync::OnceCell;

/// The service that it is paid by (`consular/data/service_fees.toml`).
const FEE: &str = "LEGALISATION";

#[derive(Default)]
pub(super) struct Legalisations {
    /// The specimen of the official who signed them all.
    specimen: OnceCell<Value>,
    /// What it costs.
    fee: OnceCell<Value>,
    /// The receipt for the record that is about to be paid for.
    receipt: Mutex<Value>,
}

impl Fixture for Legalisations {
    fn resource(&self) -> &'static str {
        "legation.consular.v1.Legalisation"
    }

    fn record<'s>(&'s self, suite: &'s Suite) -> Step<'s, Value> {
        Box::pin(async move {
            self.specimen.get_or_try_init(async || specimen_signatures::verified(suite, "EG").await).await?;
            Ok(json!({
                "post": "posts/example",
                "country": "EG",
                "kind": "ADMINISTRATIVE",
                "document": format!("Birth certificate {}", suite.number()),
                "documentDate": "2020-01-01",
                "official": OFFICIAL,
                "capacity": "Registrar",
                "authority": AUTHORITY,
                "destination": "US",
                "applicant": "Person Example",
            }))
        })
    }

    fn ready<'s>(&'s self, suite: &'s Suite, method: &'s Method, record: Value) -> Step<'s, Value> {
        Box::pin(async move {
            if method.name() == "PayLegalisation" {
                self.fee.get_or_try_init(async || fee_schedules::in_force(suite, FEE).await).await?;
                let receipt = receipts::paid_by(suite, FEE, &record).await?;
                if let Ok(mut kept) = self.receipt.lock() {
                    *kept = receipt["name"].clone();
                }
            }
            Ok(record)
        })
    }

    fn ask(&self, method: &Method) -> Option<Value> {
        match method.name() {
            "CheckLegalisation" => Some(json!({ "specimen": self.specimen.get().map(|one| one["name"].clone()) })),
            "PayLegalisation" => {
                let receipt = self.receipt.lock().ok()?.clone();
                // Before one is paid for, any name will do: the record is refused before its receipt.
                let receipt = if receipt.is_null() { json!("receipts/none") } else { receipt };
                Some(json!({ "receipt": receipt }))
            }
            "RefuseLegalisation" => Some(json!({ "refusal": "ALTERED" })),
            _ => plain(method),
        }
    }
}

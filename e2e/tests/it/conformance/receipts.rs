//! Receipts as the suite makes them: of one fee, all into one drawer, which each of them changes.

use super::cash_days::CASH_DAY;
use super::fee_schedules;
use proto::contract::{Kind, Method};
use serde_json::{Value, json};
use testkit::conformance::{Fixture, Step, Suite, Unprepared, plain};
use tokio::sync::OnceCell;

/// The service that is paid for.
const PAID: &str = "EXAMPLE_PAID";

#[derive(Default)]
pub(super) struct Receipts {
    /// The drawer.
    drawer: OnceCell<Value>,
}

/// The resource.
const RECEIPT: &str = "legation.consular.v1.Receipt";

/// A receipt for another record, of this service, whose fee is in force.
pub(super) async fn paid_by(suite: &Suite, code: &str, record: &Value) -> Result<Value, Unprepared> {
    let number = suite.number();
    let drawer = suite.make(CASH_DAY).await?;
    let receipt = json!({
        "cashDay": drawer["name"],
        "lines": [{ "code": code }],
        "payer": format!("Person {number}"),
        "method": "CARD",
        "subject": record["name"],
    });
    suite.create(suite.method_of(RECEIPT, &Kind::Create)?, receipt).await
}

impl Fixture for Receipts {
    fn resource(&self) -> &'static str {
        RECEIPT
    }

    fn record<'s>(&'s self, suite: &'s Suite) -> Step<'s, Value> {
        Box::pin(async move {
            let make = async || {
                fee_schedules::in_force(suite, PAID).await?;
                suite.make(CASH_DAY).await
            };
            let drawer = self.drawer.get_or_try_init(make).await?;
            Ok(json!({
                "cashDay": drawer["name"],
                "lines": [{ "code": PAID }],
                "payer": format!("Person {}", suite.number()),
                "method": "CASH",
            }))
        })
    }

    fn ask(&self, method: &Method) -> Option<Value> {
        match method.name() {
            "RefundReceipt" => {
                Some(json!({ "cashDay": self.drawer.get().map(|day| day["name"].clone()), "cause": "CHARGED_TWICE" }))
            }
            _ => plain(method),
        }
    }

    fn follows(&self, method: &Method) -> i64 {
        // The drawer.
        i64::from(matches!(method.name(), "CreateReceipt" | "RefundReceipt"))
    }
}

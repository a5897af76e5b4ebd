//! Drawers as the suite makes them: each of a cashier of its own, full enough for every refund.

use proto::contract::Method;
use serde_json::{Value, json};
use testkit::conformance::{Fixture, Step, Suite, plain};

/// The resource.
pub(super) const CASH_DAY: &str = "legation.consular.v1.CashDay";

pub(super) struct CashDays;

impl Fixture for CashDays {
    fn resource(&self) -> &'static str {
        CASH_DAY
    }

    fn record<'s>(&'s self, suite: &'s Suite) -> Step<'s, Value> {
        let day = json!({
            "post": "posts/example",
            "cashier": format!("people/cashier-{}", suite.number()),
            "date": "2026-05-04",
            "currency": "USD",
            "floatMinorUnits": "100000",
        });
        Box::pin(async { Ok(day) })
    }

    fn ask(&self, method: &Method) -> Option<Value> {
        match method.name() {
            "CountCashDay" => Some(json!({ "countedMinorUnits": "100000" })),
            _ => plain(method),
        }
    }
}

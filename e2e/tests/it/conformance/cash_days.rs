//! Drawers as the suite makes them: each of a cashier of its own, full enough for every refund.

use chrono::{TimeDelta, Timelike as _, Utc};
use proto::contract::Method;
use serde_json::{Value, json};
use testkit::conformance::{Fixture, Step, Suite, plain};

/// The resource.
pub(super) const CASH_DAY: &str = "legation.consular.v1.CashDay";

pub(super) struct CashDays;

/// Somewhere it is early morning now, so that no day ends while the suite runs: the zone, and the day there.
fn morning() -> (String, String) {
    let now = Utc::now();
    let ahead = 6 - i64::from(now.hour());
    let ahead = if ahead < -12 { ahead + 24 } else { ahead };
    // The names count the other way round (POSIX).
    (format!("Etc/GMT{:+}", -ahead), (now + TimeDelta::hours(ahead)).format("%Y-%m-%d").to_string())
}

impl Fixture for CashDays {
    fn resource(&self) -> &'static str {
        CASH_DAY
    }

    fn record<'s>(&'s self, suite: &'s Suite) -> Step<'s, Value> {
        let (zone, today) = morning();
        let day = json!({
            "post": "posts/example",
            "cashier": format!("people/cashier-{}", suite.number()),
            "date": today,
            "timeZone": zone,
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

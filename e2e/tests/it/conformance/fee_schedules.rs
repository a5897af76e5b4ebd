//! Fees as the suite makes them: each of a service of its own, and one in force that is asked for.

use proto::contract::{Kind, Method};
use serde_json::{Value, json};
use testkit::conformance::{Fixture, Step, Suite, plain};
use tokio::sync::OnceCell;

/// The resource.
pub(super) const FEE_SCHEDULE: &str = "legation.consular.v1.FeeSchedule";
/// The service whose fee is asked for.
const QUOTED: &str = "EXAMPLE_QUOTED";

#[derive(Default)]
pub(super) struct FeeSchedules {
    /// The row that is in force.
    quoted: OnceCell<Value>,
}

/// A row that is not approved.
fn row(code: &str) -> Value {
    json!({
        "code": code,
        "title": "An example",
        "amount": { "currency": "USD", "minorUnits": "100" },
        "effectiveDate": "2020-01-01",
        "source": "Example Act, section 1",
    })
}

/// A row in force for this service.
pub(super) async fn in_force(suite: &Suite, code: &str) -> Result<Value, testkit::conformance::Unprepared> {
    let proposed = suite.create(suite.method_of(FEE_SCHEDULE, &Kind::Create)?, row(code)).await?;
    let approve = suite.method_of(FEE_SCHEDULE, &Kind::Verb("approve".into()))?;
    suite.call_about(approve, &proposed).await
}

impl Fixture for FeeSchedules {
    fn resource(&self) -> &'static str {
        FEE_SCHEDULE
    }

    fn record<'s>(&'s self, suite: &'s Suite) -> Step<'s, Value> {
        Box::pin(async move {
            self.quoted.get_or_try_init(async || in_force(suite, QUOTED).await).await?;
            Ok(row(&format!("EXAMPLE_{}", suite.number())))
        })
    }

    fn ask(&self, method: &Method) -> Option<Value> {
        match method.name() {
            "QuoteFee" => Some(json!({ "code": QUOTED })),
            _ => plain(method),
        }
    }
}

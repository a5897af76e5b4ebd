//! Opening hours as the suite makes them: of one service, each on a date of its own, long ago, so that no slot follows.

use super::appointment_services::APPOINTMENT_SERVICE;
use chrono::{Days, NaiveDate};
use serde_json::{Value, json};
use testkit::conformance::{Fixture, Step, Suite};
use tokio::sync::OnceCell;

#[derive(Default)]
pub(super) struct AppointmentWindows {
    service: OnceCell<Value>,
}

impl Fixture for AppointmentWindows {
    fn resource(&self) -> &'static str {
        "legation.consular.v1.AppointmentWindow"
    }

    fn record<'s>(&'s self, suite: &'s Suite) -> Step<'s, Value> {
        Box::pin(async move {
            let service = self.service.get_or_try_init(async || suite.make(APPOINTMENT_SERVICE).await).await?;
            let date = NaiveDate::from_ymd_opt(2000, 1, 1).unwrap_or_default() + Days::new(suite.number().into());
            Ok(json!({
                "service": service["name"],
                "kind": "SINGLE",
                "date": date.to_string(),
                "openTime": "09:00",
                "closeTime": "12:00",
            }))
        })
    }
}

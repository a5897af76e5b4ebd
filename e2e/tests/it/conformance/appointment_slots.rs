//! Slots as the suite makes them: all of one service that has no opening hours, each a minute later, soon.

use super::appointment_services::APPOINTMENT_SERVICE;
use chrono::{TimeDelta, Utc};
use proto::contract::Method;
use serde_json::{Value, json};
use testkit::conformance::{Fixture, Step, Suite, plain};
use tokio::sync::OnceCell;

/// The resource.
pub(super) const APPOINTMENT_SLOT: &str = "legation.consular.v1.AppointmentSlot";

#[derive(Default)]
pub(super) struct AppointmentSlots {
    service: OnceCell<Value>,
}

impl Fixture for AppointmentSlots {
    fn resource(&self) -> &'static str {
        APPOINTMENT_SLOT
    }

    fn record<'s>(&'s self, suite: &'s Suite) -> Step<'s, Value> {
        Box::pin(async move {
            let service = self.service.get_or_try_init(async || suite.make(APPOINTMENT_SERVICE).await).await?;
            // Soon enough to be checked in, and never at the same second.
            let start = Utc::now() + TimeDelta::minutes(20) + TimeDelta::seconds(suite.number().into());
            Ok(json!({ "service": service["name"], "startTime": start.format("%Y-%m-%dT%H:%M:%SZ").to_string() }))
        })
    }

    fn ask(&self, method: &Method) -> Option<Value> {
        match method.name() {
            "FindFreeSlots" => {
                let service = self.service.get().map_or(json!("appointmentServices/none"), |one| one["name"].clone());
                Some(json!({ "service": service, "fromDate": "2050-01-01" }))
            }
            _ => plain(method),
        }
    }
}

//! Services by appointment as the suite makes them.

use serde_json::{Value, json};
use testkit::conformance::{Fixture, Step, Suite};

/// The resource.
pub(super) const APPOINTMENT_SERVICE: &str = "legation.consular.v1.AppointmentService";

pub(super) struct AppointmentServices;

impl Fixture for AppointmentServices {
    fn resource(&self) -> &'static str {
        APPOINTMENT_SERVICE
    }

    fn record<'s>(&'s self, suite: &'s Suite) -> Step<'s, Value> {
        let service = json!({
            "post": "posts/example",
            "title": format!("Passport {}", suite.number()),
            "timeZone": "Europe/Paris",
            "country": "FR",
            "slotMinutes": 30,
            "capacity": 500,
            "horizonDays": 60,
        });
        Box::pin(async { Ok(service) })
    }

    fn change(&self) -> Option<Value> {
        Some(json!({ "title": "Passport, renewed" }))
    }
}

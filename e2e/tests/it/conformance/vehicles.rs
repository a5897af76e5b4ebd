//! Vehicles as the suite makes them: each a mission's own, of one embassy that is open.

use super::missions::MISSION;
use proto::contract::Method;
use serde_json::{Value, json};
use std::sync::atomic::{AtomicU32, Ordering};
use testkit::conformance::{Fixture, Step, Suite, plain};

#[derive(Default)]
pub(super) struct Vehicles {
    /// The last number given to a plate: no two are out with the same.
    plates: AtomicU32,
}

fn insurance() -> Value {
    json!({
        "insurer": "Example Mutual",
        "policyNumber": "P-1",
        "combined": "300000",
        "startTime": "2026-01-01T00:00:00Z",
        "endTime": "2036-01-01T00:00:00Z",
    })
}

impl Fixture for Vehicles {
    fn resource(&self) -> &'static str {
        "legation.accreditation.v1.Vehicle"
    }

    fn record<'s>(&'s self, suite: &'s Suite) -> Step<'s, Value> {
        Box::pin(async move {
            // A mission of its own: a quota is not what is asked here.
            let mission = suite.in_state(MISSION, "OPEN").await?;
            Ok(json!({
                "mission": mission["name"],
                "vin": format!("EXAMPXE{:010}", suite.number()),
                "kind": "CAR",
                "make": "Example",
                "model": "Sedan",
                "year": 2025,
            }))
        })
    }

    fn ask(&self, method: &Method) -> Option<Value> {
        match method.name() {
            "InsureVehicle" | "RenewInsurance" | "CureInsurance" => Some(json!({ "insurance": insurance() })),
            "RegisterVehicle" => {
                let number = self.plates.fetch_add(1, Ordering::Relaxed);
                Some(json!({ "serial": format!("{:04}", number % 10_000) }))
            }
            "TransferVehicle" | "ScrapVehicle" => Some(json!({ "dutyReference": "Entry 117" })),
            "ReportVehicleStolen" => Some(json!({ "policeReference": "Report 9" })),
            "VerifyPlate" => Some(json!({ "plate": "DDJ9999" })),
            _ => plain(method),
        }
    }

    /// A vehicle is suspended by time alone.
    fn reached_by_time_alone(&self) -> &'static [&'static str] {
        &["SUSPENDED"]
    }

    fn moments(&self, method: &Method) -> &'static [&'static str] {
        if method.name() == "VerifyPlate" { &["verifyTime"] } else { &[] }
    }
}

//! Questions about machine-readable zones, of which nothing is kept.

use proto::contract::Method;
use serde_json::{Value, json};
use testkit::conformance::{Fixture, Step, Suite, Unprepared, plain};

pub(super) struct MachineReadableZones;

impl Fixture for MachineReadableZones {
    fn resource(&self) -> &'static str {
        "legation.consular.v1.MachineReadableZoneService"
    }

    fn record<'s>(&'s self, _: &'s Suite) -> Step<'s, Value> {
        Box::pin(async { Err(Unprepared("zones are not kept".into())) })
    }

    fn ask(&self, method: &Method) -> Option<Value> {
        match method.name() {
            "ParseZone" => {
                let lines =
                    "P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<\nL898902C36UTO7408122F1204159ZE184226B<<<<<10";
                Some(json!({ "lines": lines }))
            }
            "GenerateZone" => Some(json!({ "zone": {
                "format": "TD3",
                "documentCode": "P",
                "issuer": "UTO",
                "familyName": "Sample",
                "givenNames": "Anna",
                "number": "L898902C3",
                "nationality": "UTO",
                "birthDate": "1974-08-12",
                "expireDate": "2030-01-01",
            } })),
            _ => plain(method),
        }
    }
}

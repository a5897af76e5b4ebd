//! Questions about digital seals, of which nothing is kept.

use proto::contract::Method;
use serde_json::{Value, json};
use testkit::conformance::{Fixture, Step, Suite, Unprepared, plain};

pub(super) struct DigitalSeals;

impl Fixture for DigitalSeals {
    fn resource(&self) -> &'static str {
        "legation.consular.v1.DigitalSealService"
    }

    fn record<'s>(&'s self, _: &'s Suite) -> Step<'s, Value> {
        Box::pin(async { Err(Unprepared("seals are not kept".into())) })
    }

    fn ask(&self, method: &Method) -> Option<Value> {
        if method.name() == "VerifySeal" { Some(json!({ "barcode": "3AM=" })) } else { plain(method) }
    }
}

//! Licences as the suite makes them: each for a member of its own.

use super::members::MEMBER;
use proto::contract::Method;
use serde_json::{Value, json};
use testkit::conformance::{Fixture, Step, Suite, plain};

/// The resource.
pub(super) const DRIVER_LICENCE: &str = "legation.accreditation.v1.DriverLicence";

pub(super) struct DriverLicences;

impl Fixture for DriverLicences {
    fn resource(&self) -> &'static str {
        DRIVER_LICENCE
    }

    fn record<'s>(&'s self, suite: &'s Suite) -> Step<'s, Value> {
        Box::pin(async move {
            let member = suite.in_state(MEMBER, "ACCREDITED").await?;
            Ok(json!({ "member": member["name"], "classes": ["B"], "foreignLicence": "B072RRE2I55" }))
        })
    }

    fn ask(&self, method: &Method) -> Option<Value> {
        plain(method)
    }

    fn reached_by_time_alone(&self) -> &'static [&'static str] {
        &["EXPIRED"]
    }
}

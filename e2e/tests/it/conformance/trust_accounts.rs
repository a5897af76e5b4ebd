//! Trust accounts as the suite makes them: each of a case of its own, and empty.

use super::assistance_cases::ASSISTANCE_CASE;
use serde_json::{Value, json};
use testkit::conformance::{Fixture, Step, Suite};

/// The resource.
pub(super) const TRUST_ACCOUNT: &str = "legation.consular.v1.TrustAccount";

pub(super) struct TrustAccounts;

impl Fixture for TrustAccounts {
    fn resource(&self) -> &'static str {
        TRUST_ACCOUNT
    }

    fn record<'s>(&'s self, suite: &'s Suite) -> Step<'s, Value> {
        Box::pin(async move {
            let case = suite.make(ASSISTANCE_CASE).await?;
            Ok(json!({ "case": case["name"], "currency": "USD" }))
        })
    }
}

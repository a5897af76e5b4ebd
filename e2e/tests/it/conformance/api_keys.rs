//! API keys as the suite makes them.

use serde_json::{Value, json};
use testkit::conformance::{Fixture, Step, Suite};

pub(super) struct ApiKeys;

impl Fixture for ApiKeys {
    fn resource(&self) -> &'static str {
        "legation.gateway.v1.ApiKey"
    }

    fn record<'s>(&'s self, suite: &'s Suite) -> Step<'s, Value> {
        let expires = chrono::Utc::now() + chrono::TimeDelta::days(30);
        let key = json!({
            "agency": "metropolitan-police",
            "title": format!("Roadside terminal {}", suite.number()),
            "permissions": ["gateway.apiKeys.read"],
            "internal": true,
            "expireTime": expires.to_rfc3339_opts(chrono::SecondsFormat::Secs, true),
        });
        Box::pin(async { Ok(key) })
    }
}

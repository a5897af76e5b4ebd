//! API keys as the suite makes them.

use proto::contract::Method;
use serde_json::{Value, json};
use testkit::conformance::{Fixture, Step, Suite, plain};

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

    fn ask(&self, method: &Method) -> Option<Value> {
        let sooner = chrono::Utc::now() + chrono::TimeDelta::days(3);
        match method.name() {
            "RetireApiKey" => Some(json!({ "expireTime": sooner.to_rfc3339_opts(chrono::SecondsFormat::Secs, true) })),
            _ => plain(method),
        }
    }

    fn change(&self) -> Option<Value> {
        Some(json!({ "title": "Roadside terminals, north", "allowedNetworks": ["192.0.2.0/24"] }))
    }

    fn reached_by_time_alone(&self) -> &'static [&'static str] {
        &["EXPIRED"]
    }
}

//! Bodies and queries that are no good: the client's fault, never ours, and nothing is written.

use crate::conformance::door::{Ask, Door};
use crate::conformance::outcome::{Outcome, brief};
use crate::conformance::probe::{Made, Probe};
use crate::conformance::rest::{self, Outgoing};
use proto::contract::Kind;
use serde_json::{Value, json};

/// More than any body may be.
const TOO_LARGE: usize = 2 << 20;
/// Deeper than any body may be.
const TOO_DEEP: usize = 200;

pub(super) async fn check(probe: &Probe<'_>) -> Made {
    if probe.door != Door::Rest || *probe.method.kind() == Kind::Import {
        return Ok(());
    }
    let good = rest::outgoing(probe.method, &Ask::of(probe.officer(), probe.valid().await?));
    let before = probe.ledger().await?;
    unknown_parameter(probe, &good).await;
    let has_body = probe.method.bindings().first().is_some_and(|binding| !binding.body.is_empty());
    if has_body {
        for (what, body) in bodies(&good.body) {
            let mut bad = good.clone();
            bad.headers.retain(|(name, _)| *name != "content-type");
            bad.headers.push(("content-type", "application/json".into()));
            bad.body = body;
            clients_fault(probe, what, &send(probe, &bad).await);
        }
        unknown_field(probe, &good).await;
    }
    probe.nothing_written("malformed requests", before).await
}

async fn send(probe: &Probe<'_>, outgoing: &Outgoing) -> Outcome {
    rest::exchange(probe.suite.bench(), outgoing, probe.method, 1).await
}

fn clients_fault(probe: &Probe<'_>, what: &str, outcome: &Outcome) {
    let reasons = ["MALFORMED_REQUEST", "INVALID_FIELDS", "REQUEST_TOO_LARGE"];
    let so = outcome
        .as_ref()
        .is_err_and(|refusal| (400..500).contains(&refusal.status) && reasons.contains(&refusal.reason.as_str()));
    probe.holds(so, what, "a fault of the client's", brief(outcome));
}

async fn unknown_parameter(probe: &Probe<'_>, good: &Outgoing) {
    let mut bad = good.clone();
    bad.target.push_str(if bad.target.contains('?') { "&colour=red" } else { "?colour=red" });
    clients_fault(probe, "an unknown parameter", &send(probe, &bad).await);
}

async fn unknown_field(probe: &Probe<'_>, good: &Outgoing) {
    let mut body: Value = serde_json::from_slice(&good.body).unwrap_or_else(|_| json!({}));
    body["flavour"] = json!("salt");
    let bad = Outgoing { body: body.to_string().into_bytes(), ..good.clone() };
    let outcome = send(probe, &bad).await;
    if let Some(refusal) = probe.refused("an unknown field", &outcome, "INVALID_FIELDS", 400) {
        let named = refusal.fields.iter().any(|field| field == "flavour" || field.ends_with(".flavour"));
        probe.holds(named, "an unknown field", "the field flavour at fault", refusal);
    }
}

/// Bodies that are wrong in one way each, made from one that is good.
fn bodies(good: &[u8]) -> Vec<(&'static str, Vec<u8>)> {
    let good = String::from_utf8_lossy(good);
    let inner = good.trim().strip_prefix('{').and_then(|text| text.strip_suffix('}')).unwrap_or_default().trim();
    let with = |more: &str| {
        let comma = if inner.is_empty() { "" } else { ", " };
        format!("{{{inner}{comma}{more}}}").into_bytes()
    };
    let field = serde_json::from_str::<Value>(&good).ok().and_then(|body| body.as_object()?.keys().next().cloned());
    let field = field.unwrap_or_else(|| "reason".into());
    let twice = if inner.is_empty() {
        br#"{"reason": "a", "reason": "b"}"#.to_vec()
    } else {
        with(&format!("{:?}: null", field)).to_vec()
    };
    let deep = format!("\"reason\": {}1{}", "[".repeat(TOO_DEEP), "]".repeat(TOO_DEEP));
    vec![
        ("no JSON", b"{\"reason\"".to_vec()),
        ("a key twice", twice),
        ("a NUL", format!("{{{field:?}: \"a\\u0000b\"}}").into_bytes()),
        ("no UTF-8", [b"{\"reason\": \"".as_slice(), b"\xff\"}"].concat()),
        ("a depth of 200", with(&deep)),
        ("a body of 2 MiB", with(&format!("\"reason\": \"{}\"", "x".repeat(TOO_LARGE)))),
        ("a list for an object", b"[]".to_vec()),
    ]
}

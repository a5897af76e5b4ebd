//! Required fields that are missing: every one is named, at once.

use crate::conformance::door::{Ask, Door};
use crate::conformance::message;
use crate::conformance::probe::{Made, Probe};
use proto::contract::{Field, Kind};
use serde_json::{Value, json};
use std::collections::BTreeSet;

pub(super) async fn check(probe: &Probe<'_>) -> Made {
    match probe.method.kind() {
        // Lines of an import are answered one by one.
        Kind::Import => Ok(()),
        Kind::Update => masked(probe).await,
        _ => bare(probe).await,
    }
}

/// A request with nothing in it, and one with required messages that have nothing in them.
async fn bare(probe: &Probe<'_>) -> Made {
    let input = probe.method.descriptor().input();
    let mut hollow = json!({});
    for descriptor in input.fields() {
        let hollowed =
            descriptor.kind().as_message().is_some_and(|message| !message.is_map_entry()) && !descriptor.is_list();
        let ours =
            descriptor.kind().as_message().is_some_and(|message| message.package_name().starts_with("legation."));
        if hollowed && ours && Field::read(descriptor.clone()).policy().required {
            hollow[descriptor.json_name()] = json!({});
        }
    }
    if probe.door == Door::Grpc {
        expect(probe, "an empty request", json!({})).await?;
    } else if message::has(probe.method, "name") {
        // In HTTP the name is in the path.
        let collection = probe.resource().map(|resource| resource.collection()).unwrap_or_default();
        hollow["name"] = json!(format!("{collection}/nothing-here"));
    }
    expect(probe, "a hollow request", hollow).await
}

async fn expect(probe: &Probe<'_>, what: &str, request: Value) -> Made {
    let mut missing = BTreeSet::new();
    message::missing(&probe.method.descriptor().input(), &request, "", &mut missing);
    if missing.is_empty() {
        return Ok(());
    }
    refused(probe, what, request, missing).await
}

/// An update whose mask names required fields, and whose record has none of them.
async fn masked(probe: &Probe<'_>) -> Made {
    let Some(resource) = probe.resource() else { return Ok(()) };
    let named: Vec<_> = resource
        .fields()
        .iter()
        .filter(|field| field.policy().required && !field.is_immutable() && !field.is_output_only())
        .map(|field| field.descriptor().json_name().to_owned())
        .collect();
    if named.is_empty() {
        return Ok(());
    }
    let record = probe.fresh().await?;
    let holder = probe.holder();
    let mut request = json!({ holder.as_str(): { "name": record["name"] }, "updateMask": named.join(",") });
    request["etag"] = record["etag"].clone();
    let missing = named.iter().map(|field| format!("{holder}.{field}")).collect();
    refused(probe, "a mask of required fields without values", request, missing).await
}

async fn refused(probe: &Probe<'_>, what: &str, request: Value, missing: BTreeSet<String>) -> Made {
    let before = probe.ledger().await?;
    let outcome = probe.send(Ask::of(probe.officer(), request)).await;
    if let Some(refusal) = probe.refused(what, &outcome, "INVALID_FIELDS", 400) {
        let found: BTreeSet<String> = refusal.fields.iter().cloned().collect();
        let expected = missing.iter().cloned().collect::<Vec<_>>().join(", ");
        probe.holds(found == missing, what, format_args!("violations at {expected}"), refusal);
    }
    probe.nothing_written(what, before).await
}

//! Versions: a stale one is refused, and an update must name one.

use crate::conformance::message;
use crate::conformance::probe::{Made, Probe};
use proto::contract::Kind;
use serde_json::json;

pub(super) async fn check(probe: &Probe<'_>) -> Made {
    if !message::has(probe.method, "etag") {
        return Ok(());
    }
    let mut message = probe.valid().await?;
    let before = probe.ledger().await?;
    message["etag"] = json!("0-00000000");
    if let Some(refusal) = probe.refused("a stale etag", &probe.ask(message.clone()).await, "STALE_ETAG", 412) {
        let current = refusal.metadata.contains_key("etag");
        probe.holds(current, "a stale etag", "the current one in the metadata", refusal);
    }
    if *probe.method.kind() == Kind::Update {
        message.as_object_mut().map(|fields| fields.remove("etag"));
        probe.refused("no etag", &probe.ask(message).await, "ETAG_REQUIRED", 428);
    }
    probe.nothing_written("a stale etag", before).await
}

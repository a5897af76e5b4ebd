//! States: in each that the rule does not name, the method is refused and says which it would take.

use crate::conformance::desk::key;
use crate::conformance::door::Ask;
use crate::conformance::probe::{Made, Probe};
use proto::contract::Kind;
use serde_json::json;

pub(super) async fn check(probe: &Probe<'_>) -> Made {
    let from = &probe.method.rule().from;
    let Some(resource) = probe.resource().filter(|_| !from.is_empty()) else { return Ok(()) };
    for state in probe.suite.reachable(resource)? {
        if from.contains(&state) {
            continue;
        }
        let record = probe.suite.kept(resource.message().full_name(), &state).await?;
        let mut message = match probe.method.kind() {
            Kind::Update => probe.update(&record)?,
            _ => probe.suite.about(probe.method, &record)?,
        };
        message["requestId"] = json!(key());
        let what = format!("state {state}");
        let before = probe.ledger().await?;
        let outcome = probe.send(Ask::of(probe.officer(), message)).await;
        if let Some(refusal) = probe.refused(&what, &outcome, "WRONG_STATE", 409) {
            let told = refusal.metadata.get("state") == Some(&state)
                && refusal.metadata.get("allowed").is_some_and(|allowed| from.iter().all(|one| allowed.contains(one)));
            probe.holds(told, &what, format_args!("the state and {} in the metadata", from.join(", ")), refusal);
        }
        probe.nothing_written(&what, before).await?;
    }
    Ok(())
}

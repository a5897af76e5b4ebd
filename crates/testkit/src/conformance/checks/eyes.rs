//! Four eyes: who took the earlier step may not take this one.

use crate::conformance::door::Ask;
use crate::conformance::probe::{Made, Probe};

pub(super) async fn check(probe: &Probe<'_>) -> Made {
    if probe.method.rule().distinct_from.is_empty() {
        return Ok(());
    }
    // The first officer takes every step that has no such rule, and so took the earlier one.
    let message = probe.valid().await?;
    let before = probe.ledger().await?;
    let same = Ask::of(&probe.suite.bench().officers[0], message);
    probe.refused("the same person", &probe.send(same).await, "SAME_PERSON", 403);
    probe.nothing_written("the same person", before).await
}

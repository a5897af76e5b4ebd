//! Writes: each leaves its rows once, however often it is sent, and both doors give the same answer.

use crate::conformance::door::{Ask, Door};
use crate::conformance::ledger::Ledger;
use crate::conformance::message;
use crate::conformance::outcome::brief;
use crate::conformance::probe::{Made, Probe};
use serde_json::Value;

pub(super) async fn check(probe: &Probe<'_>) -> Made {
    let request = probe.valid().await?;
    let before = probe.ledger().await?;
    let first = probe.ask(request.clone()).await;
    let Some(answers) = probe.answered("a valid request", &first) else { return Ok(()) };
    let follows = probe.suite.fixture_of(probe.method).map_or(0, |fixture| fixture.follows(probe.method));
    probe.left("a valid request", before, Ledger::with(follows)).await?;
    let answer = answers.first().cloned().unwrap_or_default();
    led_to_its_state(probe, &answer);
    if !message::has(probe.method, "request_id") {
        return Ok(());
    }
    let before = probe.ledger().await?;
    for door in Door::BOTH {
        let again = door.send(probe.suite.bench(), probe.method, Ask::of(probe.officer(), request.clone())).await;
        let what = format!("the same request again, by {door}");
        if let Some(repeated) = probe.answered(&what, &again) {
            let (first, repeated) = (lasting(probe, &answer), lasting(probe, &repeated[0]));
            probe.holds(first == repeated, &what, &first, &repeated);
        }
    }
    probe.left("the same request again", before, Ledger::read(false)).await?;
    let mut other = probe.valid().await?;
    other["requestId"] = request["requestId"].clone();
    let before = probe.ledger().await?;
    let reused = probe.ask(other).await;
    probe.refused("its key for another request", &reused, "IDEMPOTENCY_KEY_REUSED", 422);
    probe.nothing_written("its key for another request", before).await
}

/// The record is in the one state that the rule leads to.
fn led_to_its_state(probe: &Probe<'_>, answer: &Value) {
    let (Some(resource), [state]) = (probe.resource(), probe.method.rule().to.as_slice()) else { return };
    let record = message::record(probe.method, resource.message().full_name(), answer);
    probe.holds(
        record["state"] == state.as_str(),
        "a valid request",
        format_args!("state {state}"),
        brief(&Ok(vec![record])),
    );
}

/// An answer without what differs from one time to the next.
fn lasting(probe: &Probe<'_>, answer: &Value) -> Value {
    let mut answer = answer.clone();
    let moments = probe.suite.fixture_of(probe.method).map(|fixture| fixture.moments(probe.method)).unwrap_or_default();
    message::lasting(&probe.method.descriptor().output(), &mut answer, moments);
    answer
}

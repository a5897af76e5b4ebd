//! Deadlines that cannot be kept: a whole answer or DEADLINE_EXCEEDED, and never half a write.

use crate::conformance::door::Ask;
use crate::conformance::ledger::Ledger;
use crate::conformance::message;
use crate::conformance::outcome::brief;
use crate::conformance::probe::{Made, Probe};
use std::time::Duration;

pub(super) async fn check(probe: &Probe<'_>) -> Made {
    let fixture = probe.suite.fixture_of(probe.method).ok();
    let follows = fixture.map_or(0, |fixture| fixture.follows(probe.method));
    // Who reads in a hurry has made nothing: that is an answer too.
    let others = fixture.and_then(|fixture| fixture.refuses_others(probe.method));
    for (what, deadline) in [("a deadline of 0", Duration::ZERO), ("a deadline of 1 ms", Duration::from_millis(1))] {
        let request = probe.valid().await?;
        let before = probe.ledger().await?;
        let caller = if probe.method.writes() { probe.officer() } else { &probe.suite.bench().hurried };
        let outcome = probe.send(Ask::of(caller, request.clone()).within(deadline)).await;
        let is_known = |reason: &str| reason == "DEADLINE_EXCEEDED" || others == Some(reason);
        let late = outcome.as_ref().err().is_none_or(|refusal| is_known(&refusal.reason));
        probe.holds(late, what, "an answer or DEADLINE_EXCEEDED", brief(&outcome));
        if !probe.method.writes() || !message::has(probe.method, "request_id") {
            continue;
        }
        // Sent again with its key, the write has one effect, whether the first try had it or not.
        let again = probe.ask(request).await;
        probe.answered(format_args!("{what}, sent again"), &again);
        probe.left(format_args!("{what}, sent again"), before, Ledger::with(follows)).await?;
    }
    Ok(())
}

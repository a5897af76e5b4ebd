//! Reads: they write nothing, or their note in the audit log, and both doors give the same answer.

use crate::conformance::door::{Ask, Door};
use crate::conformance::ledger::Ledger;
use crate::conformance::message;
use crate::conformance::probe::{Made, Probe};
use serde_json::Value;

pub(super) async fn check(probe: &Probe<'_>) -> Made {
    let request = probe.valid().await?;
    let before = probe.ledger().await?;
    let outcome = probe.ask(request.clone()).await;
    let Some(answers) = probe.answered("a valid request", &outcome) else { return Ok(()) };
    probe.left("a valid request", before, Ledger::read(probe.method.rule().audited_read)).await?;
    if probe.door == Door::Rest {
        let direct = Door::Grpc.send(probe.suite.bench(), probe.method, Ask::of(probe.officer(), request)).await;
        if let Some(direct) = probe.answered("the same request by grpc", &direct) {
            let (here, there) = (lasting(probe, &answers[0]), lasting(probe, &direct[0]));
            probe.holds(here == there, "the answer", format_args!("as by grpc {there}"), &here);
        }
    }
    Ok(())
}

fn lasting(probe: &Probe<'_>, answer: &Value) -> Value {
    let mut answer = answer.clone();
    let moments = probe.suite.fixture_of(probe.method).map(|fixture| fixture.moments(probe.method)).unwrap_or_default();
    message::lasting(&probe.method.descriptor().output(), &mut answer, moments);
    answer
}

//! Names that are none, and names of nothing.

use crate::conformance::door::Door;
use crate::conformance::message;
use crate::conformance::outcome::Unprepared;
use crate::conformance::probe::{Made, Probe};
use proto::contract::Kind;
use serde_json::{Value, json};

pub(super) async fn check(probe: &Probe<'_>) -> Made {
    let Some(resource) = probe.resource() else { return Ok(()) };
    let collection = resource.collection();
    let nothing = format!("{collection}/nothing-here");
    if *probe.method.kind() == Kind::Update {
        let mut message = probe.update(&json!({ "name": nothing, "etag": "1-00000000" }))?;
        message["requestId"] = json!("nothing-here");
        return unknown(probe, message).await;
    }
    // A name that refers to no type is answered, whatever it is.
    if message::named(probe.method).is_none() {
        return Ok(());
    }
    let mut bad = vec![format!("{collection}/a b"), format!("{collection}/\u{7}")];
    if probe.door == Door::Grpc {
        // In HTTP these are other addresses, or none.
        bad.extend(["nonsense".into(), "wrong/x".into(), format!("{collection}/"), format!("{collection}/a/b")]);
    }
    for name in bad {
        let outcome = probe.ask(about(probe, &name)?).await;
        if let Some(refusal) = probe.refused(format_args!("name {name:?}"), &outcome, "INVALID_FIELDS", 400) {
            let at_name = refusal.fields.iter().any(|field| field == "name");
            probe.holds(at_name, format_args!("name {name:?}"), "the field name at fault", refusal);
        }
    }
    unknown(probe, about(probe, &nothing)?).await
}

async fn unknown(probe: &Probe<'_>, message: Value) -> Made {
    let before = probe.ledger().await?;
    probe.refused("an unknown name", &probe.ask(message).await, "NOT_FOUND", 404);
    probe.nothing_written("an unknown name", before).await
}

fn about(probe: &Probe<'_>, name: &str) -> Result<Value, Unprepared> {
    probe.suite.about(probe.method, &json!({ "name": name }))
}

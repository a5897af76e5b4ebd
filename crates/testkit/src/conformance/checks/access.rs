//! Who may not call learns nothing: not what exists, not what is wrong with the request.

use crate::conformance::desk::name_of;
use crate::conformance::door::Ask;
use crate::conformance::ledger::Ledger;
use crate::conformance::message;
use crate::conformance::outcome::brief;
use crate::conformance::probe::{Made, Probe};
use serde_json::{Value, json};

pub(super) async fn check(probe: &Probe<'_>) -> Made {
    // Made before the books are looked at.
    let existing = match probe.resource().filter(|_| message::has(probe.method, "name")) {
        Some(resource) => Some(name_of(&probe.suite.kept(resource.message().full_name(), "").await?)),
        None => None,
    };
    let before = probe.ledger().await?;
    let nothing = about(probe, "nothing-here");
    let nobody = Ask { caller: None, messages: vec![nothing.clone()], deadline: None, most: 1 };
    probe.refused("no credential", &probe.send(nobody).await, "UNAUTHENTICATED", 401);
    if !probe.method.rule().any_caller {
        no_permission(probe, nothing, existing).await;
    }
    probe.left("refused access", before, Ledger::read(false)).await
}

async fn no_permission(probe: &Probe<'_>, nothing: Value, existing: Option<String>) {
    let stranger = &probe.suite.bench().stranger;
    let of_nothing = probe.send(Ask::of(stranger, nothing.clone()).most(1)).await;
    let Some(refusal) = probe.refused("no permission", &of_nothing, "PERMISSION_DENIED", 403) else { return };
    let permission = &probe.method.rule().permission;
    let named = refusal.metadata.get("permission");
    probe.holds(named == Some(permission), "no permission", format_args!("{permission} in the metadata"), refusal);
    if let Some(name) = existing {
        let of_something = probe.send(Ask::of(stranger, json!({ "name": name })).most(1)).await;
        let (nothing, something) = (brief(&of_nothing), brief(&of_something));
        probe.holds(of_something == of_nothing, "no permission, a name that exists", nothing, something);
    }
    if message::has(probe.method, "page_size") {
        let mut bad = nothing;
        bad["pageSize"] = json!(-1);
        let outcome = probe.send(Ask::of(stranger, bad)).await;
        probe.refused("no permission and a bad request", &outcome, "PERMISSION_DENIED", 403);
    }
}

/// A request about a record of this id, with nothing else in it.
fn about(probe: &Probe<'_>, id: &str) -> Value {
    let collection = probe.resource().map(|resource| resource.collection()).unwrap_or_default();
    let name = json!(format!("{collection}/{id}"));
    if message::has(probe.method, "name") {
        return json!({ "name": name });
    }
    match probe.holder() {
        field if field.is_empty() => json!({}),
        field => json!({ field: { "name": name } }),
    }
}

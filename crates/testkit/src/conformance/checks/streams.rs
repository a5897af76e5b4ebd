//! Streams: what changes is seen, what is imported is answered line by line, what is exported is all there is.

use crate::conformance::desk::name_of;
use crate::conformance::door::{Ask, Door};
use crate::conformance::ledger::Ledger;
use crate::conformance::message;
use crate::conformance::outcome::{Unprepared, brief};
use crate::conformance::probe::{Made, Probe};
use prost_reflect::Kind as FieldKind;
use proto::contract::{Field, Kind, Resource};
use serde_json::{Value, json};
use std::time::Duration;
use tokio::time::timeout;

/// The longest that a change may take to be seen.
const PATIENCE: Duration = Duration::from_secs(30);

pub(super) async fn check(probe: &Probe<'_>) -> Made {
    match probe.method.kind() {
        Kind::Import => import(probe).await,
        Kind::Export => export(probe).await,
        _ => watch(probe).await,
    }
}

/// Good lines, the same again, and one bad among good ones.
async fn import(probe: &Probe<'_>) -> Made {
    let lines = [probe.line().await?, probe.line().await?];
    let before = probe.ledger().await?;
    outcomes(probe, "new lines", &lines, &["CREATED", "CREATED"]).await;
    probe.left("new lines", before, Ledger { history: 2, audit: 2, outbox: 2 }).await?;
    let before = probe.ledger().await?;
    for door in Door::BOTH {
        let probe = Probe { door, ..*probe };
        outcomes(&probe, "the same lines again", &lines, &["UNCHANGED", "UNCHANGED"]).await;
    }
    probe.left("the same lines again", before, Ledger::read(false)).await?;
    let mut bad = probe.line().await?;
    bad[probe.holder()] = json!({});
    let mixed = [bad, probe.line().await?];
    let before = probe.ledger().await?;
    let Some(answers) = outcomes(probe, "a bad line", &mixed, &["REJECTED", "CREATED"]).await else { return Ok(()) };
    let mut missing = std::collections::BTreeSet::new();
    message::missing(&probe.method.descriptor().input(), &mixed[0], "", &mut missing);
    let failure = &answers[0]["failure"];
    let named = failure["violations"].as_array().cloned().unwrap_or_default();
    let named = named.iter().filter_map(|violation| violation["field"].as_str()).map(str::to_owned).collect();
    probe.holds(missing == named, "a bad line", format_args!("violations at {missing:?}"), failure);
    probe.left("a bad line", before, Ledger::ONE).await
}

async fn outcomes(probe: &Probe<'_>, what: &str, lines: &[Value], expected: &[&str]) -> Option<Vec<Value>> {
    let ask = Ask { messages: lines.to_vec(), ..Ask::of(probe.officer(), Value::Null) };
    let outcome = probe.send(ask).await;
    let answers = probe.answered(what, &outcome)?;
    let found: Vec<_> = answers.iter().map(|answer| answer["outcome"].as_str().unwrap_or_default()).collect();
    probe.holds(found == expected, what, expected.join(", "), format_args!("{answers:?}"));
    (found == expected).then(|| answers.clone())
}

/// Every record that a list gives, each once, and the same at both doors.
async fn export(probe: &Probe<'_>) -> Made {
    let resource = probe.resource().ok_or_else(|| Unprepared("the export is of no resource".into()))?;
    let name = resource.message().full_name();
    let first = probe.suite.make(name).await?;
    let made = [name_of(&first), name_of(&probe.suite.make(name).await?)];
    let filter = json!({ "filter": format!("createTime >= {}", first["createTime"]) });
    let outcome = probe.ask(filter.clone()).await;
    let Some(lines) = probe.answered("an export", &outcome) else { return Ok(()) };
    let holder = message::holder(&probe.method.descriptor().output(), name);
    let holder = holder.map(|field| field.json_name().to_owned()).unwrap_or_default();
    let mut names: Vec<_> = lines.iter().map(|line| name_of(&line[&holder])).collect();
    let mut expected = made.to_vec();
    names.sort();
    expected.sort();
    probe.holds(names == expected, "an export", format_args!("{expected:?}"), format_args!("{names:?}"));
    let other = if probe.door == Door::Grpc { Door::Rest } else { Door::Grpc };
    let there = other.send(probe.suite.bench(), probe.method, Ask::of(probe.officer(), filter)).await;
    probe.holds(there == outcome, format_args!("an export by {other}"), brief(&outcome), brief(&there));
    let unknown = probe.ask(json!({ "filter": "flavour = \"salt\"" })).await;
    probe.refused("filter by an unknown field", &unknown, "INVALID_FILTER", 400);
    Ok(())
}

/// A change that is made while somebody watches, by a filter that every record passes.
async fn watch(probe: &Probe<'_>) -> Made {
    let resource = probe.resource().ok_or_else(|| Unprepared("the watch is of no resource".into()))?;
    let name = resource.message().full_name();
    let unknown = probe.send(Ask::of(probe.officer(), json!({ "filter": "flavour = \"salt\"" })).most(1)).await;
    probe.refused("filter by an unknown field", &unknown, "INVALID_FILTER", 400);
    let filter = by_every_field(resource);
    let watching = probe.send(Ask::of(probe.officer(), json!({ "filter": filter })).most(1));
    tokio::pin!(watching);
    // The watch begins at some moment; records are made until one falls after it.
    let seen = timeout(PATIENCE, async {
        loop {
            let made = probe.suite.make(name);
            tokio::pin!(made);
            tokio::select! {
                biased;
                outcome = &mut watching => {
                    // A record half asked for would still be written, and stand in the next check's books.
                    made.await?;
                    return Ok(outcome);
                }
                made = &mut made => drop(made?),
            }
        }
    });
    let outcome = seen.await.map_err(|_| Unprepared("no change was seen".into()))??;
    let Some(changes) = probe.answered("a change", &outcome) else { return Ok(()) };
    let change = &changes[0];
    let holder = message::holder(&probe.method.descriptor().output(), name);
    let holder = holder.map(|field| field.json_name().to_owned()).unwrap_or_default();
    let whole = change["cursor"].as_str().is_some_and(|cursor| !cursor.is_empty())
        && change["revision"]["verb"] == "create"
        && !name_of(&change[&holder]).is_empty();
    probe.holds(whole, "a change", "its cursor, its step and the record", change);
    // From the cursor on, the next change is another one.
    let next = probe.suite.make(name).await?;
    let goes_on = json!({ "cursor": change["cursor"], "filter": filter });
    let ask = Ask::of(probe.officer(), goes_on.clone()).most(1);
    let following = timeout(PATIENCE, probe.send(ask)).await;
    let following = following.map_err(|_| Unprepared("no change was seen after the cursor".into()))?;
    if let Some(changes) = probe.answered("from a cursor on", &following) {
        let another = changes[0]["cursor"] != change["cursor"];
        probe.holds(another, "from a cursor on", format_args!("a later change than {next}"), &changes[0]);
    }
    // A cursor is good for nobody else, and for no other question.
    let another = probe.suite.bench().officers.iter().find(|one| one.credential != probe.officer().credential);
    if let Some(another) = another {
        let lent = probe.send(Ask::of(another, goes_on).most(1)).await;
        probe.refused("another caller's cursor", &lent, "INVALID_PAGE_TOKEN", 400);
    }
    let elsewhere = probe.send(Ask::of(probe.officer(), json!({ "cursor": change["cursor"] })).most(1)).await;
    probe.refused("the cursor of another filter", &elsewhere, "INVALID_PAGE_TOKEN", 400);
    Ok(())
}

/// A filter by every field that can be filtered by, which says nothing of any: `(state = OPEN OR NOT state = OPEN)`.
/// What is watched is filtered as it stood in the history, and each field must be found there too.
fn by_every_field(resource: &Resource) -> String {
    let tautology = |field: &Field| {
        let (name, kind) = (field.descriptor().json_name(), field.descriptor().kind());
        let value = match &kind {
            FieldKind::Enum(values) => values.values().last().map(|value| value.name().to_owned())?,
            FieldKind::String => "\"none\"".to_owned(),
            FieldKind::Bool => "true".to_owned(),
            FieldKind::Message(_) => "\"2000-01-01T00:00:00Z\"".to_owned(),
            _ => "1".to_owned(),
        };
        Some(format!("({name} = {value} OR NOT {name} = {value})"))
    };
    let fields = resource.fields().iter().filter(|field| field.is_identifier() || field.policy().filterable);
    let fields = fields.filter(|field| !field.descriptor().is_list());
    fields.filter_map(tautology).collect::<Vec<_>>().join(" AND ")
}

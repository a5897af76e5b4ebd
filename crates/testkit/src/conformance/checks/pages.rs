//! Pages: of any size, they give every record once; their tokens are good for nobody and nothing else.

use crate::conformance::desk::name_of;
use crate::conformance::door::Ask;
use crate::conformance::message;
use crate::conformance::outcome::{Outcome, Unprepared};
use crate::conformance::probe::{Made, Probe};
use proto::contract::Kind;
use serde_json::{Value, json};

/// How many records are walked over.
const RECORDS: usize = 5;

pub(super) async fn check(probe: &Probe<'_>) -> Made {
    let question = match probe.method.kind() {
        Kind::List => listed(probe).await?,
        Kind::Revisions => json!({ "name": stepped(probe).await? }),
        _ => return Ok(()),
    };
    let whole = walk(probe, &question, 1_000).await?;
    let enough = if *probe.method.kind() == Kind::List { RECORDS } else { 1 };
    probe.holds(whole.len() >= enough, "one page", format_args!("{enough} items or more"), whole.len());
    for size in 1..=whole.len() + 1 {
        let walked = walk(probe, &question, size).await?;
        let numbers = |items: &[Value]| items.len();
        probe.holds(walked == whole, format_args!("pages of {size}"), numbers(&whole), numbers(&walked));
    }
    refusals(probe, &question, whole.len() > 1).await;
    Ok(())
}

/// A list of records that are made for it: those since the first of them.
async fn listed(probe: &Probe<'_>) -> Result<Value, Unprepared> {
    let resource = probe.resource().ok_or_else(|| Unprepared("the list is of no resource".into()))?;
    let mut since = None;
    for _ in 0..RECORDS {
        let record = probe.suite.make(resource.message().full_name()).await?;
        since.get_or_insert(record["createTime"].clone());
    }
    Ok(json!({ "filter": format!("createTime >= {}", since.unwrap_or_default()) }))
}

/// A record that has come as far as it can.
async fn stepped(probe: &Probe<'_>) -> Result<String, Unprepared> {
    let resource = probe.resource().ok_or_else(|| Unprepared("the history is of no resource".into()))?;
    let name = resource.message().full_name();
    let states = probe.suite.reachable(resource)?;
    Ok(name_of(&probe.suite.kept(name, states.last().map_or("", String::as_str)).await?))
}

/// Every item, page by page.
async fn walk(probe: &Probe<'_>, question: &Value, size: usize) -> Result<Vec<Value>, Unprepared> {
    let field = message::items(&probe.method.descriptor().output());
    let field = field.ok_or_else(|| Unprepared("the answer has no list".into()))?;
    let (mut items, mut token) = (Vec::new(), String::new());
    loop {
        let page = page(probe, question, size, &token).await;
        let page = page.map_err(|refusal| Unprepared(format!("pages of {size}: {refusal}")))?;
        let found = page[0][&field].as_array().cloned().unwrap_or_default();
        probe.holds(found.len() <= size, format_args!("pages of {size}"), "no more items", found.len());
        items.extend(found);
        token = page[0]["nextPageToken"].as_str().unwrap_or_default().to_owned();
        if token.is_empty() {
            return Ok(items);
        }
    }
}

async fn page(probe: &Probe<'_>, question: &Value, size: usize, token: &str) -> Outcome {
    let mut message = question.clone();
    message["pageSize"] = json!(size);
    message["pageToken"] = json!(token);
    probe.ask(message).await
}

async fn refusals(probe: &Probe<'_>, question: &Value, has_more: bool) {
    let mut negative = question.clone();
    negative["pageSize"] = json!(-1);
    probe.refused("a page of -1", &probe.ask(negative).await, "INVALID_FIELDS", 400);
    if let Ok(first) = page(probe, question, 1, "").await
        && let Some(token) = first[0]["nextPageToken"].as_str().filter(|_| has_more)
    {
        let middle = token.len() / 2;
        let other = if token.as_bytes()[middle] == b'A' { 'B' } else { 'A' };
        let altered = format!("{}{other}{}", &token[..middle], &token[middle + 1..]);
        for (what, token) in [("an altered token", altered.as_str()), ("a token made up", "AAAA"), ("no token", "?")] {
            probe.refused(what, &page(probe, question, 1, token).await, "INVALID_PAGE_TOKEN", 400);
        }
        let mut message = question.clone();
        message["pageToken"] = json!(token);
        let another = probe.suite.bench().officers.iter().find(|one| one.credential != probe.officer().credential);
        if let Some(another) = another {
            let outcome = probe.send(Ask::of(another, message)).await;
            probe.refused("another caller's token", &outcome, "INVALID_PAGE_TOKEN", 400);
        }
    }
    for field in ["filter", "orderBy"].into_iter().filter(|_| *probe.method.kind() == Kind::List) {
        let text = if field == "filter" { "flavour = \"salt\"" } else { "flavour" };
        let outcome = probe.ask(json!({ field: text })).await;
        probe.refused(format_args!("{field} by an unknown field"), &outcome, "INVALID_FILTER", 400);
    }
}

//! The register's numbers beside those of the plan.

use super::super::register::{Register, name, state};
use super::corps::patient;
use super::plan::Plan;
use anyhow::{Context as _, Result};
use serde_json::Value;
use std::collections::BTreeMap;

/// Records of one page.
const PAGE: &str = "1000";

/// Counts the members of this run by state, the late notifications and the good cards; whether all is as planned.
pub(super) async fn compare(register: &Register<'_>, plan: &Plan) -> Result<bool> {
    let ours = plan.ours();
    let members: Vec<_> =
        all(register, "members", "").await?.into_iter().filter(|m| name(m).starts_with(&ours)).collect();
    let mut states: BTreeMap<&str, usize> = BTreeMap::new();
    for member in &members {
        *states.entry(state(member)).or_default() += 1;
    }
    let late = members.iter().filter(|member| member["notifiedLate"] == true).count();
    let of_ours = |card: &&Value| card["member"].as_str().is_some_and(|member| member.starts_with(&ours));
    let cards = all(register, "identityCards", "state = \"ISSUED\"").await?;
    let cards = cards.iter().filter(of_ours).count();

    println!("\n     {:22} {:>8} {:>10}", "", "planned", "register");
    let mut right = true;
    let mut line = |what: &str, planned: usize, found: usize| {
        right &= planned == found;
        println!("  {:2} {what:22} {planned:>8} {found:>10}", if planned == found { "ok" } else { "NO" });
    };
    let names: std::collections::BTreeSet<_> = states.keys().chain(plan.states.keys()).copied().collect();
    for one in names {
        line(one, plan.states.get(one).copied().unwrap_or_default(), states.get(one).copied().unwrap_or_default());
    }
    line("notified late", plan.late, late);
    line("cards that are good", plan.cards, cards);
    Ok(right)
}

/// Every record of a collection that the filter finds, page by page.
pub(super) async fn all(register: &Register<'_>, collection: &str, filter: &str) -> Result<Vec<Value>> {
    let path = format!("/v1/accreditation/{collection}");
    let (mut found, mut token) = (Vec::new(), String::new());
    loop {
        let query = [("pageSize", PAGE), ("filter", filter), ("pageToken", &token)];
        let asked = patient(async || register.door.get(register.decides, &path, &query).await).await?;
        let mut page = asked.with_context(|| format!("list {collection}"))?;
        if let Some(records) = page[collection].as_array_mut() {
            found.append(records);
        }
        token = page["nextPageToken"].as_str().unwrap_or_default().to_owned();
        if token.is_empty() {
            return Ok(found);
        }
    }
}

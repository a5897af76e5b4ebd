//! A year of the diplomatic corps: two thousand members with their families, twelve new ambassadors, a promotion, a
//! drunken drive, a mission that closes; and at the end the register's numbers against numbers computed apart.

mod ceremony;
mod corps;
mod counts;
mod events;
mod plan;

use super::missions::Mapped;
use super::register::Register;
use anyhow::{Context as _, Result, ensure};
use plan::Plan;
use proto::accreditation::v1::mission::Type;
use serde_json::Value;
use std::collections::BTreeSet;

/// Ambassadors who present their credentials in one ceremony.
const AMBASSADORS: usize = 12;
/// Members notified, the ambassadors besides.
const MEMBERS: usize = 2_000;

/// Plays the year; whether every number was as it must be.
pub(super) async fn play(register: &Register<'_>, mapped: &[Mapped]) -> Result<bool> {
    let (open, led) = (open(register).await?, led(register).await?);
    let embassies: Vec<_> = mapped
        .iter()
        .filter(|mission| mission.kind == Type::Embassy)
        .map(|mission| (format!("missions/{}", mission.id), mission.sending_state.clone()))
        .filter(|(mission, _)| open.contains(mission) && !led.contains(mission))
        .collect();
    ensure!(embassies.len() > AMBASSADORS, "{} embassies without a head are too few", embassies.len());
    // Every run has members of its own, so that a year can follow a year.
    let run = register.now.format("%y%m%d%H%M%S").to_string();
    let mut plan = Plan::new(&run, &embassies, MEMBERS);

    println!("\nA year of the corps: {MEMBERS} members of {} embassies.\n", embassies.len());
    corps::come(register, &plan).await?;
    let order = ceremony::hold(register, &run, &embassies[..AMBASSADORS], &mut plan).await?;
    events::promote(register, &mut plan).await?;
    events::stop_a_drunken_driver(register, &mut plan).await?;
    let closure = events::close_a_mission(register, &mut plan).await?;
    let counts = counts::compare(register, &plan).await?;
    Ok(order && closure && counts)
}

/// The embassies at work: another year may have closed one.
async fn open(register: &Register<'_>) -> Result<BTreeSet<String>> {
    let found = counts::all(register, "missions", "type = EMBASSY AND state = OPEN").await.context("list embassies")?;
    Ok(found.iter().map(|mission| text(mission, "name").to_owned()).collect())
}

/// The missions that have a head.
async fn led(register: &Register<'_>) -> Result<BTreeSet<String>> {
    let filter = "category = \"HEAD_OF_MISSION\" AND state = \"ACCREDITED\"";
    let heads = counts::all(register, "members", filter).await.context("list the heads of mission")?;
    Ok(heads.iter().filter_map(|head| head["mission"].as_str()).map(str::to_owned).collect())
}

/// Prints a line of the year.
fn tell(what: &str, words: &str) {
    println!("  {what:24} {words}");
}

/// A field's text.
fn text<'v>(value: &'v Value, field: &str) -> &'v str {
    value[field].as_str().unwrap_or_default()
}

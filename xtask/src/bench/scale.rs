//! Does an answer cost more when the register is a hundred times as large? The same questions at two sizes, in one run.

use super::copies::Original;
use super::load::{CALLERS, Measured, Shot, fire};
use super::rig::{Rig, SEALING_KEYS, mission};
use super::table::Table;
use anyhow::{Context as _, Result, ensure};
use std::time::Instant;

/// Members of the small register and of the large one.
const SIZES: [u64; 2] = [10_000, 1_000_000];
/// Members of one statement.
const BATCH: u64 = 50_000;
/// Missions the members belong to: about as many as a capital hosts.
const MISSIONS: usize = 260;
/// How many different records the questions are about.
const ASKED: u64 = 500;
/// Rounds of each question.
const ROUNDS: usize = 3;
/// Seconds of each round.
const SECONDS: u32 = 3;
/// How much more an answer of the large register may cost.
const GOAL: f64 = 1.5;

const FILL: &str = include_str!("scale.sql");

/// Verify, immunity and a filtered page: how much longer they take at a million members than at ten thousand.
pub(super) fn scale(rig: &Rig, table: &mut Table) -> Result<()> {
    let lines: String = (0..MISSIONS)
        .map(|n| serde_json::json!({"missionId": format!("scale-{n}"), "mission": mission(&format!("scale-{n}"))}))
        .map(|line| format!("{line}\n"))
        .collect();
    rig.send("POST", "/v1/accreditation/missions:import", lines)?;
    let expires = (chrono::Utc::now() + chrono::TimeDelta::days(400)).to_rfc3339();
    let card = serde_json::json!({"member": rig.member, "expireTime": expires});
    rig.send("POST", "/v1/accreditation/identityCards", card.to_string())?;
    let mut measured: Vec<Vec<(&str, Measured)>> = Vec::new();
    let mut there = 0;
    for size in SIZES {
        fill(rig, there, size)?;
        there = size;
        let mut answers = Vec::new();
        for (what, shot) in questions(rig, size)? {
            let mut rounds = Vec::new();
            for _ in 0..ROUNDS {
                rounds.push(fire(&shot, CALLERS, SECONDS, &rig.folder)?);
            }
            rounds.sort_by(|a, b| a.p50.total_cmp(&b.p50));
            let middle = rounds.swap_remove(ROUNDS / 2);
            table.rate(&format!("{what}, {size} members"), &middle);
            answers.push((what, middle));
        }
        measured.push(answers);
    }
    for ((what, small), (_, large)) in measured[0].iter().zip(&measured[1]) {
        table.ratio(
            &format!("{what}: p50 at {} / at {} (at most)", SIZES[1], SIZES[0]),
            large.p50 / small.p50,
            Some(-GOAL),
        );
    }
    Ok(())
}

/// Adds members until there are so many.
fn fill(rig: &Rig, from: u64, to: u64) -> Result<()> {
    let begun = Instant::now();
    let postgres = rig.cluster.postgres();
    let run = |sql: &str| postgres.query("accreditation", "accreditation", sql);
    let original = Original::open(rig, SEALING_KEYS, &rig.member)?;
    let mut next = from;
    while next < to {
        let last = (next + BATCH).min(to);
        let [wrapping, keys, parts] = original.sealed((next + 1..=last).map(|n| format!("members/m{n}")))?;
        let text = FILL.replace("{from}", &(next + 1).to_string()).replace("{to}", &last.to_string());
        run(&text.replace("{wrapping}", &wrapping).replace("{keys}", &keys).replace("{parts}", &parts))?;
        next = last;
        println!("{next} of {to} members after {:.0} s", begun.elapsed().as_secs_f64());
    }
    for table in ["members", "data_keys", "identity_cards", "history"] {
        run(&format!("vacuum analyze {table}"))?;
    }
    Ok(())
}

/// The questions about records spread over the whole register.
fn questions(rig: &Rig, size: u64) -> Result<Vec<(&'static str, Shot)>> {
    let postgres = rig.cluster.postgres();
    let step = size / ASKED;
    let cards = postgres.query(
        "accreditation",
        "accreditation",
        &format!("select name from identity_cards where doc->>'member' like 'members/m%' and substr(doc->>'member', 10)::bigint % {step} = 0"),
    )?;
    ensure!(cards.len() as u64 >= ASKED / 2, "the register has cards to ask about");
    let verify = cards.iter().map(|name| format!("/v1/accreditation/{name}:verify")).collect();
    let question = serde_json::json!({"matter": "ARREST_OR_DETENTION", "reference": "bench"});
    let mut immunity = rig.post("/v1/accreditation/members/m1:determineImmunity", "question", &question)?;
    let determine = (1..=ASKED).map(|n| format!("/v1/accreditation/members/m{}:determineImmunity", n * step)).collect();
    immunity = rig.spread(immunity, determine);
    let pages = (0..MISSIONS)
        .map(|n| format!("filter=mission%3D%22missions%2Fscale-{n}%22%20AND%20state%3D%22ACCREDITED%22&pageSize=20"))
        .map(|query| format!("/v1/accreditation/members?{query}"))
        .collect();
    let first = cards.first().context("there are cards")?;
    Ok(vec![
        ("verify a card", rig.spread(rig.rest(&format!("/v1/accreditation/{first}:verify")), verify)),
        ("determine immunity", immunity),
        ("a page of a mission's members", rig.spread(rig.rest("/v1/accreditation/members"), pages)),
    ])
}

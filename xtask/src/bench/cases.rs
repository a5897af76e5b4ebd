//! The cases: what is measured against what, in one run.

use super::load::{CALLERS, Key, Measured, Shot, fire, fire_creates};
use super::rig::{Rig, mission};
use super::table::Table;
use anyhow::{Context, Result};
use proto::accreditation::v1::{GetMissionRequest, ListMissionsRequest};
use std::process::Command;

/// Rounds of each target; the targets take turns, and the middle round counts.
const ROUNDS: usize = 3;
/// Seconds of each round.
pub(super) const SECONDS: u32 = 3;

const GET: &str = "/legation.accreditation.v1.MissionService/GetMission";
const LIST: &str = "/legation.accreditation.v1.MissionService/ListMissions";

/// Reading one record: REST, gRPC through the gateway, gRPC to the service itself.
pub(super) fn get(rig: &Rig, table: &mut Table) -> Result<()> {
    let message = GetMissionRequest { name: rig.mission.clone(), as_of: None };
    let rest = rig.rest(&format!("/v1/accreditation/{}", rig.mission));
    let results = turns(rig, CALLERS, &[rest, rig.grpc(GET, &message)?, rig.direct(GET, &message)?])?;
    table.rate("get: REST through the gateway", &results[0]);
    table.rate("get: gRPC through the gateway", &results[1]);
    table.rate("get: gRPC to the service itself", &results[2]);
    table.ratio("REST / gRPC through the gateway", results[0].rate / results[1].rate, Some(0.9));
    table.ratio("REST / gRPC to the service itself", results[0].rate / results[2].rate, Some(0.4));
    Ok(())
}

/// Reading a page of 50.
pub(super) fn list(rig: &Rig, table: &mut Table) -> Result<()> {
    let message = ListMissionsRequest { page_size: 50, ..Default::default() };
    let rest = rig.rest("/v1/accreditation/missions?pageSize=50");
    let results = turns(rig, CALLERS, &[rest, rig.grpc(LIST, &message)?])?;
    table.rate("page of 50: REST through the gateway", &results[0]);
    table.rate("page of 50: gRPC through the gateway", &results[1]);
    table.ratio("REST / gRPC through the gateway", results[0].rate / results[1].rate, None);
    Ok(())
}

/// Asking whether a diplomat may be arrested, against reading a mission and against reading that diplomat, which is
/// recorded too: at one caller and at many.
pub(super) fn determine(rig: &Rig, table: &mut Table) -> Result<()> {
    let question = serde_json::json!({"matter": "ARREST_OR_DETENTION", "reference": "bench"});
    let ask = rig.post(&format!("/v1/accreditation/{}:determineImmunity", rig.member), "question", &question)?;
    let read = rig.rest(&format!("/v1/accreditation/{}", rig.mission));
    let recorded = rig.rest(&format!("/v1/accreditation/{}", rig.member));
    for callers in [1, CALLERS] {
        let results = turns(rig, callers, &[ask.clone(), read.clone(), recorded.clone()])?;
        table.rate(&format!("determineImmunity, {callers} callers"), &results[0]);
        table.rate(&format!("get, {callers} callers"), &results[1]);
        table.rate(&format!("get of the member, recorded, {callers} callers"), &results[2]);
        // An answer is held against a reading that goes on record too: docs/adr/0022-what-an-answer-costs.md.
        table.ratio("p50 of determineImmunity / p50 of get (at most)", results[0].p50 / results[1].p50, Some(-1.3));
        table.ratio(
            "p50 of determineImmunity / p50 of get, recorded (at most)",
            results[0].p50 / results[2].p50,
            Some(-1.3),
        );
    }
    Ok(())
}

/// Making records through the gateway, against pgbench writing the same rows in one statement.
pub(super) fn create(rig: &Rig, table: &mut Table) -> Result<()> {
    let shot = rig.post("/v1/accreditation/missions", "mission", &mission("created"))?;
    let (mut through, mut plain) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        through.push(fire_creates(&shot, Key::Header, CALLERS, SECONDS, &rig.folder)?);
        plain.push(pgbench(rig)?);
    }
    let through = middle(through);
    plain.sort_by(f64::total_cmp);
    let plain = plain[plain.len() / 2];
    table.rate("create: REST through the gateway, a new key each", &through);
    table.figure("create: pgbench, the same rows in one statement", plain, "tx/s");
    table.ratio("REST / pgbench", through.rate / plain, Some(0.5));
    Ok(())
}

/// The same rows as a create: record, history, audit, outbox, idempotency, in one prepared statement.
fn pgbench(rig: &Rig) -> Result<f64> {
    let document = mission("created").to_string().replace('\'', "''");
    let script = format!(
        "with new as (select gen_random_uuid() as id), \
         idem as (insert into idempotency (principal, method, key, fingerprint, answer, at) \
           select 'apiKeys/bench', '/pgbench', id::text, sha256(id::text::bytea), convert_to($d${document}$d$, 'utf8'), now() from new), \
         rec as (insert into missions (name, uid, version, doc, created_at, updated_at) \
           select 'missions/' || id, id, 1, $d${document}$d$::jsonb || jsonb_build_object('name', 'missions/' || id, 'state', 'PROPOSED'), now(), now() from new), \
         his as (insert into history (kind, name, version, verb, actor, at, doc) \
           select 'missions', 'missions/' || id, 1, 'create', 'apiKeys/bench', now(), $d${document}$d$::jsonb from new), \
         aud as (insert into audit (actor, method, name, outcome) \
           select 'apiKeys/bench', '/pgbench', 'missions/' || id, 'OK' from new) \
         insert into outbox (at, kind, name, version, verb, actor, doc) \
           select now(), 'missions', 'missions/' || id, 1, 'create', 'apiKeys/bench', $d${document}$d$::jsonb from new;\n"
    )
    // pgbench takes a colon before a letter for a variable.
    .replace("https://", "https:%2F%2F");
    let file = rig.folder.join("create.sql");
    std::fs::write(&file, script)?;
    let postgres = rig.cluster.postgres();
    let output = Command::new(postgres.programs().join("pgbench"))
        .args(["-n", "-M", "prepared", "-j", "1", "-c", &CALLERS.to_string(), "-T", &SECONDS.to_string(), "-f"])
        .arg(&file)
        .arg(postgres.superuser_url("accreditation"))
        .output()
        .context("pgbench does not start")?;
    let text = String::from_utf8_lossy(&output.stdout);
    let rate = text.lines().find_map(|line| line.strip_prefix("tps = ")?.split_whitespace().next()?.parse().ok());
    rate.with_context(|| format!("pgbench printed no rate: {text}{}", String::from_utf8_lossy(&output.stderr)))
}

/// Fires the targets in turn, and gives the middle round of each.
fn turns(rig: &Rig, callers: u32, shots: &[Shot]) -> Result<Vec<Measured>> {
    in_turn(shots, |shot| fire(shot, callers, SECONDS, &rig.folder))
}

/// Measures the targets in turn, and gives the middle round of each.
pub(super) fn in_turn<T>(targets: &[T], measure: impl Fn(&T) -> Result<Measured>) -> Result<Vec<Measured>> {
    let mut rounds = vec![Vec::new(); targets.len()];
    for round in 0..ROUNDS {
        for step in 0..targets.len() {
            // A different one goes first each time.
            let target = (step + round) % targets.len();
            rounds[target].push(measure(&targets[target])?);
        }
    }
    Ok(rounds.into_iter().map(middle).collect())
}

fn middle(mut rounds: Vec<Measured>) -> Measured {
    rounds.sort_by(|a, b| a.rate.total_cmp(&b.rate));
    rounds.swap_remove(rounds.len() / 2)
}

//! Our door, with everything on, against Envoy's JSON transcoder and grpc-gateway, with nothing on.
//!
//! Twice, for two questions. *Doors alone*: each door on one processor of its own, everything else on the others, and
//! behind the doors a service that gives accreditation's own answers from memory: what does a door cost? *The whole
//! house*: accreditation itself and its database behind the doors, everything on all processors: what does a caller
//! notice? There all doors wait for the same database, and the ratios are nearer to one.

mod contract;
mod doors;
mod replay;

use super::cases::{SECONDS, in_turn};
use super::load::{CALLERS, Key, Measured, Shot, fire, fire_creates};
use super::rig::{Rig, build, mission};
use super::table::Table;
use anyhow::{Context as _, Result, ensure};
use doors::Peer;
use proto::accreditation::v1::{CreateMissionRequest, GetMissionRequest, ListMissionsRequest, Mission};
use replay::{Answers, Replay};
use std::process::Command;

/// What is called, and all that the peers know of the contract.
const METHODS: [&str; 3] = [
    "/legation.accreditation.v1.MissionService/GetMission",
    "/legation.accreditation.v1.MissionService/ListMissions",
    "/legation.accreditation.v1.MissionService/CreateMission",
];
const GET: &str = "/v1/accreditation/missions/peers-0";
const NAME: &str = "missions/peers-0";
const LIST: &str = "/v1/accreditation/missions?pageSize=20";
const CREATE: &str = "/v1/accreditation/missions";
/// Missions in the register: more than a page.
const MISSIONS: usize = 40;
/// Districts of a record, so that it has 1.2 kB.
const DISTRICTS: usize = 50;
/// Where the goal is to be ahead.
const AHEAD: f64 = 1.0;
/// The most of a peer's time that an answer should take at one caller.
const HALF: f64 = 0.5;

/// Measures all doors, in front of answers from memory and in front of the house.
pub(super) fn peers(table: &mut Table) -> Result<()> {
    build()?;
    let folder = crate::local::root().join(".local/bench");
    std::fs::create_dir_all(&folder)?;
    let mut peers = Vec::new();
    for peer in [Peer::envoy(&folder), Peer::grpc_gateway(&folder)] {
        match peer {
            Ok(peer) => peers.push(peer),
            Err(why) => println!("left out: {why:#}"),
        }
    }
    ensure!(!peers.is_empty(), "there is nothing to compare with");
    let all = processors()?;
    let others = if all.len() > 1 { &all[1..] } else { &all };
    // What we start from now on runs where we do.
    keep_to(others)?;
    let measured = alone(&peers, &list(&all[..1]), table);
    keep_to(&all)?;
    measured?;
    house(&peers, &list(&all), table)
}

/// The doors in front of answers from memory, each on a processor of its own.
fn alone(peers: &[Peer], processors: &str, table: &mut Table) -> Result<()> {
    let rig = rig()?;
    let replay = Replay::start(answers(&rig)?)?;
    let ours = rig.door(&replay.address, processors)?;
    table.title(&format!("doors alone, each on processor {processors}, in front of answers from memory"));
    measure(&rig, &ours.address, &replay.address, peers, processors, table, true)
}

/// The doors in front of accreditation, everything on all processors.
fn house(peers: &[Peer], processors: &str, table: &mut Table) -> Result<()> {
    let rig = rig()?;
    let (ours, accreditation) = rig.addresses();
    table.title(&format!("the whole house, everything on processors {processors}"));
    measure(&rig, ours, accreditation, peers, processors, table, false)
}

/// A house with enough missions for a page.
fn rig() -> Result<Rig> {
    let rig = Rig::start()?;
    let line = |n| serde_json::json!({"missionId": format!("peers-{n}"), "mission": record(&format!("peers-{n}"))});
    rig.send("POST", "/v1/accreditation/missions:import", (0..MISSIONS).map(|n| format!("{}\n", line(n))).collect())?;
    Ok(rig)
}

/// A mission of 1.2 kB on the wire: one that is competent for many districts.
fn record(id: &str) -> serde_json::Value {
    let mut record = mission(id);
    record["jurisdictions"] = (1..=DISTRICTS).map(|n| format!("District {n:03}")).collect();
    record
}

/// What accreditation answers to each method.
fn answers(rig: &Rig) -> Result<Answers> {
    let get = GetMissionRequest { name: NAME.into(), as_of: None };
    let list = ListMissionsRequest { page_size: 20, ..Default::default() };
    let answer = replay::record(&rig.direct(METHODS[0], &get)?)?;
    // A frame of gRPC begins with five bytes of its own.
    let made: Mission = prost::Message::decode(&answer[5..]).context("the answer is a mission")?;
    println!("the record has {} bytes on the wire", answer.len() - 5);
    let create = CreateMissionRequest {
        mission: Some(Mission { name: String::new(), external_id: "recorded".into(), ..made }),
        ..Default::default()
    };
    let mut answers = Answers::new();
    answers.insert(METHODS[0].into(), answer);
    answers.insert(METHODS[1].into(), replay::record(&rig.direct(METHODS[1], &list)?)?);
    answers.insert(METHODS[2].into(), replay::record(&rig.direct(METHODS[2], &create)?)?);
    Ok(answers)
}

/// A door that is measured: ours, or a peer's.
struct Target<'t> {
    rig: &'t Rig,
    peer: Option<&'t Peer>,
    address: String,
}

impl Target<'_> {
    fn name(&self) -> &'static str {
        self.peer.map_or("Legation", Peer::name)
    }

    /// A request to this door. A peer is told in whose name, since it knows no callers.
    fn shot(&self, path: &str) -> Shot {
        let mut shot = self.rig.rest(path);
        shot.url = format!("http://{}{path}", self.address);
        if let Some(peer) = self.peer {
            let (name, token) = self.rig.vouched();
            shot.headers = vec![(peer.metadata(&name), token)];
        }
        shot
    }

    fn create(&self) -> Result<Measured> {
        let post = self.rig.post(CREATE, "peers", &record("created"))?;
        let mut shot = self.shot(CREATE);
        shot.headers.push(("content-type".into(), "application/json".into()));
        shot.body = post.body;
        let key = if self.peer.is_some() { Key::Query } else { Key::Header };
        fire_creates(&shot, key, CALLERS, SECONDS, &self.rig.folder)
    }

    /// What it answers to a GET, as JSON, and how long that is.
    fn answer(&self, path: &str) -> Result<(serde_json::Value, usize)> {
        let shot = self.shot(path);
        super::client().block_on(async {
            let request = reqwest::Client::new().get(&shot.url);
            let request = shot.headers.iter().fold(request, |request, (name, value)| request.header(name, value));
            let answer = request.send().await?;
            let (status, text) = (answer.status(), answer.text().await?);
            ensure!(status.is_success(), "{} answered {status}: {text}", self.name());
            Ok((serde_json::from_str(&text).context("the answer is JSON")?, text.len()))
        })
    }
}

/// Measures ours and the peers in turn: a record, a page, a create, and a record at one caller.
fn measure(
    rig: &Rig,
    ours: &str,
    backend: &str,
    peers: &[Peer],
    processors: &str,
    table: &mut Table,
    alone: bool,
) -> Result<()> {
    let doors: Vec<_> = peers.iter().map(|peer| peer.start(backend, processors)).collect::<Result<_>>()?;
    let theirs = peers.iter().zip(&doors).map(|(peer, door)| (Some(peer), door.address.clone()));
    let targets: Vec<_> = std::iter::once((None, ours.to_owned()))
        .chain(theirs)
        .map(|(peer, address)| Target { rig, peer, address })
        .collect();
    for target in &targets {
        let ((record, bytes), (page, of_page)) = (target.answer(GET)?, target.answer(LIST)?);
        let on_page = page["missions"].as_array().map(Vec::len);
        ensure!(record["name"] == NAME && on_page == Some(20), "{} says something else", target.name());
        table.figure(&format!("{}: the record, as JSON", target.name()), bytes as f64 / 1_000.0, "kB");
        table.figure(&format!("{}: the page of 20, as JSON", target.name()), of_page as f64 / 1_000.0, "kB");
    }
    let read = |path: &'static str, callers| {
        in_turn(&targets, move |target: &Target<'_>| fire(&target.shot(path), callers, SECONDS, &rig.folder))
    };
    let mut compare = |what: &str, goal: fn(&Peer) -> f64, held: bool, results: Vec<Measured>| {
        for (target, result) in targets.iter().zip(&results) {
            table.rate(&format!("{what}: {}", target.name()), result);
        }
        for (target, result) in targets.iter().zip(&results).skip(1) {
            let goal = target.peer.map(goal).filter(|_| held);
            table.ratio(&format!("{what}: Legation / {}", target.name()), results[0].rate / result.rate, goal);
        }
        results
    };
    compare("get", Peer::goal_of_get, alone, read(GET, CALLERS)?);
    compare("page of 20", Peer::goal_of_page, alone, read(LIST, CALLERS)?);
    compare("create", |_| AHEAD, true, in_turn(&targets, Target::create)?);
    let single = compare("get, 1 caller", |_| AHEAD, false, read(GET, 1)?);
    for (target, result) in targets.iter().zip(&single).skip(1) {
        let what = format!("p50, 1 caller: Legation / {} (at most)", target.name());
        table.ratio(&what, single[0].p50 / result.p50, alone.then_some(-HALF));
    }
    Ok(())
}

/// The processors this process may use.
fn processors() -> Result<Vec<usize>> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let text = status.lines().find_map(|line| line.strip_prefix("Cpus_allowed_list:"));
    let text = text.context("the kernel says where we may run")?;
    let mut all = Vec::new();
    for range in text.trim().split(',') {
        let (first, last) = range.split_once('-').unwrap_or((range, range));
        all.extend(first.parse::<usize>()?..=last.parse()?);
    }
    ensure!(!all.is_empty(), "there is a processor");
    Ok(all)
}

fn list(processors: &[usize]) -> String {
    processors.iter().map(usize::to_string).collect::<Vec<_>>().join(",")
}

/// Keeps this process to these processors, and all that it starts from now on.
fn keep_to(processors: &[usize]) -> Result<()> {
    let pid = std::process::id().to_string();
    let output = Command::new("taskset").args(["-a", "-p", "-c", &list(processors), &pid]).output();
    let output = output.context("taskset does not start: install util-linux")?;
    ensure!(output.status.success(), "taskset: {}", String::from_utf8_lossy(&output.stderr));
    Ok(())
}

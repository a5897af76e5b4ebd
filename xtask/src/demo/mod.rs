//! `cargo xtask demo`: takes in every foreign mission of the file, staffs a few of them, and plays a traffic stop.

mod consular;
pub(crate) mod countries;
mod crisis;
pub(crate) mod door;
mod heads;
pub(crate) mod import;
mod missions;
mod posts;
mod register;
mod scenes;
mod staff;
mod stop;
mod year;

use crate::local::Local;
use crate::stack::{Instance, Keys, Stack};
use anyhow::{Context as _, Result, bail, ensure};
use chrono::Utc;
use door::Door;
use import::import;
use missions::Mapped;
use posts::{Hosted, hosted_by};
use proto::accreditation::v1::mission::Type;
use register::{Register, name};
use staff::Missions;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::ExitCode;

/// Where missions are taken in.
const MISSIONS: &str = "/v1/accreditation/missions:import";

/// How to play it.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// Whose foreign service it is: the state whose foreign missions are taken in. The service must have the same.
    #[arg(long, env = "HOME_STATE", default_value = "US")]
    home: String,
    /// Where the gateway is; the one that `cargo xtask up` runs if not given.
    #[arg(long)]
    url: Option<String>,
    /// A file with a key for each role, as `cargo xtask up` writes it.
    #[arg(long)]
    keys: Option<PathBuf>,
    /// Begin the import at this line of xtask/data/posts.csv, to go on after an interruption.
    #[arg(long, default_value_t = 0)]
    from_line: usize,
    /// Then play a year of the corps: two thousand members, twelve ambassadors, a mission that closes.
    #[arg(long)]
    year: bool,
    /// Then register a hundred thousand travellers around the cities of the earth, and find who is near its earthquakes.
    #[arg(long)]
    crisis: bool,
    /// Then look entries of sanctions lists up in three scripts, and issue a passport whose zone an independent reader reads.
    #[arg(long)]
    consular: bool,
}

/// Plays it against the gateway that runs, or starts one for the time it takes.
pub(crate) async fn demo(options: Options) -> Result<ExitCode> {
    let local = Local::open()?;
    let keys = || match &options.keys {
        Some(path) => std::fs::read_to_string(path)
            .map_err(anyhow::Error::from)
            .and_then(|text| Ok(serde_json::from_str(&text)?))
            .with_context(|| format!("read {}", path.display())),
        None => Keys::read(&local).map(|keys| keys.by_role()),
    };
    if let Some(url) = &options.url {
        return play(&options, &local, url, keys()?).await;
    }
    match Instance::claim(&local)? {
        Err(running) if running.address.is_empty() => bail!("`cargo xtask up` is starting; try again when it is ready"),
        Err(running) => play(&options, &local, &running.address, keys()?).await,
        Ok(instance) => {
            let stack = Stack::start(&local, false).await?;
            instance.publish(&stack.address)?;
            let outcome = play(&options, &local, &stack.address, stack.keys.by_role()).await;
            stack.stop().await?;
            outcome
        }
    }
}

/// Plays it against a gateway, and says whether every answer was right.
async fn play(options: &Options, local: &Local, address: &str, keys: BTreeMap<String, String>) -> Result<ExitCode> {
    let door = Door::new(address, keys);
    let decides = door.holder(&["protocol-officer"], "accreditation.members.decide").await?;
    let notifies =
        door.holder(&["mission-signatory", "mission-clerk", "legal-adviser"], "accreditation.members.notify").await?;
    let consents = door.holder(&["head-of-protocol"], "accreditation.agrements.decide").await?;
    let hosted = hosted_by(&options.home)?;
    take_in(&door, decides, &hosted, options).await?;
    let staffed = choose(&hosted.mapped, &options.home)?;
    add_missing(&door, decides, &staffed).await?;

    let register = Register { door: &door, notifies, decides, consents, home: &options.home, now: Utc::now() };
    let cards = staff(&register, &staffed.missions).await?;
    let checks = stop::play(&door, &cards).await?;
    stop::table(&checks);
    let wrong = checks.iter().filter(|check| !check.holds()).count();
    println!("\n{} answers, {wrong} of them not as they must be.", checks.len());
    let year = !options.year || year::play(&register, &hosted.mapped).await?;
    let crisis = !options.crisis || crisis::play(&door, register.now).await?;
    let consular = !options.consular || consular::play(&door, local, &options.home, register.now).await?;
    Ok(if wrong == 0 && year && crisis && consular { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Imports every foreign mission twice: the second time nothing may change.
async fn take_in(door: &Door, role: &str, hosted: &Hosted, options: &Options) -> Result<()> {
    let (posts, senders) = (hosted.posts, hosted.senders);
    println!("{posts} foreign posts of {senders} senders stand in {}.", options.home);
    let nowhere: Vec<_> = hosted.nowhere.iter().map(|(place, count)| format!("{count} in {place}")).collect();
    println!("  Without a country code for where they stand, in nobody's register: {}.", nowhere.join(", "));
    for (line, what, reason) in &hosted.unmapped {
        println!("  line {line}: {what}: not taken in: {reason}");
    }
    for mission in &hosted.mapped {
        mission.notes.iter().for_each(|note| println!("  line {}: {}: {note}", mission.line, mission.id));
    }
    let begin = hosted.mapped.iter().position(|mission| mission.line >= options.from_line);
    let rest = &hosted.mapped[begin.unwrap_or(hosted.mapped.len())..];
    let lines: Vec<_> = rest.iter().map(Mapped::import_line).collect();
    for round in ["Import", "The same again"] {
        let summary = import(door, role, MISSIONS, &lines).await?;
        println!("{round}: {summary}.");
        summary.rejected.iter().for_each(|(line, why)| println!("  line {line}: {why}"));
        ensure!(summary.of("REJECTED") == 0, "lines were refused");
        let repeated = round != "Import";
        ensure!(!repeated || summary.of("UNCHANGED") == rest.len(), "a second import changed something");
    }
    Ok(())
}

/// The missions that are staffed, and those of them that the file does not have.
struct Staffed {
    missions: Missions,
    missing: Vec<Mapped>,
}

/// Kinds of mission that get staff.
const KINDS: [Type; 5] =
    [Type::Embassy, Type::ConsulateGeneral, Type::HonoraryPost, Type::PermanentMission, Type::IoOffice];

/// Chooses the state with most of these kinds of mission, then most missions, then the first by name.
fn choose(mapped: &[Mapped], home: &str) -> Result<Staffed> {
    let mut states: BTreeMap<&str, Vec<&Mapped>> = BTreeMap::new();
    for mission in mapped {
        states.entry(&mission.sending_state).or_default().push(mission);
    }
    let has = |missions: &[&Mapped], kind: Type| missions.iter().any(|mission| mission.kind == kind);
    let with_embassy = states.into_iter().filter(|(_, missions)| has(missions, Type::Embassy));
    let worth = |missions: &[&Mapped]| (KINDS.iter().filter(|kind| has(missions, **kind)).count(), missions.len());
    let best = with_embassy.rev().max_by_key(|(_, missions)| worth(missions));
    let (state, own) = best.with_context(|| format!("the file has no embassy in {home}"))?;
    let (mut names, mut missing) = (BTreeMap::new(), Vec::new());
    for kind in KINDS {
        let id = match own.iter().find(|mission| mission.kind == kind) {
            Some(found) => found.id.clone(),
            None => {
                let embassy = own.iter().find(|mission| mission.kind == Type::Embassy).context("it has an embassy")?;
                missing.push(Mapped::beside(embassy, kind));
                missing.last().map(|mission| mission.id.clone()).unwrap_or_default()
            }
        };
        names.insert(kind.as_str_name(), format!("missions/{id}"));
    }
    Ok(Staffed { missions: Missions { sending_state: state.to_owned(), names }, missing })
}

/// Takes in the kinds of mission that the file does not know, such as permanent missions to organisations.
async fn add_missing(door: &Door, role: &str, staffed: &Staffed) -> Result<()> {
    for mission in &staffed.missing {
        println!("Not in the file, taken in for the demonstration: {}.", mission.id);
    }
    let lines: Vec<_> = staffed.missing.iter().map(Mapped::import_line).collect();
    let summary = import(door, role, MISSIONS, &lines).await?;
    summary.rejected.iter().for_each(|(_, why)| println!("  {why}"));
    ensure!(summary.of("REJECTED") == 0, "a mission was refused");
    Ok(())
}

/// Brings everybody into the register, and gives the names of their cards.
async fn staff(register: &Register<'_>, missions: &Missions) -> Result<BTreeMap<String, String>> {
    let mut cards = BTreeMap::new();
    println!("\nNotified by the {}, accredited by the {}:", register.notifies, register.decides);
    let mut post = String::new();
    for person in staff::everybody()? {
        let member = register.accredited(&person, missions).await?;
        let card = match person.id.as_str() {
            "counsellor" => register.stolen_card(&member).await?,
            "attache" => register.expired_card(&member).await?,
            _ => register.card(&member, "ISSUED").await?,
        };
        if person.id == "head" {
            let place = register.place(&member).await?;
            println!("  The ambassador presented letters of credence, and has place {} in precedence.", place["rank"]);
        }
        if person.id == "predecessor" {
            register.long_gone(member).await?;
        }
        if post != person.post {
            println!("  {}", missions.names.get(person.post.as_str()).map_or("", String::as_str));
            post.clone_from(&person.post);
        }
        let category = person.category.to_lowercase().replace('_', " ");
        println!("    {category:34}  {:30}  {}", person.role(), name(&card));
        cards.insert(person.id.clone(), name(&card).to_owned());
    }
    Ok(cards)
}

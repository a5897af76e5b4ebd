//! `legation audit`: proves that the audit logs are as they were sealed, by each service or by what it exported; and tells who
//! read what is kept about a person, in all services.

use crate::catalogue::{Catalogue, Entry};
use crate::client::{self, Client};
use crate::events::{Lines, Whole};
use crate::failure::Failure;
use crate::output::{Output, print};
use crate::request::outgoing;
use crate::run;
use chain::{Anchor, Check, Line};
use clap::{Arg, ArgAction, ArgMatches, Command};
use proto::contract::contract;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufRead as _, BufReader, Read};

/// The command.
pub(crate) fn command() -> Command {
    let service = || {
        let help = "Of which service: `accreditation`; `all`, which is what happens without it, of each";
        Arg::new("service").long("service").value_name("SERVICE").default_value("all").help(help)
    };
    let file = |help| Arg::new("file").long("file").short('f').value_name("FILE").help(help);
    let anchor = Arg::new("anchor").long("anchor").value_name("SERVICE=POSITION:HASH").action(ArgAction::Append);
    let time = |name, help| Arg::new(name).long(name).value_name("TIME").help(help);
    let records = Arg::new("records").value_name("RECORD").required(true).num_args(1..).action(ArgAction::Append);
    let verify = Command::new("verify")
        .about("Proves that the audit logs are as they were sealed; ends with 11 if one is not, and says where it breaks")
        .long_about(
            "Proves that the audit logs are as they were sealed. Without a file each service checks its own log against its \
             key, part by part. With one, the chain of an export is computed here, from its rows, with nothing of the services believed: \
             that rows were altered, removed or moved shows by itself; that the whole was written anew, or its end cut off, \
             shows by an anchor that you kept. Each check ends with a `head` to keep as an anchor of the next.",
        )
        .arg(service())
        .arg(file("An export to check instead of asking the services; `-` is the standard input"))
        .arg(anchor.help("A head of a chain that you kept; can be given again"));
    let export = Command::new("export")
        .about("Writes the audit logs with the links of their chains, a row a line, to be checked elsewhere")
        .arg(service())
        .arg(file("Where to; the standard output without it"));
    let readings = Command::new("readings")
        .about("Lists who read what is kept about a person, in all services, for the person's own request")
        .arg(records.help("The person's records, with their service: `accreditation/members/7f3`"))
        .arg(time("from-time", "From when: `2026-01-01T00:00:00Z`"))
        .arg(time("until-time", "Until before when"));
    Command::new("audit")
        .about("Proves the audit logs, exports them, and tells who read what is kept about a person")
        .subcommand_required(true)
        .arg_required_else_help(true)
        .subcommands([verify, export, readings])
}

/// Does what the command line says.
///
/// # Errors
/// A log is not intact; the services' refusals; a file that cannot be read.
pub(crate) async fn audit(catalogue: &Catalogue, matches: &ArgMatches) -> Result<(), Failure> {
    match matches.subcommand() {
        Some(("verify", matches)) => match matches.get_one::<String>("file") {
            Some(path) => verify_file(path, matches),
            None => verify(catalogue, matches).await,
        },
        Some(("export", matches)) => export(catalogue, matches).await,
        Some((_, matches)) => readings(catalogue, matches).await,
        None => Err(Failure::usage("no command was given")),
    }
}

/// The method of this name of each service that is meant.
fn entries<'c>(catalogue: &'c Catalogue, name: &str, service: &str) -> Result<Vec<&'c Entry>, Failure> {
    let all = catalogue.groups().iter().flat_map(|group| &group.entries).filter(|entry| entry.method.name() == name);
    let meant: Vec<_> = all.filter(|entry| service == "all" || entry.method.service() == service).collect();
    let words =
        || Failure::usage(format!("{service} is no service with an audit log: {}", contract().services().join(", ")));
    if meant.is_empty() { Err(words()) } else { Ok(meant) }
}

fn service(matches: &ArgMatches) -> &str {
    matches.get_one::<String>("service").map_or("all", String::as_str)
}

fn anchors(matches: &ArgMatches) -> Result<Vec<Anchor>, Failure> {
    let texts = matches.get_many::<String>("anchor").into_iter().flatten();
    let read = |text: &String| {
        Anchor::read(text).ok_or_else(|| Failure::usage(format!("{text:?} is no anchor: SERVICE=POSITION:HASH")))
    };
    texts.map(read).collect()
}

/// Each service checks its own log. All are asked, whatever the first says.
async fn verify(catalogue: &Catalogue, matches: &ArgMatches) -> Result<(), Failure> {
    let (client, anchors) = (run::client(matches).await?, anchors(matches)?);
    let (mut broken, mut refused) = (Vec::new(), None);
    for entry in entries(catalogue, "VerifyAudit", service(matches))? {
        let service = entry.method.service();
        let own = anchors.iter().filter(|anchor| anchor.service == service);
        let own: Vec<_> = own.map(|anchor| format!("{}:{}", anchor.position, anchor.hash)).collect();
        let report = match whole(&client, entry, &own).await {
            Ok(report) => report,
            Err(failure) => {
                print(&format!("{service}: not checked\n"))?;
                eprintln!("{failure}");
                refused = Some(failure);
                continue;
            }
        };
        let count = |member: &str| report.counts.get(member).copied().unwrap_or(0);
        let intact = report.intact;
        let word = if intact { "intact" } else { "NOT INTACT" };
        let (sealed, unsealed, unanchored) = (count("sealed"), count("unsealed"), count("unanchored"));
        print(&format!(
            "{service}: {word}, {sealed} sealed, {unsealed} not sealed yet, {unanchored} past the anchors\n"
        ))?;
        if count("emptied") > 0 {
            let (blocks, days) = (count("emptied"), count("keptSeconds") / 86_400);
            print(&format!("  {blocks} blocks of strangers' calls are gone by rule, kept for {days} days at least\n"))?;
        }
        for finding in &report.findings {
            print(&format!("  {finding}\n"))?;
        }
        if count("more") > 0 {
            print(&format!("  and {} more\n", count("more")))?;
        }
        if !intact {
            broken.push(service);
        }
    }
    end(&broken)?;
    refused.map_or(Ok(()), Err)
}

/// What all parts of a check said together.
#[derive(Debug)]
struct Report {
    intact: bool,
    counts: BTreeMap<&'static str, i64>,
    findings: Vec<String>,
}

/// What is counted in each part, and added up.
const COUNTS: [&str; 6] = ["sealed", "unsealed", "unanchored", "calls", "emptied", "more"];

/// Has a service check its log, part by part until there is none to go on with, and says how far it is.
async fn whole(client: &Client, entry: &Entry, anchors: &[String]) -> Result<Report, Failure> {
    let mut report = Report { intact: true, counts: BTreeMap::new(), findings: Vec::new() };
    let mut part = String::new();
    loop {
        let request = [("anchors".to_owned(), json!(anchors)), ("part".to_owned(), json!(part))];
        let said = client.json(&outgoing(entry, Map::from_iter(request))?).await?;
        let count = |member: &str| said[member].as_str().and_then(|text| text.parse::<i64>().ok()).unwrap_or(0);
        for member in COUNTS {
            *report.counts.entry(member).or_default() += count(member);
        }
        if count("emptied") > 0 {
            let kept = report.counts.entry("keptSeconds").or_insert(i64::MAX);
            *kept = (*kept).min(count("keptSeconds"));
        }
        report.intact &= said["intact"] == true;
        let findings = said["findings"].as_array().into_iter().flatten().filter_map(Value::as_str);
        report.findings.extend(findings.map(str::to_owned));
        match said["nextPart"].as_str() {
            Some(next) if !next.is_empty() => next.clone_into(&mut part),
            _ => return Ok(report),
        }
        let (rows, calls) = (report.counts["sealed"], report.counts["calls"]);
        eprintln!("{}: {rows} rows and {calls} calls checked so far", entry.method.service());
    }
}

fn end(broken: &[&str]) -> Result<(), Failure> {
    match broken {
        [] => Ok(()),
        some => Err(Failure::Broken(format!("not as it was sealed: the audit log of {}", some.join(", ")))),
    }
}

/// Checks an export, with nothing in it believed.
fn verify_file(path: &str, matches: &ArgMatches) -> Result<(), Failure> {
    let anchors = anchors(matches)?;
    let file: Box<dyn Read> = match path {
        "-" => Box::new(std::io::stdin()),
        path => Box::new(File::open(path).map_err(|error| Failure::document(format!("{path}: {error}")))?),
    };
    let mut checks: BTreeMap<String, Check> = BTreeMap::new();
    // A log that was told of and is not in the file at all was cut off whole.
    for anchor in &anchors {
        let begin = || Check::new(&anchor.service, &anchors);
        checks.entry(anchor.service.clone()).or_insert_with(begin);
    }
    for (number, line) in BufReader::new(file).lines().enumerate() {
        let line = line?;
        if line.is_empty() {
            continue;
        }
        let wrong = |error| Failure::document(format!("{path}, line {}: {error}", number + 1));
        let line: Line = serde_json::from_str(&line).map_err(wrong)?;
        let check = checks.entry(line.service.clone()).or_insert_with(|| Check::new(&line.service, &anchors));
        check.line(line);
    }
    let meant = service(matches);
    if checks.is_empty() || (meant != "all" && !checks.contains_key(meant)) {
        return Err(Failure::document(format!("{path} holds no audit log of {meant}")));
    }
    let mut broken = Vec::new();
    for (service, check) in checks.iter().filter(|(service, _)| meant == "all" || *service == meant) {
        let report = check.clone().end();
        let word = if report.findings.is_empty() { "intact" } else { "NOT INTACT" };
        let (checked, unanchored) = (report.checked, report.unanchored);
        print(&format!("{service}: {word}, {checked} links computed, {unanchored} past the anchors\n"))?;
        if report.unchecked > 0 {
            print(&format!("  {} rows are from before the chain could be computed here\n", report.unchecked))?;
        }
        for finding in &report.findings {
            print(&format!("  {finding}\n"))?;
        }
        if let Some(head) = &report.head {
            print(&format!("head {head}\n"))?;
        }
        if !report.findings.is_empty() {
            broken.push(service.as_str());
        }
    }
    end(&broken)
}

/// Writes the logs of all services that are meant, one after the other.
async fn export(catalogue: &Catalogue, matches: &ArgMatches) -> Result<(), Failure> {
    let client = run::client(matches).await?;
    let mut file = matches.get_one::<String>("file").map(|path| Whole::new(path)).transpose()?;
    let mut count = 0_u64;
    for entry in entries(catalogue, "ExportAudit", service(matches))? {
        let mut answer = client.stream(&outgoing(entry, Map::new())?, "application/x-ndjson", &[]).await?;
        let mut lines = Lines::default();
        loop {
            let chunk = answer.chunk().await.map_err(client::unreachable)?;
            let ready = match &chunk {
                Some(chunk) => lines.push(chunk),
                None => std::mem::take(&mut lines).end().into_iter().collect(),
            };
            for line in ready.iter().filter(|line| !line.is_empty()) {
                let row: Value = serde_json::from_str(line).map_err(anyhow::Error::from)?;
                if let Some(problem) = row.get("problem") {
                    return Err(crate::events::lost(problem));
                }
                count += 1;
                match &mut file {
                    Some(file) => file.line(line)?,
                    None => print(&format!("{line}\n"))?,
                }
            }
            if chunk.is_none() {
                break;
            }
        }
    }
    if let Some(file) = file {
        eprintln!("{count} rows are in {}", file.done()?);
    }
    Ok(())
}

/// Who read a person's records, of every service that one was named of; the newest first.
async fn readings(catalogue: &Catalogue, matches: &ArgMatches) -> Result<(), Failure> {
    let (client, output) = (run::client(matches).await?, Output::of(matches));
    let mut records: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for whole in matches.get_many::<String>("records").into_iter().flatten() {
        let (service, name) = whole.split_once('/').unwrap_or_default();
        let named = name.split_once('/').is_some_and(|(collection, id)| !collection.is_empty() && !id.is_empty());
        let words = || Failure::usage(format!("{whole:?} is no record with its service: accreditation/members/7f3"));
        records.entry(service).or_default().push(if named { name } else { return Err(words()) });
    }
    let (mut readings, mut shape) = (Vec::new(), None);
    for (service, names) in records {
        let entry = entries(catalogue, "ListReadings", service)?[0];
        let mut request = Map::from_iter([("records".to_owned(), json!(names)), ("pageSize".to_owned(), json!(500))]);
        for (flag, field) in [("from-time", "fromTime"), ("until-time", "untilTime")] {
            if let Some(time) = matches.get_one::<String>(flag) {
                request.insert(field.to_owned(), json!(time));
            }
        }
        readings.extend(all(&client, entry, request).await?);
        shape = run::page_of(&entry.method.descriptor().output());
    }
    let Some((items, item)) = shape else { return Ok(()) };
    // Of each service they come in order; instants of one zone are in the order of their texts, but for the fraction's end.
    readings.sort_by_key(|reading| {
        std::cmp::Reverse(reading["time"].as_str().unwrap_or_default().trim_end_matches('Z').to_owned())
    });
    output.list(&item, items.json_name(), &json!({items.json_name(): readings}))
}

async fn all(client: &Client, entry: &Entry, mut request: Map<String, Value>) -> Result<Vec<Value>, Failure> {
    let mut readings = Vec::new();
    loop {
        let mut answer = client.json(&outgoing(entry, request.clone())?).await?;
        readings.extend(answer["readings"].as_array_mut().map(std::mem::take).unwrap_or_default());
        match answer["nextPageToken"].as_str() {
            Some(next) if !next.is_empty() => request.insert("pageToken".to_owned(), json!(next)),
            _ => return Ok(readings),
        };
    }
}

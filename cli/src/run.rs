//! What each command does.

use crate::catalogue::{Catalogue, Entry, Group};
use crate::client::Client;
use crate::failure::Failure;
use crate::output::{Output, print};
use crate::profile::{Profile, Profiles};
use crate::request::outgoing;
use crate::shape::Shape;
use crate::{apply, audit, commands, events, import, login};
use clap::ArgMatches;
use clap_complete::Shell;
use prost_reflect::{FieldDescriptor, MessageDescriptor};
use proto::contract::Kind;
use serde_json::{Map, Value};

/// Does what the command line says.
///
/// # Errors
/// What keeps it from being done.
pub(crate) async fn run(catalogue: &Catalogue, matches: &ArgMatches) -> Result<(), Failure> {
    let Some((command, matches)) = matches.subcommand() else { return Err(Failure::usage("no command was given")) };
    match command {
        "login" => login::login(matches).await,
        "logout" => login::logout(matches),
        "profiles" => login::profiles(matches),
        "completion" => completion(catalogue, matches),
        "get" => get(catalogue, matches).await,
        "audit" => audit::audit(catalogue, matches).await,
        "apply" => apply::apply(catalogue, &client(matches).await?, matches).await,
        group => {
            let group = catalogue.group(group).ok_or_else(|| Failure::usage("there is no such command"))?;
            match (group.only(), matches.subcommand()) {
                (Some(entry), _) => call(entry, matches).await,
                (None, Some((command, matches))) => {
                    let entry = group.entry(command).ok_or_else(|| Failure::usage("there is no such command"))?;
                    call(entry, matches).await
                }
                (None, None) => Err(Failure::usage("no command was given")),
            }
        }
    }
}

/// Whom to call with which key, as flags, environment and profiles say.
pub(crate) async fn client(matches: &ArgMatches) -> Result<Client, Failure> {
    let address = matches.get_one::<String>("address").cloned();
    let key = std::env::var("LEGATION_KEY").ok().filter(|key| !key.is_empty());
    if let (Some(address), Some(key)) = (&address, &key) {
        return Client::new(&Profile { address: address.clone(), key: key.as_str().into(), session: None });
    }
    let mut profiles = Profiles::read()?;
    let name = matches.get_one::<String>("profile").unwrap_or(&profiles.current).clone();
    let mut profile = profiles.get(&name).ok_or_else(|| no_profile(&name))?;
    if let Some(session) = profile.session.as_ref().filter(|session| key.is_none() && session.is_over()) {
        let (token, session) = session.renew().await?;
        profile = Profile { key: token, session: Some(session), ..profile };
        // Kept before it is used: the one before may be good no more.
        profiles.renew(&name, &profile);
        profiles.write()?;
    }
    profile.address = address.unwrap_or(profile.address);
    profile.key = key.map_or(profile.key, Into::into);
    Client::new(&profile)
}

fn no_profile(name: &str) -> Failure {
    let which =
        if name.is_empty() { "you are not logged in".to_owned() } else { format!("there is no profile {name}") };
    Failure::NoKey(format!(
        "{which}; run `legation login --address https://…`, or set LEGATION_ADDRESS and LEGATION_KEY"
    ))
}

fn completion(catalogue: &Catalogue, matches: &ArgMatches) -> Result<(), Failure> {
    let shell = *matches.get_one::<Shell>("shell").expect("clap has made sure of it");
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut commands::tree(catalogue), "legation", &mut script);
    print(&String::from_utf8_lossy(&script))
}

/// The group of a whole name.
///
/// # Errors
/// There is none, or two services have such names.
pub(crate) fn group_of<'c>(catalogue: &'c Catalogue, name: &str) -> Result<&'c Group, Failure> {
    match catalogue.of_name(name)[..] {
        [group] => Ok(group),
        [] => Err(Failure::usage(format!("{name:?} is no whole name of a record; one is like missions/fr-embassy"))),
        _ => {
            let words = "is a name in two services; say which: //accreditation.legation/…";
            Err(Failure::usage(format!("{name:?} {words}")))
        }
    }
}

async fn get(catalogue: &Catalogue, matches: &ArgMatches) -> Result<(), Failure> {
    let (client, output) = (client(matches).await?, Output::of(matches));
    for name in matches.get_many::<String>("names").into_iter().flatten() {
        let group = group_of(catalogue, name)?;
        let unread = || Failure::usage(format!("{} cannot be read one by one", group.command));
        let entry = group.entry("get").ok_or_else(unread)?;
        let request = Map::from_iter([("name".to_owned(), Value::String(name.clone()))]);
        let answer = client.json(&outgoing(entry, request)?).await?;
        output.one(&entry.method.descriptor().output(), &answer)?;
    }
    Ok(())
}

async fn call(entry: &Entry, matches: &ArgMatches) -> Result<(), Failure> {
    let (client, output) = (client(matches).await?, Output::of(matches));
    let shape = Shape::of(entry);
    let message = entry.method.descriptor().output();
    match entry.method.kind() {
        Kind::Import => return import::import(&client, entry, matches, &output).await,
        Kind::Watch => return events::watch(&client, entry, &shape.requests(matches)?[0], matches, output).await,
        Kind::Export => return events::export(&client, entry, &shape.requests(matches)?[0], matches, output).await,
        _ => {}
    }
    for mut request in shape.requests(matches)? {
        if let Some((items, item)) = page_of(&message) {
            let answer = pages(&client, entry, &request, matches, &items).await?;
            output.list(&item, items.json_name(), &answer)?;
            continue;
        }
        if *entry.method.kind() == Kind::Update && !request.contains_key("etag") {
            version(&client, entry, &mut request).await?;
        }
        let answer = client.json(&outgoing(entry, request)?).await?;
        if entry.method.writes() { output.outcome(&message, &answer)? } else { output.one(&message, &answer)? }
    }
    Ok(())
}

/// A change is of the version that is there now, unless the caller says which: the change of someone else between the
/// two is not written over.
async fn version(client: &Client, entry: &Entry, request: &mut Map<String, Value>) -> Result<(), Failure> {
    let record = crate::request::json_name(&entry.binding.body);
    let name = request.get(&record).and_then(|record| record["name"].as_str()).unwrap_or_default().to_owned();
    let catalogue = Catalogue::of(proto::contract::contract());
    let reader = catalogue
        .groups()
        .iter()
        .find(|group| group.service == entry.method.service() && group.collection == entry.template.collection());
    let Some(reader) = reader.and_then(|group| group.entry("get")) else { return Ok(()) };
    let read = Map::from_iter([("name".to_owned(), Value::String(name))]);
    let current = client.json(&outgoing(reader, read)?).await?;
    request.insert("etag".to_owned(), current["etag"].clone());
    Ok(())
}

/// The field of a page that is its items, and what they are.
pub(crate) fn page_of(message: &MessageDescriptor) -> Option<(FieldDescriptor, MessageDescriptor)> {
    message.get_field_by_name("next_page_token")?;
    let items = message.fields().find(|field| field.is_list() && field.kind().as_message().is_some())?;
    let item = items.kind().as_message()?.clone();
    Some((items, item))
}

/// The pages that were asked for, as one.
async fn pages(
    client: &Client,
    entry: &Entry,
    request: &Map<String, Value>,
    matches: &ArgMatches,
    items: &FieldDescriptor,
) -> Result<Value, Failure> {
    let limit = matches.get_one::<usize>("limit").copied();
    let all = matches.get_flag("all") || limit.is_some();
    let limit = limit.unwrap_or(usize::MAX);
    let mut request = request.clone();
    if all && !request.contains_key("pageSize") {
        request.insert("pageSize".to_owned(), Value::from(limit.min(500)));
    }
    let (member, mut rows) = (items.json_name(), Vec::new());
    loop {
        let mut answer = client.json(&outgoing(entry, request.clone())?).await?;
        rows.extend(answer[member].as_array_mut().map(std::mem::take).unwrap_or_default());
        let next = answer["nextPageToken"].as_str().unwrap_or_default().to_owned();
        if next.is_empty() || !all || rows.len() >= limit {
            rows.truncate(limit);
            if !next.is_empty() && !all {
                eprintln!("there are more: --all, or --page-token {next}");
            }
            answer[member] = Value::Array(rows);
            return Ok(answer);
        }
        request.insert("pageToken".to_owned(), Value::String(next));
    }
}

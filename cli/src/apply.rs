//! `apply`: records as documents say, with what differs told and nothing else touched.

use crate::catalogue::{Catalogue, Group};
use crate::client::Client;
use crate::documents;
use crate::failure::Failure;
use crate::output::{Form, Output, print};
use crate::request::{json_name, outgoing};
use crate::run::group_of;
use crate::shape::{Shape, carried};
use anyhow::Context as _;
use clap::ArgMatches;
use prost_reflect::{DynamicMessage, MessageDescriptor, SerializeOptions};
use proto::contract::Resource;
use serde_json::{Map, Value};

/// One field that is not as the document says.
#[derive(Debug, PartialEq)]
struct Difference {
    field: String,
    is: Value,
    shall: Value,
}

/// Applies every document of every file; one that is refused does not keep the others back.
///
/// # Errors
/// The refusal, if there was one document; `Partly` if some of several were refused.
pub(crate) async fn apply(catalogue: &Catalogue, client: &Client, matches: &ArgMatches) -> Result<(), Failure> {
    let (output, dry) = (Output::of(matches), matches.get_flag("dry-run"));
    let mut documents = Vec::new();
    for path in matches.get_many::<String>("file").into_iter().flatten() {
        documents.extend(documents::read(path)?);
    }
    let (count, mut refused) = (documents.len(), 0);
    for document in documents {
        let name = document["name"].as_str().unwrap_or_default().to_owned();
        match one(catalogue, client, document, dry, &output).await {
            Ok(()) => {}
            Err(failure) if count == 1 => return Err(failure),
            Err(failure) => {
                refused += 1;
                eprintln!("{name}: {failure}");
            }
        }
    }
    if refused == 0 { Ok(()) } else { Err(Failure::Partly(format!("{refused} of {count} documents were refused"))) }
}

async fn one(
    catalogue: &Catalogue,
    client: &Client,
    document: Value,
    dry: bool,
    output: &Output,
) -> Result<(), Failure> {
    let Value::Object(mut document) = document else { return Err(Failure::document("a document is no object")) };
    let name = document.remove("name").and_then(|name| name.as_str().map(str::to_owned));
    let name = name.ok_or_else(|| Failure::document("a document to apply says its record's `name`"))?;
    let group = group_of(catalogue, &name)?;
    let resource = group.resource.context("a group found by a name has records")?;
    let etag = document.remove("etag");
    let wanted = settable(resource, document)?;
    let read = Map::from_iter([("name".to_owned(), Value::String(name.clone()))]);
    let reader = group.entry("get").ok_or_else(|| Failure::usage(format!("{} cannot be read", group.command)))?;
    match client.json(&outgoing(reader, read)?).await {
        Ok(current) => change(client, group, resource, Change { name, wanted, current, etag, dry }, output).await,
        Err(failure) if failure.status() == Some(404) => create(client, group, &name, wanted, dry, output).await,
        Err(failure) => Err(failure),
    }
}

/// The fields of a document that callers can set, in the form the service writes them. What only the service sets is
/// passed over, so that what was exported can be applied.
fn settable(resource: &Resource, document: Map<String, Value>) -> Result<Map<String, Value>, Failure> {
    let given: Vec<_> = document.keys().cloned().collect();
    let normal = normal(resource.message(), Value::Object(document))?;
    let outputs = resource.fields().iter().filter(|field| field.is_output_only());
    let outputs: Vec<_> = outputs.map(|field| field.descriptor().json_name()).collect();
    let known = |name: &String| {
        let field = resource.message().fields().find(|field| field.json_name() == name || field.name() == name)?;
        Some(field.json_name().to_owned())
    };
    let kept = given.iter().filter_map(known).filter(|name| !outputs.contains(&name.as_str()));
    Ok(kept.map(|name| (name.clone(), normal[&name].clone())).collect())
}

/// A record as the service writes it: all fields there, numbers and instants in their one form.
fn normal(message: &MessageDescriptor, record: Value) -> Result<Value, Failure> {
    let read = DynamicMessage::deserialize(message.clone(), record);
    let read = read.map_err(|error| Failure::document(format!("the document is no {}: {error}", message.name())))?;
    let options = SerializeOptions::new().skip_default_fields(false);
    let written = read.serialize_with_options(serde_json::value::Serializer, &options);
    Ok(written.map_err(anyhow::Error::from)?)
}

fn differences(wanted: &Map<String, Value>, current: &Value) -> Vec<Difference> {
    let differs = wanted.iter().filter(|(field, value)| current[field.as_str()] != **value);
    let difference = |(field, value): (&String, &Value)| Difference {
        field: field.clone(),
        is: current[field.as_str()].clone(),
        shall: value.clone(),
    };
    differs.map(difference).collect()
}

async fn create(
    client: &Client,
    group: &Group,
    name: &str,
    wanted: Map<String, Value>,
    dry: bool,
    output: &Output,
) -> Result<(), Failure> {
    let entry =
        group.entry("create").ok_or_else(|| Failure::usage(format!("{} are not made by callers", group.command)))?;
    let (record, fields) = carried(entry).context("a create brings a record")?;
    let id = format!("{record}Id");
    if !fields.contains(&id) {
        let words = "their names are made by the service; use `create`";
        return Err(Failure::usage(format!("{name} is not there, and {} cannot be named: {words}", group.command)));
    }
    if !dry {
        let last = name.rsplit('/').next().unwrap_or_default().to_owned();
        let mut request = Map::from_iter([(record, Value::Object(wanted)), (id, Value::String(last))]);
        Shape::of(entry).key(&mut request);
        client.json(&outgoing(entry, request)?).await?;
    }
    tell(name, "created", &[], dry, output)
}

/// A record that is there, and how it shall be.
struct Change {
    name: String,
    wanted: Map<String, Value>,
    current: Value,
    etag: Option<Value>,
    dry: bool,
}

async fn change(
    client: &Client,
    group: &Group,
    resource: &Resource,
    change: Change,
    output: &Output,
) -> Result<(), Failure> {
    let current = normal(resource.message(), change.current.clone())?;
    let differences = differences(&change.wanted, &current);
    if differences.is_empty() {
        return tell(&change.name, "unchanged", &[], change.dry, output);
    }
    let unchangeable = || Failure::usage(format!("{} cannot be changed but by their verbs", group.command));
    let entry = group.entry("update").ok_or_else(unchangeable)?;
    if !change.dry {
        let mut record: Map<_, _> =
            differences.iter().map(|difference| (difference.field.clone(), difference.shall.clone())).collect();
        record.insert("name".to_owned(), Value::String(change.name.clone()));
        let mask = differences.iter().map(|difference| difference.field.as_str()).collect::<Vec<_>>().join(",");
        let mut request = Map::from_iter([
            (json_name(&entry.binding.body), Value::Object(record)),
            ("updateMask".to_owned(), Value::String(mask)),
            ("etag".to_owned(), change.etag.unwrap_or_else(|| change.current["etag"].clone())),
        ]);
        Shape::of(entry).key(&mut request);
        client.json(&outgoing(entry, request)?).await?;
    }
    tell(&change.name, "updated", &differences, change.dry, output)
}

/// Says what became of a record, and of which fields.
fn tell(name: &str, what: &str, differences: &[Difference], dry: bool, output: &Output) -> Result<(), Failure> {
    match output.form {
        Form::Name => print(&format!("{name}\n")),
        Form::Json | Form::Yaml => {
            let change = |difference: &Difference| {
                (difference.field.clone(), serde_json::json!({"is": difference.is, "shall": difference.shall}))
            };
            let changes: Map<_, _> = differences.iter().map(change).collect();
            print(&format!(
                "{}\n",
                serde_json::json!({"name": name, "outcome": what, "dryRun": dry, "changes": changes})
            ))
        }
        Form::Table => {
            let dry = if dry { " (dry run)" } else { "" };
            let line = |difference: &Difference| {
                format!("  {}: {} -> {}\n", difference.field, difference.is, difference.shall)
            };
            print(&format!("{name} {what}{dry}\n{}", differences.iter().map(line).collect::<String>()))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proto::contract::contract;
    use serde_json::json;

    #[test]
    fn only_what_is_said_and_differs_is_changed() {
        let mission = contract().resource("legation.accreditation.v1.Mission").unwrap();
        let document = json!({
            "seat": "Lyon", "state": "OPEN", "openTime": "2024-03-01T10:00:00+01:00", "jurisdictions": [],
            "location": {"latitude": 45.75},
        });
        let wanted = settable(mission, document.as_object().unwrap().clone()).unwrap();
        let current = json!({"seat": "Paris", "title": "t", "location": {"latitude": 45.75}});
        let current = normal(mission.message(), current).unwrap();
        let found = differences(&wanted, &current);
        assert_eq!(found, [Difference { field: "seat".into(), is: json!("Paris"), shall: json!("Lyon") }]);
        let unknown = settable(mission, json!({"seet": "Lyon"}).as_object().unwrap().clone()).unwrap_err();
        assert!(unknown.to_string().contains("seet"), "{unknown}");
    }
}

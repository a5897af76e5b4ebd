//! One method's command: which arguments it takes, and the requests that they ask for.

use crate::catalogue::Entry;
use crate::documents;
use crate::failure::Failure;
use crate::fields::Flag;
use crate::request::json_name;
use clap::{Arg, ArgAction, ArgMatches, Command};
use prost_reflect::MessageDescriptor;
use proto::contract::{Field, Kind};
use serde_json::{Map, Value};

/// The argument that is a record's name.
pub(crate) const NAME: &str = "NAME";
/// The argument that is a file of documents.
pub(crate) const FILE: &str = "file";
/// Fields of requests that are the program's own business.
const OURS: [&str; 2] = ["update_mask", "cursor"];

/// The arguments of one method.
pub(crate) struct Shape<'e> {
    entry: &'e Entry,
    /// The field of the record's name, if the route has one: `name`, `mission.name`.
    named: Option<String>,
    /// The field that is the record, if the request brings one: `mission`.
    record: Option<Field>,
    /// The record's fields.
    inner: Vec<Flag>,
    /// The request's other fields.
    own: Vec<Flag>,
}

impl<'e> Shape<'e> {
    /// The shape of a method's request.
    pub(crate) fn of(entry: &'e Entry) -> Self {
        let input = entry.method.descriptor().input();
        let named = entry.template.variables().next().map(|variable| variable.field.clone());
        let mut shape = Self { entry, named, record: None, inner: Vec::new(), own: Vec::new() };
        if *entry.method.kind() == Kind::Import {
            return shape;
        }
        let fields: Vec<_> = input.fields().map(Field::read).collect();
        shape.record = fields.iter().find(|field| field.descriptor().name() == entry.binding.body).cloned();
        for field in &fields {
            let name = field.descriptor().name();
            let is_record = shape.record.as_ref().is_some_and(|record| record.descriptor().name() == name);
            if is_record || OURS.contains(&name) || shape.named.as_deref() == Some(name) {
                continue;
            }
            shape.own.push(Flag::of(field.clone(), &shape.own));
        }
        let message = shape.record.as_ref().and_then(|record| record.descriptor().kind().as_message().cloned());
        for field in message.iter().flat_map(MessageDescriptor::fields).map(Field::read) {
            let is_settable = !field.is_output_only() && !field.is_identifier();
            let is_fixed = *entry.method.kind() == Kind::Update && field.is_immutable();
            if is_settable && !is_fixed {
                let taken: Vec<_> = shape.own.iter().chain(&shape.inner).cloned().collect();
                shape.inner.push(Flag::of(field, &taken));
            }
        }
        shape
    }

    /// The command.
    pub(crate) fn command(&self) -> Command {
        let method = self.entry.method;
        let about = method.doc().split("\n\n").next().unwrap_or_default().replace('\n', " ");
        let mut command = Command::new(self.entry.command.clone())
            .about(about.trim().trim_end_matches('.').to_owned())
            .long_about(self.long_about())
            .args_override_self(false);
        if self.named.is_some() {
            command = command.arg(Arg::new(NAME).required(true).help("The record: its name, or the last part of it"));
        }
        if self.takes_file() {
            let help = "YAML or JSON with the fields; `-` is the standard input. Flags stand over it";
            command = command.arg(Arg::new(FILE).long(FILE).short('f').value_name("FILE").help(help));
        }
        match method.kind() {
            Kind::List | Kind::Revisions => {
                let all = Arg::new("all").long("all").action(ArgAction::SetTrue).help("Every page");
                let limit =
                    Arg::new("limit").long("limit").value_name("NUMBER").value_parser(clap::value_parser!(usize));
                command = command.arg(all).arg(limit.help("Not more than so many, over as many pages as it takes"));
            }
            Kind::Import => {
                let help = "One JSON object a line: a request, or a record as `export` writes it";
                command =
                    command.arg(Arg::new(FILE).long(FILE).short('f').value_name("FILE").required(true).help(help));
            }
            Kind::Export => {
                let file = Arg::new(FILE).long(FILE).short('f').value_name("FILE");
                command = command.arg(file.help("Write to this file, once it is whole"));
            }
            Kind::Watch => {
                let cursor = Arg::new("from").long("from").value_name("CURSOR");
                command = command.arg(cursor.help("Go on behind this change; from now on if unset"));
                let limit =
                    Arg::new("limit").long("limit").value_name("NUMBER").value_parser(clap::value_parser!(usize));
                command = command.arg(limit.help("End after so many changes"));
            }
            _ => {}
        }
        command.args(self.inner.iter().map(Flag::arg)).args(self.own.iter().map(Flag::arg))
    }

    /// Who may, from which states, to which: as the contract has it.
    fn long_about(&self) -> String {
        let (method, rule) = (self.entry.method, self.entry.method.rule());
        let mut text = method.doc().trim().to_owned();
        if !rule.permission.is_empty() {
            text += &format!("\n\nNeeds the permission {}", rule.permission);
            text += if rule.partner { ", which partners may hold." } else { "." };
        }
        if !rule.from.is_empty() {
            text += &format!("\nFrom {}.", rule.from.join(", "));
        }
        if !rule.to.is_empty() {
            text += &format!("\nTo {}.", rule.to.join(" or "));
        }
        if !rule.distinct_from.is_empty() {
            text += &format!("\nBy another person than did `{}`.", rule.distinct_from);
        }
        let (binding, path) = (self.entry.binding, &self.entry.binding.template);
        text + &format!("\n\nREST: {} {path}", binding.method)
    }

    fn takes_file(&self) -> bool {
        self.record.is_some() || (self.entry.binding.body == "*" && *self.entry.method.kind() != Kind::Import)
    }

    /// The requests that the arguments ask for: one for each document of the file, or one without a file.
    ///
    /// # Errors
    /// A file or a value is not what it must be.
    pub(crate) fn requests(&self, matches: &ArgMatches) -> Result<Vec<Map<String, Value>>, Failure> {
        let file = self.takes_file().then(|| matches.get_one::<String>(FILE)).flatten();
        let documents = match file {
            Some(path) => documents::read(path)?,
            None => vec![Value::Object(Map::new())],
        };
        if documents.len() > 1 && self.named.is_some() {
            return Err(Failure::document("one record is named and the file has several documents; use `apply`"));
        }
        documents.into_iter().map(|document| self.request(matches, document)).collect()
    }

    fn request(&self, matches: &ArgMatches, document: Value) -> Result<Map<String, Value>, Failure> {
        let Value::Object(document) = document else {
            return Err(Failure::document("a document is an object: `field: value`"));
        };
        let mut request = match &self.record {
            Some(field) => as_request(field.descriptor().json_name(), &self.request_fields(), document),
            None => document,
        };
        if let Some(field) = &self.record {
            let record = request.entry(field.descriptor().json_name()).or_insert_with(|| Value::Object(Map::new()));
            let record = record.as_object_mut().ok_or_else(|| Failure::document("the record is no object"))?;
            for flag in &self.inner {
                flag.put(matches, record)?;
            }
        }
        for flag in &self.own {
            flag.put(matches, &mut request)?;
        }
        if let Some(name) = self.named.as_ref().and_then(|_| matches.get_one::<String>(NAME)) {
            self.set_name(&mut request, name);
        }
        self.key(&mut request);
        Ok(request)
    }

    /// Under a key of its own, a request that is sent again has one effect.
    pub(crate) fn key(&self, request: &mut Map<String, Value>) {
        if self.entry.method.descriptor().input().get_field_by_name("request_id").is_some() {
            let key = || Value::String(uuid::Uuid::new_v4().to_string());
            request.entry("requestId").or_insert_with(key);
        }
    }

    fn set_name(&self, request: &mut Map<String, Value>, name: &str) {
        let name = Value::String(name.to_owned());
        match &self.record {
            Some(field) => request[field.descriptor().json_name()]["name"] = name,
            None => drop(request.insert("name".to_owned(), name)),
        }
    }

    fn request_fields(&self) -> Vec<String> {
        self.entry.method.descriptor().input().fields().map(|field| field.json_name().to_owned()).collect()
    }
}

/// A document as the request it stands for. It is the request already if all its members are the request's; otherwise
/// it is the record, whose name becomes the id that the request asks for.
pub(crate) fn as_request(record: &str, fields: &[String], document: Map<String, Value>) -> Map<String, Value> {
    let is_request = document.contains_key(record) && document.keys().all(|key| fields.contains(key));
    let mut request =
        if is_request { document } else { Map::from_iter([(record.to_owned(), Value::Object(document))]) };
    let id = format!("{record}Id");
    let name = request.get(record).and_then(|record| record["name"].as_str()).unwrap_or_default().to_owned();
    if !name.is_empty() && fields.contains(&id) && !request.contains_key(&id) {
        let last = name.rsplit('/').next().unwrap_or_default().to_owned();
        request.insert(id, Value::String(last));
        if let Some(Value::Object(record)) = request.get_mut(record) {
            record.remove("name");
        }
    }
    request
}

/// The JSON name of the field that carries the record of a create or an import, and the request's fields.
pub(crate) fn carried(entry: &Entry) -> Option<(String, Vec<String>)> {
    let input = entry.method.descriptor().input();
    let record = match entry.binding.body.as_str() {
        "" | "*" => input.fields().find(|field| field.kind().as_message().is_some())?.json_name().to_owned(),
        field => json_name(field),
    };
    Some((record, input.fields().map(|field| field.json_name().to_owned()).collect()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_record_and_a_request_are_told_apart() {
        let fields = ["mission", "missionId", "requestId"].map(str::to_owned);
        let read =
            |document: Value| Value::Object(as_request("mission", &fields, document.as_object().unwrap().clone()));
        let wanted = json!({"mission": {"seat": "Paris"}, "missionId": "fr"});
        assert_eq!(read(json!({"name": "missions/fr", "seat": "Paris"})), wanted);
        assert_eq!(read(json!({"mission": {"name": "missions/fr", "seat": "Paris"}})), wanted);
        assert_eq!(read(wanted.clone()), wanted);
        assert_eq!(read(json!({"seat": "Paris"})), json!({"mission": {"seat": "Paris"}}));
    }
}

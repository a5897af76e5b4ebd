//! The schemas of messages and enums, each made once and named for what it is.
//!
//! A record reads differently from how it is written: callers send `MissionInput`, without what only we set and with
//! the rules that are checked; they change it by `MissionPatch`, where nothing is required; they get `Mission`, where
//! everything with a default is present. A message that is the same both ways has one schema.

use crate::examples::Examples;
use crate::{fields, names};
use prost_reflect::{EnumDescriptor, MessageDescriptor};
use proto::contract::{Contract, Field, comment};
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// Which side of a call a schema describes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Side {
    /// What we answer.
    Answer,
    /// What callers send; every rule of the contract is checked.
    Input,
    /// What callers send to change a record: any of the fields that can change.
    Patch,
    /// Sent and answered in the same form.
    Both,
}

impl Side {
    /// Whether the contract's rules are checked on this side.
    pub(crate) fn checked(self) -> bool {
        matches!(self, Self::Input | Self::Patch)
    }

    /// Whether a field is there at all.
    pub(crate) fn shows(self, field: &Field) -> bool {
        let ours = field.is_output_only() || field.is_identifier();
        match self {
            Self::Answer | Self::Both => true,
            Self::Input => !ours,
            Self::Patch => !ours && !field.is_immutable(),
        }
    }
}

/// The schemas of a document, made as they are referred to.
pub(crate) struct Schemas<'a> {
    contract: &'a Contract,
    examples: Examples<'a>,
    sent: BTreeSet<String>,
    answered: BTreeSet<String>,
    made: BTreeMap<String, Value>,
}

impl<'a> Schemas<'a> {
    /// No schema yet; looks through the contract for what is sent and what is answered.
    pub(crate) fn new(contract: &'a Contract) -> Self {
        let (mut sent, mut answered) = (BTreeSet::new(), BTreeSet::new());
        for method in contract.methods() {
            reach(&method.descriptor().input(), &mut sent);
            reach(&method.descriptor().output(), &mut answered);
        }
        Self { contract, examples: Examples::new(contract), sent, answered, made: BTreeMap::new() }
    }

    /// The contract the schemas are of.
    pub(crate) fn contract(&self) -> &'a Contract {
        self.contract
    }

    /// The examples that go with the schemas.
    pub(crate) fn examples(&self) -> &Examples<'a> {
        &self.examples
    }

    /// A reference to the message's schema on this side; makes the schema if this is the first.
    pub(crate) fn refer(&mut self, message: &MessageDescriptor, side: Side) -> Map<String, Value> {
        self.refer_without(message, side, &[])
    }

    /// As [`Self::refer`], without the fields that something else of the request binds.
    pub(crate) fn refer_without(
        &mut self,
        message: &MessageDescriptor,
        side: Side,
        bound: &[String],
    ) -> Map<String, Value> {
        let (name, side) = self.name(message, side);
        if !self.made.contains_key(&name) {
            // The name is taken before the fields are read: a message may refer to itself.
            self.made.insert(name.clone(), Value::Null);
            let schema = self.make(message, side, bound);
            self.made.insert(name.clone(), schema);
        }
        reference(&name)
    }

    /// A reference to the enum's schema.
    pub(crate) fn refer_enum(&mut self, found: &EnumDescriptor) -> Map<String, Value> {
        let name = names::schema(found.full_name());
        self.made.entry(name.clone()).or_insert_with(|| enumeration(found));
        reference(&name)
    }

    /// The schemas made, by name.
    pub(crate) fn finish(self) -> Map<String, Value> {
        self.made.into_iter().collect()
    }

    fn name(&self, message: &MessageDescriptor, side: Side) -> (String, Side) {
        let name = names::schema(message.full_name());
        let both = self.sent.contains(message.full_name()) && self.answered.contains(message.full_name());
        match side {
            Side::Patch => (name + "Patch", Side::Patch),
            // A part of a shared message is shared, too.
            Side::Both => (name, Side::Both),
            _ if both && !differs(message, &mut BTreeSet::new()) => (name, Side::Both),
            Side::Input if both => (name + "Input", Side::Input),
            _ => (name, side),
        }
    }

    fn make(&mut self, message: &MessageDescriptor, side: Side, bound: &[String]) -> Value {
        // What is inside a change is sent whole.
        let inner = if side == Side::Patch { Side::Input } else { side };
        let all: Vec<_> = message.fields().map(Field::read).collect();
        let here = |field: &&Field| side.shows(field) && !bound.iter().any(|name| name == field.descriptor().name());
        let here: Vec<_> = all.iter().filter(here).collect();
        let mut properties = Map::new();
        let mut required = Vec::new();
        for field in &here {
            let json_name = field.descriptor().json_name().to_owned();
            // A patch checks the text that is sent as strictly as a new record's.
            properties.insert(json_name.clone(), fields::schema(field, inner, self));
            if fields::always_there(field, side) {
                required.push(json_name);
            }
        }
        let mut schema = Map::new();
        schema.insert("type".into(), "object".into());
        schema.insert("description".into(), comment(&message.parent_file(), message.path()).into());
        if !required.is_empty() {
            schema.insert("required".into(), required.into());
        }
        schema.insert("properties".into(), Value::Object(properties));
        if side.checked() {
            schema.insert("additionalProperties".into(), false.into());
        }
        let example = self.examples.message(message, side, bound);
        if example.as_object().is_some_and(|example| !example.is_empty()) {
            schema.insert("examples".into(), json!([example]));
        }
        Value::Object(schema)
    }
}

fn enumeration(found: &EnumDescriptor) -> Value {
    let file = found.parent_file();
    let values: Vec<_> = found.values().map(|value| (value.name().to_owned(), comment(&file, value.path()))).collect();
    let lines: Vec<_> = values.iter().map(|(name, doc)| format!("- `{name}`: {doc}")).collect();
    let (names, docs): (Vec<_>, Vec<_>) = values.into_iter().unzip();
    json!({
        "type": "string",
        "description": format!("{}\n\n{}", comment(&file, found.path()), lines.join("\n")),
        "enum": names,
        "x-enum-descriptions": docs,
    })
}

/// Whether a message is not the same both ways: it, or something in it, has a field that only we set.
fn differs(message: &MessageDescriptor, seen: &mut BTreeSet<String>) -> bool {
    if !seen.insert(message.full_name().to_owned()) {
        return false;
    }
    message.fields().map(Field::read).any(|field| {
        let inner = field.descriptor().kind();
        field.is_output_only() || field.is_identifier() || inner.as_message().is_some_and(|inner| differs(inner, seen))
    })
}

/// Collects the names of a message and of everything in it.
fn reach(message: &MessageDescriptor, found: &mut BTreeSet<String>) {
    if fields::is_known(message.full_name()) || !found.insert(message.full_name().to_owned()) {
        return;
    }
    for field in message.fields() {
        if let Some(inner) = field.kind().as_message() {
            reach(inner, found);
        }
    }
}

/// `{"$ref": "#/components/schemas/…"}`.
fn reference(name: &str) -> Map<String, Value> {
    [("$ref".to_owned(), format!("#/components/schemas/{name}").into())].into_iter().collect()
}

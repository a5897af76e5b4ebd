//! Examples that a caller can send as they stand: taken from the contract's own comments where these give one, and
//! made from the field's rules where they do not.

use crate::schemas::Side;
use crate::{fields, sample};
use prost_reflect::{Kind, MessageDescriptor};
use proto::contract::{Contract, Field, comment};
use proto::policy::v1::Format;
use regex::Regex;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// How deep an example follows messages within messages.
const DEPTH: usize = 4;
/// The instant of examples; the documentation page moves it to the present.
const INSTANT: &str = "2026-11-21T09:30:00Z";
/// The last part of a name in examples.
pub(crate) const ID: &str = "7f3a9c2e";

/// Makes examples.
pub(crate) struct Examples<'a> {
    contract: &'a Contract,
    formats: BTreeMap<i32, String>,
}

impl<'a> Examples<'a> {
    /// Reads the examples of the standard formats from their comments.
    pub(crate) fn new(contract: &'a Contract) -> Self {
        let format = contract.pool().get_enum_by_name("legation.policy.v1.Format");
        let values = format.iter().flat_map(|format| format.values().collect::<Vec<_>>());
        let said = values.filter_map(|value| {
            let doc = comment(&value.parent_enum().parent_file(), value.path());
            Some((value.number(), quoted(doc)?.to_owned()))
        });
        Self { contract, formats: said.collect() }
    }

    /// An example of a message on one side of a call.
    pub(crate) fn message(&self, message: &MessageDescriptor, side: Side, bound: &[String]) -> Value {
        self.within(message, side, bound, DEPTH)
    }

    fn within(&self, message: &MessageDescriptor, side: Side, bound: &[String], depth: usize) -> Value {
        let mut example = Map::new();
        for field in message.fields().map(Field::read) {
            let descriptor = field.descriptor();
            if !side.shows(&field) || bound.iter().any(|name| name == descriptor.name()) {
                continue;
            }
            if let Some(value) = self.worth_showing(&field, side, depth) {
                example.insert(descriptor.json_name().to_owned(), value);
            }
        }
        Value::Object(example)
    }

    /// A field's part of an example; nothing where the field is better left out.
    fn worth_showing(&self, field: &Field, side: Side, depth: usize) -> Option<Value> {
        let descriptor = field.descriptor();
        let needed = fields::always_there(field, side) || field.policy().required && side != Side::Patch;
        let told = self.told(field).is_some();
        let answered_always = side == Side::Answer && matches!(descriptor.name(), "create_time" | "update_time");
        let inner = descriptor.kind().as_message().cloned();
        if inner.is_some_and(|inner| !fields::is_known(inner.full_name())) && depth == 0 {
            return descriptor.is_list().then(|| json!([]));
        }
        let ours = descriptor.kind().as_message().is_some_and(|inner| self.is_record(inner));
        if !(needed || told || answered_always || (ours && side == Side::Answer)) {
            return None;
        }
        Some(self.field(field, side, depth))
    }

    /// An example of one field.
    pub(crate) fn field(&self, field: &Field, side: Side, depth: usize) -> Value {
        let descriptor = field.descriptor();
        if descriptor.is_map() {
            return json!({});
        }
        let is_message = matches!(descriptor.kind(), Kind::Message(_));
        if descriptor.is_list() {
            let shown = is_message || field.policy().required || self.told(field).is_some();
            return if shown { json!([self.one(field, side, depth)]) } else { json!([]) };
        }
        self.one(field, side, depth)
    }

    fn one(&self, field: &Field, side: Side, depth: usize) -> Value {
        let descriptor = field.descriptor();
        let policy = field.policy();
        match descriptor.kind() {
            Kind::Message(message) => match message.full_name() {
                "google.protobuf.Timestamp" => json!(INSTANT),
                "google.protobuf.Duration" => json!("30s"),
                "google.protobuf.FieldMask" => json!(""),
                known if fields::is_known(known) => json!({}),
                _ => self.within(&message, side, &[], depth - 1),
            },
            Kind::Enum(found) => {
                // A record just made has its first state, and of what comes later nothing.
                let parent = descriptor.parent_message();
                let later = side == Side::Answer && parent.get_field_by_name("state").is_some();
                let number = i32::from(!later || policy.required || descriptor.name() == "state");
                let value = found.get_value(number).or_else(|| found.get_value(0));
                json!(value.map(|value| value.name().to_owned()))
            }
            Kind::Bool => json!(false),
            Kind::Int64 | Kind::Sint64 | Kind::Sfixed64 | Kind::Uint64 | Kind::Fixed64 => json!("1"),
            Kind::String => json!(self.text(field, side)),
            Kind::Bytes => json!(""),
            _ => {
                let told = self.told(field).and_then(|told| told.parse::<f64>().ok());
                fields::number(told.or(policy.minimum.filter(|least| *least > 0.0)).unwrap_or(0.0))
            }
        }
    }

    fn text(&self, field: &Field, side: Side) -> String {
        let policy = field.policy();
        if let Some(told) = self.told(field) {
            return told;
        }
        match field.descriptor().name() {
            "name" if !policy.required => return self.own_name(field),
            "uid" => return "0198a6c2-7c1e-7e3a-9d55-4b1f0c2a8e61".into(),
            "etag" => return "1-2a8e61f0".into(),
            _ => {}
        }
        if !policy.required && !side.checked() {
            return String::new();
        }
        match policy.format() {
            Format::Email => return "desk@example.org".into(),
            Format::Uri => return "https://example.org/".into(),
            Format::ResourceName => return self.name_of(field.reference()),
            Format::Unspecified | Format::Country | Format::Date | Format::Phone | Format::Language => {}
        }
        let expression = fields::pattern(field, self.contract);
        let made = expression.and_then(|expression| sample::matching(&expression));
        made.unwrap_or_else(|| words(policy.min_length, policy.max_length))
    }

    /// What the comment of the field, or of its format, gives as an example, if it keeps the field's rules.
    pub(crate) fn told(&self, field: &Field) -> Option<String> {
        if matches!(field.descriptor().kind(), Kind::Message(_) | Kind::Enum(_) | Kind::Bool) {
            return None;
        }
        let keeps = |text: &&str| {
            let expression = fields::pattern(field, self.contract);
            let whole = expression.and_then(|expression| Regex::new(&format!("^(?:{expression})$")).ok());
            whole.is_none_or(|whole| whole.is_match(text))
        };
        let format = self.formats.get(&field.policy().format).map(String::as_str);
        quoted(field.doc()).filter(keeps).or(format.filter(keeps)).map(str::to_owned)
    }

    fn is_record(&self, message: &MessageDescriptor) -> bool {
        self.contract.resource(message.full_name()).is_some()
    }

    /// The name of the record whose field this is.
    fn own_name(&self, field: &Field) -> String {
        let message = field.descriptor().parent_message().full_name().to_owned();
        self.contract.resource(&message).map_or_else(String::new, |resource| with_ids(resource.pattern()))
    }

    /// The name of a record of a type.
    pub(crate) fn name_of(&self, reference: Option<&str>) -> String {
        let resource = self.contract.resources().iter().find(|found| Some(found.resource_type()) == reference);
        resource.map_or_else(|| format!("records/{ID}"), |resource| with_ids(resource.pattern()))
    }
}

/// Plain words of a length between the two; without an upper bound if that is zero.
fn words(least: u32, most: u32) -> String {
    let text = "Example".chars().chain(" of what is said here".chars().cycle());
    let length = least.max(7);
    text.take(if most == 0 { length } else { length.min(most) } as usize).collect()
}

/// `missions/7f3a9c2e` for `missions/{mission}`.
fn with_ids(pattern: &str) -> String {
    let parts = pattern.split('/').map(|part| if part.starts_with('{') { ID } else { part });
    parts.collect::<Vec<_>>().join("/")
}

/// The example that a comment gives: the text in backticks after a colon. One with a placeholder in it is a form,
/// not an example.
fn quoted(doc: &str) -> Option<&str> {
    let (_, after) = doc.split_once(": `")?;
    let (text, _) = after.split_once('`')?;
    (!text.contains(['{', '<', '…'])).then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_comment_gives_an_example_after_a_colon() {
        assert_eq!(quoted("What it is called: `Embassy`."), Some("Embassy"));
        assert_eq!(quoted("The name: `missions/{mission}`."), None);
        assert_eq!(quoted("One effect; `Idempotency-Key` in HTTP."), None);
    }
}

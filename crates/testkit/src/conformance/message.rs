//! Messages as JSON, by their descriptors.

use prost_reflect::{DynamicMessage, FieldDescriptor, MessageDescriptor, SerializeOptions};
use proto::contract::{Field, Method, contract};
use serde_json::Value;
use std::collections::BTreeSet;

/// A message from JSON as the contract writes it.
pub(super) fn from_json(descriptor: &MessageDescriptor, json: &Value) -> Result<DynamicMessage, String> {
    let text = json.to_string();
    let mut deserializer = serde_json::Deserializer::from_str(&text);
    DynamicMessage::deserialize(descriptor.clone(), &mut deserializer).map_err(|error| format!("{error} in {text}"))
}

/// A message as JSON, defaults written out as the gateway does.
pub(super) fn to_json(message: &DynamicMessage) -> Value {
    let options = SerializeOptions::new().skip_default_fields(false);
    let written = message.serialize_with_options(serde_json::value::Serializer, &options);
    written.expect("a message of ours can be written as JSON")
}

/// The field of a message that holds this resource: of a create request, of an answer that is more than the record.
pub(super) fn holder(message: &MessageDescriptor, resource: &str) -> Option<FieldDescriptor> {
    let holds = |field: &FieldDescriptor| field.kind().as_message().is_some_and(|held| held.full_name() == resource);
    message.fields().find(holds)
}

/// The record in an answer: the answer itself, or the field that holds it.
pub(super) fn record(method: &Method, resource: &str, answer: &Value) -> Value {
    let output = method.descriptor().output();
    if output.full_name() == resource {
        return answer.clone();
    }
    holder(&output, resource).map_or_else(|| answer.clone(), |field| answer[field.json_name()].clone())
}

/// The JSON name of an answer's list: of a page.
pub(super) fn items(output: &MessageDescriptor) -> Option<String> {
    output.fields().find(|field| field.is_list() && field.kind().as_message().is_some()).map(|f| f.json_name().into())
}

/// Whether a request has a field of this name.
pub(super) fn has(method: &Method, field: &str) -> bool {
    method.descriptor().input().get_field_by_name(field).is_some()
}

/// The rule of a request's field.
pub(super) fn field(method: &Method, name: &str) -> Option<Field> {
    method.descriptor().input().get_field_by_name(name).map(Field::read)
}

/// The resource whose record a request's `name` names: what the field refers to.
pub(super) fn named(method: &Method) -> Option<&'static str> {
    let wanted = field(method, "name")?.reference()?.to_owned();
    let found = contract().resources().iter().find(|resource| resource.resource_type() == wanted);
    found.map(|resource| resource.message().full_name())
}

/// The paths of required fields that `given` lacks, in JSON names. What callers cannot set is not asked for.
pub(super) fn missing(message: &MessageDescriptor, given: &Value, at: &str, into: &mut BTreeSet<String>) {
    for descriptor in message.fields() {
        let field = Field::read(descriptor.clone());
        if field.is_output_only() || field.is_identifier() {
            continue;
        }
        let path = format!("{at}{}", descriptor.json_name());
        match given.get(descriptor.json_name()) {
            None if field.policy().required => {
                into.insert(path);
            }
            Some(value @ Value::Object(_)) if !descriptor.is_map() => {
                if let Some(inner) = descriptor.kind().as_message() {
                    missing(inner, value, &format!("{path}."), into);
                }
            }
            _ => {}
        }
    }
}

/// Removes from an answer what is shown once and what says when it was given, wherever it stands.
pub(super) fn lasting(message: &MessageDescriptor, value: &mut Value, moments: &[&str]) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(|item| lasting(message, item, moments)),
        Value::Object(fields) => {
            for descriptor in message.fields() {
                let name = descriptor.json_name();
                if Field::read(descriptor.clone()).policy().shown_once || moments.contains(&name) {
                    fields.remove(name);
                } else if let (Some(inner), Some(value)) = (descriptor.kind().as_message(), fields.get_mut(name)) {
                    lasting(inner, value, moments);
                }
            }
        }
        _ => {}
    }
}

//! The keywords of one field: its JSON type (proto3 JSON mapping), its rules, its description.

use crate::parameters::ID_PATTERN;
use crate::schemas::{Schemas, Side};
use prost_reflect::{FieldDescriptor, Kind};
use proto::contract::{Contract, Field};
use proto::policy::v1::Format;
use serde_json::{Map, Value, json};

/// The house limit of characters where a field names none (policy.proto, `max_length`).
const HOUSE_LENGTH: u32 = 2_000;
/// The house limit of items where a field names none (policy.proto, `max_items`).
const HOUSE_ITEMS: u32 = 1_000;

/// A field's schema on one side of a call.
pub(crate) fn schema(field: &Field, side: Side, schemas: &mut Schemas<'_>) -> Value {
    let descriptor = field.descriptor();
    let mut keywords = if descriptor.is_map() {
        map(field, side, schemas)
    } else if descriptor.is_list() {
        list(field, side, schemas)
    } else {
        single(field, descriptor, side, schemas)
    };
    if !field.doc().is_empty() {
        keywords.insert("description".into(), field.doc().into());
    }
    if field.is_output_only() || field.is_identifier() {
        keywords.insert("readOnly".into(), true.into());
    }
    let policy = field.policy();
    let marks = [
        ("x-filterable", policy.filterable),
        ("x-searchable", policy.searchable),
        ("x-personal", policy.personal),
        ("x-classified", policy.classified),
        ("x-internal", policy.internal),
        ("x-sealed", policy.sealed),
        ("x-shown-once", policy.shown_once),
        ("x-immutable", field.is_immutable()),
    ];
    keywords.extend(marks.into_iter().filter(|(_, holds)| *holds).map(|(name, _)| (name.to_owned(), true.into())));
    Value::Object(keywords)
}

/// Whether the field is in every JSON object that has its message: required by rule and never blanked, or a value
/// whose default is written (proto3 JSON with defaults emitted).
pub(crate) fn always_there(field: &Field, side: Side) -> bool {
    let (descriptor, policy) = (field.descriptor(), field.policy());
    match side {
        Side::Patch => false,
        Side::Input | Side::Both => policy.required,
        Side::Answer if descriptor.supports_presence() => {
            policy.required && !policy.personal && !policy.classified && !field.is_output_only()
        }
        Side::Answer => true,
    }
}

fn list(field: &Field, side: Side, schemas: &mut Schemas<'_>) -> Map<String, Value> {
    let mut keywords = object(json!({"type": "array"}));
    if side.checked() {
        if field.policy().required {
            keywords.insert("minItems".into(), 1.into());
        }
        keywords.insert("maxItems".into(), or(field.policy().max_items, HOUSE_ITEMS).into());
    }
    let items = single(field, field.descriptor(), side, schemas);
    keywords.insert("items".into(), Value::Object(items));
    keywords
}

fn map(field: &Field, side: Side, schemas: &mut Schemas<'_>) -> Map<String, Value> {
    let kind = field.descriptor().kind();
    let entry = kind.as_message().expect("a map field's kind is its entry message");
    let values = single(field, &entry.map_entry_value_field(), side, schemas);
    let mut keywords = object(json!({"type": "object"}));
    if side.checked() {
        keywords.insert("maxProperties".into(), or(field.policy().max_items, HOUSE_ITEMS).into());
    }
    keywords.insert("additionalProperties".into(), Value::Object(values));
    keywords
}

fn single(field: &Field, value: &FieldDescriptor, side: Side, schemas: &mut Schemas<'_>) -> Map<String, Value> {
    let mut keywords = match value.kind() {
        Kind::Message(message) => return known(message.full_name()).unwrap_or_else(|| schemas.refer(&message, side)),
        Kind::Enum(found) => {
            let mut keywords = schemas.refer_enum(&found);
            if side.checked() && field.policy().required {
                let unset = found.get_value(0).map(|value| value.name().to_owned());
                keywords.insert("not".into(), json!({"const": unset}));
            }
            return keywords;
        }
        Kind::String => return text(field, side, schemas.contract()),
        Kind::Bytes => json!({"type": "string", "contentEncoding": "base64"}),
        Kind::Bool => json!({"type": "boolean"}),
        Kind::Int32 | Kind::Sint32 | Kind::Sfixed32 => json!({"type": "integer", "format": "int32"}),
        Kind::Uint32 | Kind::Fixed32 => {
            json!({"type": "integer", "format": "int64", "minimum": 0, "maximum": u32::MAX})
        }
        Kind::Int64 | Kind::Sint64 | Kind::Sfixed64 => {
            json!({"type": "string", "format": "int64", "pattern": "^-?[0-9]{1,19}$"})
        }
        Kind::Uint64 | Kind::Fixed64 => json!({"type": "string", "format": "uint64", "pattern": "^[0-9]{1,20}$"}),
        Kind::Double => json!({"type": "number", "format": "double"}),
        Kind::Float => json!({"type": "number", "format": "float"}),
    };
    let policy = field.policy();
    let keywords_of = keywords.as_object_mut().expect("built as an object above");
    if keywords_of["type"] != "string" {
        // A bound of a field that may stay unset does not bind the default that stands for it in answers.
        let binds = side.checked() || policy.required;
        for (name, bound) in [("minimum", policy.minimum), ("maximum", policy.maximum)] {
            if let Some(bound) = bound.filter(|_| binds) {
                keywords_of.insert(name.into(), number(bound));
            }
        }
    }
    object(keywords)
}

/// Text with its rules. An answer's text can be blank where the field may stay unset or is withheld from the caller,
/// so there a rule must let the empty text pass.
fn text(field: &Field, side: Side, contract: &Contract) -> Map<String, Value> {
    let policy = field.policy();
    let may_be_blank = !side.checked() && (!policy.required || policy.personal || policy.classified || policy.internal);
    let pattern = pattern(field, contract);
    let format = standard_format(policy.format());
    let mut keywords = object(json!({"type": "string"}));
    if side.checked() {
        // A pattern or a format says by itself how long a text is, unless the field says more.
        let told = pattern.is_some() || format.is_some();
        let least = if policy.required && !told { policy.min_length.max(1) } else { policy.min_length };
        let most = if told { policy.max_length } else { or(policy.max_length, HOUSE_LENGTH) };
        let bounds = [("minLength", least), ("maxLength", most)].into_iter().filter(|(_, bound)| *bound > 0);
        keywords.extend(bounds.map(|(name, bound)| (name.to_owned(), bound.into())));
    }
    if let Some(format) = format.filter(|_| !may_be_blank) {
        keywords.insert("format".into(), format.into());
    }
    if let Some(pattern) = pattern {
        let optional = if may_be_blank { "?" } else { "" };
        let plain = !may_be_blank && !pattern.contains('|');
        let whole = if plain { format!("^{pattern}$") } else { format!("^(?:{pattern}){optional}$") };
        keywords.insert("pattern".into(), whole.into());
    }
    keywords
}

/// The format of JSON Schema that says the same.
fn standard_format(format: Format) -> Option<&'static str> {
    match format {
        Format::Date => Some("date"),
        Format::Email => Some("email"),
        Format::Uri => Some("uri"),
        Format::Unspecified | Format::Country | Format::Phone | Format::Language | Format::ResourceName => None,
    }
}

/// The expression that the whole text matches, without anchors.
pub(crate) fn pattern(field: &Field, contract: &Contract) -> Option<String> {
    let policy = field.policy();
    if !policy.pattern.is_empty() {
        return Some(policy.pattern.clone());
    }
    match policy.format() {
        Format::Country => Some("[A-Z]{2}".into()),
        Format::Phone => Some(r"\+[1-9][0-9 .()/\-]{3,28}[0-9]".into()),
        Format::Language => Some("[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*".into()),
        Format::ResourceName => Some(name_pattern(field.reference(), contract)),
        Format::Unspecified | Format::Date | Format::Email | Format::Uri => None,
    }
}

/// `missions/[A-Za-z0-9]…` for a name of the pattern `missions/{mission}`.
fn name_pattern(reference: Option<&str>, contract: &Contract) -> String {
    let resource = contract.resources().iter().find(|resource| Some(resource.resource_type()) == reference);
    let Some(resource) = resource else { return format!("[A-Za-z]+/{ID_PATTERN}(/[A-Za-z]+/{ID_PATTERN})*") };
    let parts = resource.pattern().split('/').map(|part| if part.starts_with('{') { ID_PATTERN } else { part });
    parts.collect::<Vec<_>>().join("/")
}

/// The well-known types that JSON writes in a form of their own.
fn known(full_name: &str) -> Option<Map<String, Value>> {
    let schema = match full_name {
        "google.protobuf.Timestamp" => json!({"type": "string", "format": "date-time"}),
        "google.protobuf.Duration" => json!({"type": "string", "pattern": r"^-?[0-9]+(\.[0-9]{1,9})?s$"}),
        "google.protobuf.FieldMask" => json!({"type": "string", "pattern": "^[A-Za-z0-9_.,]*$"}),
        "google.protobuf.Struct" | "google.protobuf.Any" | "google.protobuf.Empty" => json!({"type": "object"}),
        "google.protobuf.ListValue" => json!({"type": "array", "items": {}}),
        "google.protobuf.Value" => json!({}),
        "google.protobuf.BoolValue" => json!({"type": "boolean"}),
        "google.protobuf.StringValue" => json!({"type": "string"}),
        "google.protobuf.BytesValue" => json!({"type": "string", "contentEncoding": "base64"}),
        "google.protobuf.Int32Value" => json!({"type": "integer", "format": "int32"}),
        "google.protobuf.UInt32Value" => json!({"type": "integer", "format": "int64", "minimum": 0}),
        "google.protobuf.Int64Value" | "google.protobuf.UInt64Value" => json!({"type": "string", "format": "int64"}),
        "google.protobuf.FloatValue" | "google.protobuf.DoubleValue" => json!({"type": "number", "format": "double"}),
        _ => return None,
    };
    Some(object(schema))
}

/// Whether the message has a JSON form of its own, and so no schema of its own.
pub(crate) fn is_known(full_name: &str) -> bool {
    known(full_name).is_some()
}

/// A whole number as a whole number: 1, not 1.0.
pub(crate) fn number(value: f64) -> Value {
    if value.fract() == 0.0 && value.abs() < 9e15 { json!(value as i64) } else { json!(value) }
}

fn or(own: u32, house: u32) -> u32 {
    if own == 0 { house } else { own }
}

fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(map) => map,
        _ => Map::new(),
    }
}

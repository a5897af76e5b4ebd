//! What a request carries outside its body: captures of the path, the query, and headers.

use crate::paths::{Capture, Path};
use crate::schemas::{Schemas, Side};
use crate::{examples, fields};
use prost_reflect::MessageDescriptor;
use proto::contract::{Binding, Field, Kind, Method};
use serde_json::{Value, json};

/// The last part of a name: what clients choose, and what we make for them.
pub(crate) const ID_PATTERN: &str = "[A-Za-z0-9][A-Za-z0-9-]{0,62}";
/// Fields of a request that a header stands for in HTTP.
pub(crate) const IN_HEADERS: [&str; 2] = ["request_id", "etag"];

/// How deep the query reaches into messages: `filter.state`, not further.
const DEPTH: usize = 2;

/// The parameters of one route of a method, in the order path, query, headers.
pub(crate) fn of(method: &Method, binding: &Binding, path: &Path, schemas: &mut Schemas<'_>) -> Vec<Value> {
    let input = method.descriptor().input();
    let mut list: Vec<_> = path.captures.iter().map(capture).collect();
    if binding.body != "*" {
        let elsewhere = |name: &str| name == binding.body || binds(path, name) || IN_HEADERS.contains(&name);
        query(&input, "", &elsewhere, schemas, &mut list, DEPTH);
    }
    let header = |name: &str| json!({"$ref": format!("#/components/parameters/{name}")});
    if input.get_field_by_name("request_id").is_some() {
        list.push(header("IdempotencyKey"));
    }
    if input.get_field_by_name("etag").is_some() {
        list.push(header("IfMatch"));
    }
    if *method.kind() == Kind::Watch {
        list.push(header("LastEventID"));
    }
    if binding.method == "GET" && method.descriptor().output().get_field_by_name("etag").is_some() {
        list.push(header("IfNoneMatch"));
    }
    if !method.descriptor().is_server_streaming() {
        list.push(header("RequestTimeout"));
    }
    list.push(header("Traceparent"));
    list
}

/// The headers that many methods take.
pub(crate) fn components() -> Value {
    json!({
        "IdempotencyKey": {
            "name": "Idempotency-Key",
            "in": "header",
            "description": "A key of your own making, a UUID for example. The same request sent again under the same \
                            key has one effect and gets the same answer; another request under it is refused.",
            "schema": {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[!-~]+$"},
            "example": "5e1c8f6a-3b7d-4c39-9a55-0f3f1c9be201",
        },
        "IfMatch": {
            "name": "If-Match",
            "in": "header",
            "description": "The `etag` of the version you read. The request is refused with 412 if the record has \
                            changed since. An update needs it.",
            "schema": {"type": "string", "minLength": 1, "maxLength": 255},
        },
        "IfNoneMatch": {
            "name": "If-None-Match",
            "in": "header",
            "description": "The `ETag` of what you have. If it is still that version, the answer is 304 without a body.",
            "schema": {"type": "string", "minLength": 1, "maxLength": 255},
        },
        "RequestTimeout": {
            "name": "Request-Timeout",
            "in": "header",
            "description": "How many seconds you wait: `2.5`. After that the answer is 504, and a write may still take effect.",
            "schema": {"type": "string", "pattern": r"^([1-9][0-9]{0,4}(\.[0-9]{1,3})?|0\.[0-9]{0,2}[1-9])$"},
            "example": "10",
        },
        "LastEventID": {
            "name": "Last-Event-ID",
            "in": "header",
            "description": "The id of the last event you received: the stream goes on after it.",
            "schema": {"type": "string", "maxLength": 255},
        },
        "Traceparent": {
            "name": "traceparent",
            "in": "header",
            "description": "Your trace, as W3C Trace Context writes it; our part of the work joins it.",
            "schema": {"type": "string", "pattern": "^[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$"},
            "example": "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
        },
    })
}

fn binds(path: &Path, name: &str) -> bool {
    path.bound.iter().any(|bound| bound == name)
}

fn capture(capture: &Capture) -> Value {
    let description = if capture.of.is_empty() {
        format!("The {}.", capture.noun)
    } else {
        format!("The last part of the {}'s name, `{}`.", capture.noun, capture.of)
    };
    json!({
        "name": capture.name,
        "in": "path",
        "required": true,
        "description": description,
        "schema": {"type": "string", "minLength": 1, "maxLength": 63, "pattern": format!("^{ID_PATTERN}$")},
        "example": examples::ID,
    })
}

/// The fields of a message as query parameters, those of messages within it with a dot between.
fn query(
    message: &MessageDescriptor,
    prefix: &str,
    elsewhere: &dyn Fn(&str) -> bool,
    schemas: &mut Schemas<'_>,
    list: &mut Vec<Value>,
    depth: usize,
) {
    for field in message.fields().map(Field::read) {
        let descriptor = field.descriptor();
        if elsewhere(descriptor.name()) || descriptor.is_map() || !Side::Input.shows(&field) {
            continue;
        }
        let kind = descriptor.kind();
        let name = format!("{prefix}{}", descriptor.json_name());
        match kind.as_message().filter(|inner| !fields::is_known(inner.full_name())) {
            None => list.push(parameter(&field, &name, schemas)),
            // A list of messages has no form in a query.
            Some(_) if descriptor.is_list() || depth == 0 => {}
            Some(inner) => query(inner, &format!("{name}."), &|_| false, schemas, list, depth - 1),
        }
    }
}

fn parameter(field: &Field, name: &str, schemas: &mut Schemas<'_>) -> Value {
    let mut schema = fields::schema(field, Side::Input, schemas);
    if let Some(keywords) = schema.as_object_mut() {
        keywords.shift_remove("description");
    }
    let mut parameter = json!({
        "name": name,
        "in": "query",
        "required": field.policy().required,
        "description": field.doc(),
        "schema": schema,
    });
    if field.descriptor().is_list() {
        parameter["style"] = "form".into();
        parameter["explode"] = true.into();
    }
    if let Some(told) = schemas.examples().told(field) {
        parameter["example"] = if field.descriptor().is_list() { json!([told]) } else { told.into() };
    }
    parameter
}

#[cfg(test)]
mod tests {
    use super::*;
    use proto::contract::contract;

    fn parameters(method: &str) -> Vec<Value> {
        let method = contract().methods().iter().find(|found| found.name() == method).expect("it is in the contract");
        let binding = &method.bindings()[0];
        of(method, binding, &Path::of(binding, contract()), &mut Schemas::new(contract()))
    }

    fn names(method: &str) -> Vec<String> {
        let name = |value: &Value| value["name"].as_str().or(value["$ref"].as_str()).unwrap_or_default().to_owned();
        parameters(method).iter().map(name).map(|name| name.replace("#/components/parameters/", "+")).collect()
    }

    #[test]
    fn what_neither_path_nor_body_binds_is_in_the_query() {
        assert_eq!(names("GetMission"), ["mission", "asOf", "+IfNoneMatch", "+RequestTimeout", "+Traceparent"]);
        assert_eq!(names("CreateMission"), ["missionId", "+IdempotencyKey", "+RequestTimeout", "+Traceparent"]);
        assert_eq!(
            names("UpdateMission"),
            ["mission", "updateMask", "+IdempotencyKey", "+IfMatch", "+RequestTimeout", "+Traceparent"]
        );
        assert_eq!(names("Open"), ["mission", "+IdempotencyKey", "+IfMatch", "+RequestTimeout", "+Traceparent"]);
        assert_eq!(names("WatchMissions"), ["cursor", "filter", "+LastEventID", "+Traceparent"]);
    }
}

//! One operation: a method by one of its routes.

use crate::paths::Path;
use crate::schemas::{Schemas, Side};
use crate::{answers, fields, names, parameters};
use prost_reflect::MessageDescriptor;
use proto::contract::{Binding, Field, Method};
use serde_json::{Map, Value, json};

/// The operation of a method's route. `at` counts the method's routes: only the first has the plain operation id.
pub(crate) fn of(method: &Method, binding: &Binding, at: usize, path: &Path, schemas: &mut Schemas<'_>) -> Value {
    let rule = method.rule();
    let suffix = if at == 0 { String::new() } else { format!("_{}", at + 1) };
    let mut operation = Map::new();
    let mut put = |name: &str, value: Value| operation.insert(name.to_owned(), value);
    put("operationId", (names::operation(method) + &suffix).into());
    put("tags", json!([names::tag(method)]));
    put("summary", names::summary(method.doc()).into());
    put("description", description(method).into());
    put("parameters", parameters::of(method, binding, path, schemas).into());
    if let Some(body) = body(method, binding, path, schemas) {
        put("requestBody", body);
    }
    put("responses", answers::of(method, path, schemas));
    put("x-permission", rule.permission.clone().into());
    put("x-partner", rule.partner.into());
    if rule.deprecated.is_some() {
        put("deprecated", true.into());
    }
    if !rule.from.is_empty() || !rule.to.is_empty() {
        put("x-states", json!({"from": rule.from, "to": rule.to}));
    }
    if !rule.distinct_from.is_empty() {
        put("x-distinct-from", rule.distinct_from.clone().into());
    }
    if rule.audited_read {
        put("x-audited-read", true.into());
    }
    let reasons = answers::reasons(method, path, schemas.contract());
    put("x-reasons", reasons.into_iter().map(|reason| reason.name.clone()).collect::<Vec<_>>().into());
    put("x-grpc", method.path()[1..].into());
    Value::Object(operation)
}

/// The comment, then what the rule says, in words.
fn description(method: &Method) -> String {
    let rule = method.rule();
    let mut text = method.doc().to_owned();
    text.push_str("\n\n");
    if rule.any_caller {
        text.push_str("Any caller may call it.");
    } else {
        text.push_str(&format!("Needs the permission `{}`", rule.permission));
        text.push_str(if rule.partner { ", which partner agencies may hold." } else { "." });
    }
    if !rule.from.is_empty() {
        text.push_str(&format!(" The record must be {}.", either(&rule.from)));
    }
    if !rule.to.is_empty() {
        text.push_str(&format!(" It is {} afterwards.", either(&rule.to)));
    }
    if !rule.distinct_from.is_empty() {
        text.push_str(&format!(" Not by the person who did `{}` on the record.", rule.distinct_from));
    }
    if rule.audited_read {
        text.push_str(" Each call is recorded before it is answered.");
    }
    text
}

/// `OPEN`, `SUSPENDED` or `CLOSING`.
fn either(states: &[String]) -> String {
    let code: Vec<_> = states.iter().map(|state| format!("`{state}`")).collect();
    match code.split_last() {
        Some((last, [])) => last.clone(),
        Some((last, before)) => format!("{} or {last}", before.join(", ")),
        None => String::new(),
    }
}

fn body(method: &Method, binding: &Binding, path: &Path, schemas: &mut Schemas<'_>) -> Option<Value> {
    let input = method.descriptor().input();
    if binding.body.is_empty() {
        return None;
    }
    let (message, side, bound) = sent(&input, binding, path);
    let example = schemas.examples().message(&message, side, &bound);
    let needed = message
        .fields()
        .map(Field::read)
        .any(|field| fields::always_there(&field, side) && !bound.contains(&field.descriptor().name().to_owned()));
    let schema = Value::Object(schemas.refer_without(&message, side, &bound));
    if method.descriptor().is_client_streaming() {
        let mut content = answers::lines(schema);
        content["example"] = format!("{example}\n").into();
        return Some(json!({"required": true, "content": {"application/x-ndjson": content}}));
    }
    let content = json!({"application/json": {"schema": schema, "example": example}});
    // Where nothing in it is required, a blank body is as good as `{}`.
    Some(json!({"required": needed, "content": content}))
}

/// The message that is the body, and which of its fields come from elsewhere.
fn sent(input: &MessageDescriptor, binding: &Binding, path: &Path) -> (MessageDescriptor, Side, Vec<String>) {
    if binding.body == "*" {
        let elsewhere = path.bound.iter().map(String::as_str).chain(parameters::IN_HEADERS);
        return (input.clone(), Side::Input, elsewhere.map(str::to_owned).collect());
    }
    let field = input.get_field_by_name(&binding.body).expect("the contract's bodies are fields");
    let message = field.kind().as_message().expect("the contract's bodies are messages").clone();
    let side = if binding.method == "PATCH" { Side::Patch } else { Side::Input };
    (message, side, Vec::new())
}

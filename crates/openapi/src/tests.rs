//! What must hold of the document whatever the contract says.

use crate::{Info, assets, document, errors_md, states_md};
use proto::contract::{Field, contract};
use regex::Regex;
use serde_json::Value;
use std::collections::BTreeSet;

fn made() -> Value {
    let info = Info { title: "Legation".into(), version: "0.1.0".into(), server: "/".into(), ..Info::default() };
    document(contract(), &info)
}

fn operations(document: &Value) -> Vec<(&String, &String, &Value)> {
    let paths = document["paths"].as_object().expect("paths are an object");
    paths
        .iter()
        .flat_map(|(path, item)| {
            item.as_object().expect("an item is an object").iter().map(move |(method, found)| (path, method, found))
        })
        .collect()
}

fn walk<'a>(value: &'a Value, visit: &mut impl FnMut(&'a serde_json::Map<String, Value>)) {
    match value {
        Value::Object(map) => {
            visit(map);
            map.values().for_each(|value| walk(value, visit));
        }
        Value::Array(list) => list.iter().for_each(|value| walk(value, visit)),
        _ => {}
    }
}

#[test]
fn every_route_of_every_method_is_there() {
    let document = made();
    let routes: usize = contract().methods().iter().map(|method| method.bindings().len()).sum();
    assert_eq!(operations(&document).len(), routes);
    let ids: BTreeSet<_> = operations(&document).iter().map(|(_, _, found)| found["operationId"].to_string()).collect();
    assert_eq!(ids.len(), routes, "an operation id is used twice");
    for method in contract().methods() {
        assert!(!method.bindings().is_empty(), "{} has no route", method.path());
    }
}

#[test]
fn every_parameter_of_a_path_is_declared() {
    let document = made();
    let captured = Regex::new(r"\{([A-Za-z]+)\}").expect("the expression is sound");
    for (path, method, operation) in operations(&document) {
        let wanted: Vec<_> = captured.captures_iter(path).map(|found| found[1].to_owned()).collect();
        let parameters = operation["parameters"].as_array().expect("parameters are a list");
        let of_path = parameters.iter().filter(|parameter| parameter["in"] == "path");
        let declared: Vec<_> = of_path.filter_map(|parameter| parameter["name"].as_str().map(str::to_owned)).collect();
        assert_eq!(wanted, declared, "{method} {path}");
    }
}

#[test]
fn every_reference_leads_somewhere() {
    let document = made();
    let mut count = 0;
    walk(&document, &mut |map| {
        if let Some(reference) = map.get("$ref").and_then(Value::as_str) {
            count += 1;
            assert!(document.pointer(&reference[1..]).is_some(), "{reference} leads nowhere");
        }
    });
    assert!(count > 500, "{count} references");
}

/// What clients made by generators do with an answer follows from this; `cargo xtask test --only clients` tries some.
#[test]
fn every_success_is_json_of_a_schema_events_or_bytes() {
    let document = made();
    let (mut json, mut bytes) = (0, 0);
    for (path, method, operation) in operations(&document) {
        let content = operation["responses"]["200"]["content"].as_object().expect("a success has content");
        for (media, found) in content {
            let schema = &found["schema"];
            match media.as_str() {
                "application/json" => {
                    json += 1;
                    assert!(schema["$ref"].is_string(), "{method} {path}: {schema}");
                }
                "text/event-stream" => assert_eq!((&schema["type"], schema.get("format")), (&"string".into(), None)),
                _ => {
                    bytes += 1;
                    assert_eq!(
                        (&schema["type"], &schema["format"]),
                        (&"string".into(), &"binary".into()),
                        "{path} {media}"
                    );
                }
            }
        }
    }
    assert!(json > 500 && bytes > 10, "{json} of JSON, {bytes} of bytes");
}

#[test]
fn every_answer_but_success_is_a_problem_and_denials_are_told() {
    let document = made();
    for (path, method, operation) in operations(&document) {
        let answers = operation["responses"].as_object().expect("responses are an object");
        assert!(answers.contains_key("200") && answers.contains_key("401") && answers.contains_key("500"), "{path}");
        assert_eq!(answers.contains_key("403"), operation["x-permission"] != "", "{method} {path}");
        for (status, answer) in answers.iter().filter(|(status, _)| !matches!(status.as_str(), "200" | "304" | "431")) {
            let reference = answer["$ref"].as_str().expect("refusals are shared");
            let refusal = document.pointer(&reference[1..]).expect("every reference leads somewhere");
            assert!(refusal["content"]["application/problem+json"].is_object(), "{status} of {path}");
        }
    }
}

#[test]
fn whoever_names_another_record_is_told_that_it_may_not_be_there() {
    let document = made();
    let mut asked = 0;
    for method in contract().methods() {
        let names_another = |field: prost_reflect::FieldDescriptor| Field::read(field).reference().is_some();
        if !method.descriptor().input().fields().any(names_another) {
            continue;
        }
        let id = method.descriptor().full_name().rsplit('.').take(2).collect::<Vec<_>>();
        for (path, verb, operation) in operations(&document) {
            if operation["operationId"] == format!("{}_{}", id[1], id[0]) {
                asked += 1;
                assert!(operation["responses"]["404"].is_object(), "{verb} {path} does not say 404");
            }
        }
    }
    assert!(asked > 0);
}

/// What is computed rests on records too: the fee of a code that is not in force, a rate that is not there.
#[test]
fn what_asks_for_a_price_is_told_that_there_may_be_none() {
    let document = made();
    let quotes: Vec<_> = operations(&document).into_iter().filter(|(path, _, _)| path.ends_with(":quote")).collect();
    assert!(!quotes.is_empty());
    for (path, verb, operation) in quotes {
        assert!(operation["responses"]["409"].is_object(), "{verb} {path} does not say 409");
    }
}

/// A small part of JSON Schema, enough for what we generate: an example that fails here fails for callers.
fn check(document: &Value, schema: &Value, value: &Value, at: &str, wrong: &mut Vec<String>) {
    if let Some(reference) = schema["$ref"].as_str() {
        check(document, document.pointer(&reference[1..]).expect("it resolves"), value, at, wrong);
    }
    if schema["enum"].as_array().is_some_and(|allowed| !allowed.contains(value)) {
        wrong.push(format!("{at}: {value} is none of the values"));
    }
    if !schema["not"].is_null() && schema["not"]["const"] == *value {
        wrong.push(format!("{at}: {value} is excluded"));
    }
    match (schema["type"].as_str(), value) {
        (Some("object"), Value::Object(map)) => {
            for name in schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str) {
                if !map.contains_key(name) {
                    wrong.push(format!("{at}: {name} is missing"));
                }
            }
            for (name, value) in map {
                match schema["properties"].get(name) {
                    Some(inner) => check(document, inner, value, &format!("{at}.{name}"), wrong),
                    None if schema["additionalProperties"] == false => wrong.push(format!("{at}: {name} is unknown")),
                    None => {}
                }
            }
        }
        (Some("array"), Value::Array(list)) => {
            list.iter().for_each(|value| check(document, &schema["items"], value, &format!("{at}[]"), wrong));
        }
        (Some("string"), Value::String(text)) => {
            let pattern = schema["pattern"].as_str().map(|pattern| Regex::new(pattern).expect("patterns are sound"));
            if let Some(pattern) = pattern.filter(|pattern| !pattern.is_match(text)) {
                wrong.push(format!("{at}: {text} does not match {pattern}"));
            }
            let length = text.chars().count() as u64;
            let (least, most) = (schema["minLength"].as_u64(), schema["maxLength"].as_u64());
            if least.is_some_and(|least| length < least) || most.is_some_and(|most| length > most) {
                wrong.push(format!("{at}: {text} is too short or too long"));
            }
        }
        (Some("integer" | "number"), Value::Number(number)) => {
            let number = number.as_f64().unwrap_or_default();
            let (least, most) = (schema["minimum"].as_f64(), schema["maximum"].as_f64());
            if least.is_some_and(|least| number < least) || most.is_some_and(|most| number > most) {
                wrong.push(format!("{at}: {number} is out of bounds"));
            }
        }
        (Some("boolean"), Value::Bool(_)) | (None, _) => {}
        (Some(kind), _) => wrong.push(format!("{at}: {value} is no {kind}")),
    }
}

#[test]
fn every_example_keeps_the_rules_it_stands_beside() {
    let document = made();
    let mut wrong = Vec::new();
    let mut bodies = 0;
    for (path, method, operation) in operations(&document) {
        let at = format!("{method} {path}");
        if let Some(body) = operation["requestBody"]["content"].get("application/json") {
            bodies += 1;
            assert!(body["example"].is_object(), "{at} has no example");
            check(&document, &body["schema"], &body["example"], &at, &mut wrong);
        }
        for parameter in operation["parameters"].as_array().into_iter().flatten() {
            if let Some(example) = parameter.get("example") {
                check(&document, &parameter["schema"], example, &at, &mut wrong);
            }
        }
    }
    let schemas = document["components"]["schemas"].as_object().expect("schemas are an object");
    for (name, schema) in schemas {
        for example in schema["examples"].as_array().into_iter().flatten() {
            check(&document, schema, example, name, &mut wrong);
        }
    }
    assert!(bodies > 25, "{bodies} bodies");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn what_only_we_set_is_not_asked_for() {
    let document = made();
    let schemas = &document["components"]["schemas"];
    let sent = schemas["accreditation.MissionInput"]["properties"].as_object().expect("it has properties");
    assert!(sent.contains_key("sendingState") && !sent.contains_key("state") && !sent.contains_key("etag"));
    let patch = &schemas["accreditation.MissionPatch"];
    assert!(patch["properties"]["title"].is_object() && patch["properties"]["sendingState"].is_null());
    assert!(patch["required"].is_null());
    assert_eq!(schemas["accreditation.Mission"]["properties"]["state"]["readOnly"], true);
}

#[test]
fn withheld_text_is_allowed_to_be_blank() {
    let document = made();
    let member = &document["components"]["schemas"]["accreditation.Member"]["properties"];
    assert!(member["birthDate"]["format"].is_null(), "a caller without the right gets an empty date of birth");
    let pattern = member["passportNumber"]["pattern"].as_str().expect("it has a pattern");
    assert!(Regex::new(pattern).expect("it is sound").is_match(""));
}

#[test]
fn the_same_contract_gives_the_same_bytes() {
    assert_eq!(made().to_string(), made().to_string());
    let fresh = proto::contract::Contract::read(contract().pool().clone());
    let info = Info { title: "Legation".into(), version: "0.1.0".into(), server: "/".into(), ..Info::default() };
    assert_eq!(document(&fresh, &info).to_string(), made().to_string());
    assert_eq!(errors_md(&fresh), errors_md(contract()));
}

#[test]
fn every_reason_has_its_place_in_both_references() {
    let text = errors_md(contract());
    let page = assets().iter().find(|(path, _, _)| *path == "/docs/errors").expect("the page is there");
    let page = String::from_utf8_lossy(&page.2);
    for reason in contract().reasons() {
        assert!(text.contains(&format!("\n### {}\n", reason.name)), "{}", reason.name);
        assert!(page.contains(&format!("id=\"{}\"", reason.name)), "{}", reason.name);
    }
    assert!(!page.contains("{{"), "a place in the page was left unfilled");
}

#[test]
fn the_states_are_drawn_with_what_timers_do() {
    let text = states_md(contract(), "accreditation");
    for line in [
        "    [*] --> PROPOSED: create",
        "    PROPOSED --> CONSENT_REVIEW: requestConsent",
        "    PROPOSED --> [*]: delete",
        "    GRACE --> ENDED: expireGrace (timer)",
        "    ACCREDITED --> GRACE: endWithMission (follows)",
        "| `expireGrace` | `GRACE` | `ENDED` |  |  | timer `grace` |",
        "| `consent` | `CONSENT_REVIEW` | `CONSENTED` | `accreditation.missions.decide` | not who did `requestConsent` |  |",
    ] {
        assert!(text.contains(line), "{line} is missing in\n{text}");
    }
    assert_eq!(states_md(contract(), "nothing"), "");
}

#[test]
fn the_page_needs_nothing_from_elsewhere() {
    let known: BTreeSet<_> = assets().iter().map(|(path, _, _)| *path).collect();
    let outside = Regex::new(r#"(src|href)="(https?:)?//|@import|url\(\s*["']?https?:| style="|<script>| on[a-z]+=""#)
        .expect("the expression is sound");
    let local =
        Regex::new(r##"(?:src|href)="(/docs[^"#]*)["#]|from '\./([a-z]+\.js)'"##).expect("the expression is sound");
    for (path, _, bytes) in assets() {
        let text = String::from_utf8_lossy(bytes);
        assert!(!outside.is_match(&text), "{path} breaks the policy: {:?}", outside.find(&text));
        for found in local.captures_iter(&text) {
            let target = found.get(1).map_or_else(|| format!("/docs/{}", &found[2]), |path| path.as_str().to_owned());
            assert!(known.contains(target.as_str()), "{path} refers to {target}, which is not served");
        }
    }
}

//! JSON in both directions: the form it has, and what is refused.

use crate::{json, kinds, lines, wire};
use proptest::prelude::*;
use transcode::{DEEPEST_JSON, MOST_ITEMS_READ, Malformed, Message, Refusal};

fn text(message: Message<'_>, wire: &[u8]) -> String {
    let mut out = Vec::new();
    message.to_json(wire, &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

fn refused(message: Message<'_>, json: &str) -> Vec<String> {
    let mut out = b"before".to_vec();
    match message.to_wire(json.as_bytes(), &mut out).expect_err(json) {
        Refusal::Violations(violations) => {
            assert_eq!(out, b"before");
            lines(&violations)
        }
        Refusal::Malformed(malformed) => panic!("{malformed:?}"),
    }
}

fn malformed(message: Message<'_>, json: &[u8]) -> Malformed {
    match message.to_wire(json, &mut Vec::new()) {
        Err(Refusal::Malformed(malformed)) => malformed,
        other => panic!("{other:?} of {}", String::from_utf8_lossy(json)),
    }
}

#[test]
fn defaults_are_shown_where_there_is_no_presence() {
    let expected = r#"{"aDouble":0.0,"aFloat":0.0,"anInt32":0,"anInt64":"0","aUint32":0,"aUint64":"0","aSint32":0,"aSint64":"0","aFixed32":0,"aFixed64":"0","aSfixed32":0,"aSfixed64":"0","aBool":false,"aString":"","aBytes":"","aColor":"COLOR_UNSPECIFIED","aSparse":"SPARSE_UNSPECIFIED","an \"odd\" name":"","farOff":0,"fartherOff":0}"#;
    assert_eq!(text(kinds("Scalars"), &[]), expected);
    assert_eq!(text(kinds("Optionals"), &[]), "{}");
    assert_eq!(text(kinds("Known"), &[]), "{}");
    assert_eq!(text(kinds("Choice"), &[]), r#"{"beside":""}"#);
    assert!(text(kinds("Lists"), &[]).starts_with(r#"{"doubles":[],"floats":[]"#));
    assert!(text(kinds("Maps"), &[]).starts_with(r#"{"byInt32":{},"byInt64":{}"#));
}

#[test]
fn fields_come_in_the_order_of_their_numbers_whatever_the_wire_has() {
    let scalars = kinds("Scalars");
    let ordered = wire(scalars, r#"{"aDouble": 1.5, "aString": "x"}"#);
    let backwards = wire(scalars, r#"{"aString": "x", "aDouble": 1.5}"#);
    assert_ne!(ordered, backwards);
    assert_eq!(text(scalars, &ordered), text(scalars, &backwards));
}

#[test]
fn odd_forms_of_the_wire_are_put_together() {
    let nested = kinds("Nested");
    let joined = |parts: &[&str]| parts.iter().flat_map(|part| wire(nested, part)).collect::<Vec<_>>();
    // A message in two parts, inside a message in two parts; a list in two runs; a field overwritten.
    let odd = joined(&[
        r#"{"inner": {"title": "a", "scalars": {"aBool": true}}, "children": [{"title": "1"}], "title": "old"}"#,
        r#"{"title": "new", "children": [{"title": "2"}], "inner": {"scalars": {"anInt32": 5}}}"#,
    ]);
    let whole = wire(
        nested,
        r#"{"inner": {"title": "a", "scalars": {"aBool": true, "anInt32": 5}}, "children": [{"title": "1"}, {"title": "2"}], "title": "new"}"#,
    );
    assert_eq!(text(nested, &odd), text(nested, &whole));
    // Of a oneof the last member holds, and of a member that was given up and came back only what came back.
    let choice = kinds("Choice");
    let joined = |parts: &[&str]| parts.iter().flat_map(|part| wire(choice, part)).collect::<Vec<_>>();
    let odd = joined(&[r#"{"nested": {"title": "a"}}"#, r#"{"text": "b"}"#, r#"{"nested": {"children": []}}"#]);
    assert_eq!(text(choice, &odd), r#"{"nested":{"children":[],"title":""},"beside":""}"#);
}

#[test]
fn parts_inside_parts_cost_one_more_pass_and_no_more() {
    // Every level is split in two: a reader that starts over at each of them would never end.
    let nested = kinds("Nested");
    let mut bytes = wire(nested, r#"{"title": "x"}"#);
    for _ in 0..60 {
        let mut outer = Vec::new();
        for part in [&bytes[..], &[]] {
            outer.push(0x0a);
            prost::encoding::encode_varint(part.len() as u64, &mut outer);
            outer.extend_from_slice(part);
        }
        bytes = outer;
    }
    assert!(text(nested, &bytes).contains(r#""title":"x""#));
}

#[test]
fn what_json_cannot_say_or_nobody_can_read_is_an_error() {
    let broken = |message: Message<'_>, wire: &[u8]| {
        let mut out = b"before".to_vec();
        let error = message.to_json(wire, &mut out).expect_err("it is broken");
        assert_eq!(out, b"before");
        error.to_string()
    };
    assert_eq!(broken(kinds("Scalars"), &[0x72, 1, 0xff]), "the message cannot be read: a text is not UTF-8");
    assert_eq!(broken(kinds("Scalars"), &[0x72, 9]), "the message cannot be read: it is cut off");
    assert_eq!(broken(kinds("Scalars"), &[0x70, 9]), "the message cannot be read: a field has a wrong wire type");
    let mut late = vec![0x0a, 7, 0x08];
    prost::encoding::encode_varint(253_402_300_800, &mut late);
    late[1] = late.len() as u8 - 2;
    assert!(broken(kinds("Known"), &late).contains("an instant is out of range"));
    let mut deep = Vec::new();
    for _ in 0..200 {
        let mut outer = vec![0x0a];
        prost::encoding::encode_varint(deep.len() as u64, &mut outer);
        outer.extend_from_slice(&deep);
        deep = outer;
    }
    assert!(broken(kinds("Nested"), &deep).contains("nested too deep"));
}

#[test]
fn every_violation_is_found_at_once() {
    let everything = kinds("Everything");
    let found = refused(
        everything,
        r#"{
            "scalars": {"anInt32": "many", "aBool": 1, "aColor": "PINK", "aSparse": 7, "colour": {"a": [1]}, "aBytes": "*"},
            "lists": {"strings": ["a", 2, null, "b\u0000"], "int32s": {"a": 1}, "messages": [{}, {"aUint32": -1}]},
            "maps": {"byInt32": {"x": "y", "1": null}, "byBool": []},
            "known": {"time": "yesterday", "span": 5, "mask": "a-b", "aString": 5},
            "choice": {"number": 1, "text": "x"},
            "nested": "none",
            "dynamic": {"object": {"a": 1, "a": 2}, "list": 5}
        }"#,
    );
    assert_eq!(
        found,
        [
            "scalars.anInt32: must be a whole number",
            "scalars.aBool: must be true or false, not a number",
            "scalars.aColor: has no value \"PINK\"; it has RED, GREEN, BLUE",
            "scalars.aSparse: has no value 7",
            "scalars.colour: is not a field of Scalars",
            "scalars.aBytes: must be base64",
            "lists.strings[1]: must be text, not a number",
            "lists.strings[2]: must not be null",
            "lists.strings[3]: must not contain the character NUL",
            "lists.int32s: must be a list, not an object",
            "lists.messages[1].aUint32: must be from 0 to 4294967295",
            "maps.byInt32[x]: has a wrong key: it must be a whole number",
            "maps.byInt32[1]: must not be null",
            "maps.byBool: must be an object, not a list",
            "known.time: must be an instant of RFC 3339 such as 2026-11-21T08:30:00Z",
            "known.span: must be text, not a number",
            "known.mask: must be at most 1000 names of fields with commas between",
            "known.aString: must be text, not a number",
            "choice.text: is given beside another field that excludes it",
            "nested: must be an object, not text",
            "dynamic.object: has a key twice",
        ]
        .iter()
        .map(ToString::to_string)
        .chain(found.last().cloned())
        .collect::<Vec<_>>()
    );
    assert!(found.last().unwrap().starts_with("dynamic.list: must be a google.protobuf.ListValue"));
}

#[test]
fn a_field_is_given_once_under_one_of_its_names() {
    let scalars = kinds("Scalars");
    assert_eq!(wire(scalars, r#"{"an_int32": 5}"#), wire(scalars, r#"{"anInt32": 5}"#));
    assert_eq!(refused(scalars, r#"{"anInt32": 5, "an_int32": 5}"#), ["anInt32: is given more than once"]);
    assert_eq!(refused(scalars, r#"{"anInt32": null, "anInt32": 5}"#), ["anInt32: is given more than once"]);
    assert_eq!(
        refused(kinds("Maps"), r#"{"byInt32": {"0": "a", "-0": "b"}}"#),
        ["byInt32[-0]: is given more than once"]
    );
    // Null is absence, so it excludes nothing.
    assert_eq!(wire(kinds("Choice"), r#"{"number": null, "text": "x"}"#), wire(kinds("Choice"), r#"{"text": "x"}"#));
}

#[test]
fn numbers_and_enums_come_in_several_forms() {
    let scalars = kinds("Scalars");
    for same in
        [r#"{"anInt64": "5", "aColor": "RED"}"#, r#"{"anInt64": 5, "aColor": 1}"#, r#"{"anInt64": 5.0, "aColor": 1}"#]
    {
        assert_eq!(wire(scalars, same), wire(scalars, r#"{"anInt64":"5","aColor":"RED"}"#));
    }
    assert_eq!(json(scalars, &wire(scalars, r#"{"aFloat": "NaN", "aDouble": "-Infinity"}"#))["aFloat"], "NaN");
    assert!(wire(scalars, r#"{"anInt32": 0, "aString": "", "aColor": "COLOR_UNSPECIFIED"}"#).is_empty());
    assert!(!wire(scalars, r#"{"aDouble": -0.0}"#).is_empty());
    assert!(!wire(kinds("Optionals"), r#"{"anInt32": 0}"#).is_empty());
}

#[test]
fn what_is_not_json_is_told_by_its_place() {
    let scalars = kinds("Scalars");
    let at = malformed(scalars, b"{\"aString\": \"x\",\n  \"anInt32\": 05}");
    assert_eq!((at.line, at.column, &*at.message), (2, 15, "a comma or } was expected"));
    assert_eq!(malformed(scalars, b"{} {}").message, "something follows the end");
    assert_eq!(malformed(scalars, b"{\"aString\": \"\xff\"}").message, "it is not UTF-8");
    assert_eq!(malformed(scalars, b"").message, "it ends too early");
    assert_eq!(malformed(scalars, b"{\"aString\": \"\\ud800\"}").message, "half of a surrogate pair is missing");
    let deep = format!("{}{}", r#"{"inner":"#.repeat(DEEPEST_JSON + 1), "}".repeat(DEEPEST_JSON + 1));
    assert!(malformed(kinds("Nested"), deep.as_bytes()).message.contains("nested deeper"));
    let deep = format!("{}null{}", r#"{"inner":"#.repeat(DEEPEST_JSON), "}".repeat(DEEPEST_JSON));
    assert_eq!(kinds("Nested").to_wire(deep.as_bytes(), &mut Vec::new()), Ok(()));
}

#[test]
fn a_refusal_and_a_list_are_bounded() {
    let body = (0..5_000).map(|n| format!("\"x{n}\": 1")).collect::<Vec<_>>().join(",");
    assert_eq!(refused(kinds("Scalars"), &format!("{{{body}}}")).len(), 100);
    let list = vec!["1"; MOST_ITEMS_READ + 1].join(",");
    assert_eq!(refused(kinds("Lists"), &format!(r#"{{"int32s": [{list}]}}"#)), ["int32s: has more than 10000 items"]);
}

#[test]
fn null_is_a_value_where_the_contract_has_one() {
    let dynamic = kinds("Dynamic");
    let sent = wire(dynamic, r#"{"value": null, "nothing": null, "values": [null, 1], "object": null}"#);
    let shown = json(dynamic, &sent);
    assert_eq!(shown["value"], serde_json::Value::Null);
    assert!(shown.as_object().unwrap().contains_key("value") && !shown.as_object().unwrap().contains_key("object"));
    assert_eq!(shown["values"], serde_json::json!([null, 1.0]));
}

proptest! {
    #[test]
    fn no_wire_makes_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        for name in ["Everything", "Maps", "Lists", "Choice", "Known", "Dynamic"] {
            let mut out = Vec::new();
            if kinds(name).to_json(&bytes, &mut out).is_ok() {
                prop_assert!(serde_json::from_slice::<serde_json::Value>(&out).is_ok());
            }
        }
    }

    #[test]
    fn no_text_makes_it_panic(text in r#"\{("(scalars|anInt32|nested|inner|known|time|a)": ?|[{}\[\],:"\\u0-9.eE+-]|null|true|"x"){0,20}"#) {
        let mut out = Vec::new();
        if kinds("Everything").to_wire(text.as_bytes(), &mut out).is_ok() {
            prop_assert!(kinds("Everything").to_json(&out, &mut Vec::new()).is_ok());
        }
    }
}

//! What is dropped, how deep, and when nothing is copied.

use crate::{json, kinds, trial, wire};
use std::borrow::Cow;
use transcode::{Which, tables};

const SECRETS: &str = r#"{
    "title": "Desk",
    "part": {"label": "x", "secret": "S", "token": "t", "note": "n", "desk": "O", "inner": {"secret": "S", "note": "n"}},
    "parts": [{"label": "x", "token": "t"}, {"note": "n"}],
    "partsByName": {"a": {"secret": "S", "note": "n"}}
}"#;

#[test]
fn fields_are_dropped_however_deep() {
    let thing = trial("Thing");
    let bytes = wire(thing, SECRETS);
    let left = |which| json(thing, &thing.redact(&bytes, which));
    let shown = |part: &serde_json::Value| {
        ["label", "secret", "token", "note", "desk"].map(|name| part[name].as_str().unwrap().to_owned()).join("")
    };
    let personal = left(Which { personal: true, ..Which::default() });
    assert_eq!(shown(&personal["part"]), "StnO");
    assert_eq!(shown(&personal["parts"][0]), "t");
    assert_eq!(personal["parts"][1]["note"], "n");
    let classified = left(Which { classified: true, ..Which::default() });
    assert_eq!(shown(&classified["part"]), "xtnO");
    assert_eq!(shown(&left(Which { internal: true, ..Which::default() })["part"]), "xStn");
    assert_eq!(shown(&classified["part"]["inner"]), "n");
    assert_eq!(shown(&classified["partsByName"]["a"]), "n");
    let all = left(Which::ALL);
    assert_eq!(shown(&all["part"]), "n");
    assert_eq!(shown(&all["part"]["inner"]), "n");
    assert_eq!(all["title"], "Desk");
    assert!(!String::from_utf8_lossy(&thing.redact(&bytes, Which::ALL)).contains(['x', 'S', 't', 'O']));
}

#[test]
fn what_is_not_understood_does_not_get_out() {
    let thing = trial("Thing");
    let bytes = wire(thing, r#"{"part": {"label": "x", "note": "n"}}"#);
    let unknown = [&bytes[..], &[0xfa, 0x3f, 1, b'?']].concat();
    let broken = [&bytes[..], &[0x4a, 9, b'?']].concat();
    for damaged in [unknown, broken] {
        let left = thing.redact(&damaged, Which::ALL);
        assert_eq!(json(thing, &left)["part"]["note"], "n");
        assert!(!left.contains(&b'?'));
    }
}

#[test]
fn a_type_without_secrets_is_not_copied() {
    let mission = tables().message("legation.accreditation.v1.Mission").unwrap();
    let bytes = wire(mission, r#"{"title": "Embassy"}"#);
    assert!(matches!(mission.redact(&bytes, Which::ALL), Cow::Borrowed(_)));
    assert!(matches!(kinds("Everything").strip_output_only(&[]), Cow::Borrowed(_)));
    let member = tables().message("legation.accreditation.v1.Member").unwrap();
    assert!(matches!(member.redact(&[], Which { classified: true, ..Which::default() }), Cow::Borrowed(_)));
    assert!(matches!(member.redact(&[], Which { personal: true, ..Which::default() }), Cow::Owned(_)));
    assert!(member.redacted(Which::ALL).any(|name| name == "family_name"));
}

#[test]
fn what_callers_cannot_set_is_stripped() {
    let thing = trial("Thing");
    let bytes = wire(thing, r#"{"name": "things/1", "state": "NEW", "part": {"note": "n", "version": 7}}"#);
    let left = json(thing, &thing.strip_output_only(&bytes));
    assert_eq!((&left["name"], &left["state"]), (&"things/1".into(), &"".into()));
    assert_eq!((&left["part"]["note"], &left["part"]["version"]), (&"n".into(), &"0".into()));
}

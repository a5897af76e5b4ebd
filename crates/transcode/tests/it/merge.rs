//! Field masks: derived from a body, and applied.

use crate::{json, trial, wire};
use serde_json::json as value;

fn merged(old: &str, new: &str, paths: &[&str]) -> serde_json::Value {
    let thing = trial("Thing");
    let bytes = thing.merge(&wire(thing, old), &wire(thing, new), paths).unwrap();
    json(thing, &bytes)
}

#[test]
fn a_mask_is_the_leaves_of_the_body() {
    let mask = |json: &str| trial("Thing").mask(json.as_bytes()).unwrap().join(" ");
    assert_eq!(mask(r#"{"title": "x", "partsByName": {"a": {}}, "anyName": null}"#), "title parts_by_name any_name");
    assert_eq!(mask(r#"{"part": {"note": "n", "inner": {"note": null}}}"#), "part.note part.inner.note");
    assert_eq!(mask(r#"{"part": {}, "time": "2026-01-01T00:00:00Z", "extra": {"a": 1}}"#), "part time extra");
    assert_eq!(mask("{}"), "");
    // A record that was read can be sent back.
    assert_eq!(mask(r#"{"name": "things/1", "state": "NEW", "part": {"version": 7}, "title": "x"}"#), "title");
    assert!(trial("Thing").mask(b"{").is_err());
}

#[test]
fn only_what_the_mask_names_changes() {
    let old = r#"{"title": "old", "code": "a", "part": {"label": "x", "note": "n"}, "tags": ["1", "2"]}"#;
    let new = r#"{"title": "new", "part": {"label": "y"}, "tags": ["3"], "size": 5}"#;
    let left = merged(old, new, &["title", "tags"]);
    assert_eq!((&left["title"], &left["code"], &left["tags"]), (&"new".into(), &"a".into(), &value!(["3"])));
    assert_eq!((&left["part"]["label"], &left["size"]), (&"x".into(), &0.into()));

    let left = merged(old, new, &["part.label"]);
    assert_eq!((&left["part"]["label"], &left["part"]["note"]), (&"y".into(), &"n".into()));
    let left = merged(old, new, &["part.note", "part.inner.note", "code"]);
    assert_eq!((&left["part"]["label"], &left["part"]["note"], &left["code"]), (&"x".into(), &"".into(), &"".into()));
    assert!(left["part"].get("inner").is_none());
    let left = merged(old, new, &["part", "part.note"]);
    assert_eq!((&left["part"]["label"], &left["part"]["note"]), (&"y".into(), &"".into()));
    assert_eq!(merged(old, new, &["*"]), merged(new, new, &[]));
    assert_eq!(merged(old, new, &[]), merged(old, old, &[]));
    assert_eq!(
        merged("{}", r#"{"part": {"inner": {"note": "n"}}}"#, &["part.inner.note"])["part"]["inner"]["note"],
        "n"
    );
    // Names as JSON has them.
    assert_eq!(merged(old, r#"{"anyName": "a/b"}"#, &["anyName"])["anyName"], "a/b");
    let oneof = merged(r#"{"left": "x"}"#, r#"{"right": 5}"#, &["right"]);
    assert_eq!((oneof.get("left"), &oneof["right"]), (None, &"5".into()));
}

#[test]
fn a_path_that_leads_nowhere_is_a_violation() {
    for path in ["colour", "title.x", "parts.label", "tags.0", "parts_by_name.a", "time.seconds", "", "part.", ".part"]
    {
        let violation = trial("Thing").merge(&[], &[], &[path]).expect_err(path);
        assert_eq!(violation.field, "updateMask");
        assert_eq!(violation.description, format!("names no field that can be changed alone: {path}"));
    }
    assert!(trial("Thing").merge(&[0xff], &[], &["title"]).is_err());
}

#[test]
fn fields_of_a_later_contract_are_kept() {
    let thing = trial("Thing");
    let old = [&wire(thing, r#"{"title": "old"}"#)[..], &[0xfa, 0x3f, 1, b'?']].concat();
    let bytes = thing.merge(&old, &wire(thing, r#"{"title": "new"}"#), &["title"]).unwrap();
    assert!(bytes.ends_with(&[0xfa, 0x3f, 1, b'?']));
    assert_eq!(json(thing, &bytes)["title"], "new");
}

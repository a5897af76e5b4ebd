//! The contract's field rules, each with what it lets through and what it refuses.

use crate::{kinds, lines, trial, wire};
use proptest::prelude::*;
use transcode::{Message, tables};

fn of(message: Message<'_>, json: &str) -> Vec<String> {
    lines(&message.check(&wire(message, json)))
}

/// The violations of a thing that has all it must have, and these fields besides.
fn thing(fields: &str) -> Vec<String> {
    let base = r#""title": "Desk", "tags": ["a"], "color": "RED", "part": {"label": "x"}"#;
    let comma = if fields.is_empty() { "" } else { "," };
    of(trial("Thing"), &format!("{{{base}{comma} {fields}}}"))
}

const NONE: [&str; 0] = [];

#[test]
fn what_must_be_there_is_missed() {
    assert_eq!(thing(""), NONE);
    let all = ["title: is required", "tags: is required", "color: is required", "part: is required"];
    assert_eq!(of(trial("Thing"), "{}"), all);
    assert_eq!(of(trial("Thing"), r#"{"title": "", "tags": [], "color": 0, "part": null}"#), all);
    assert_eq!(thing(r#""parts": [{"label": "x"}, {}]"#), ["parts[1].label: is required"]);
    assert_eq!(thing(r#""partsByName": {"a": {}}"#), ["partsByName[a].label: is required"]);
}

#[test]
fn lengths_are_of_characters() {
    let titled = |title: &str| {
        let json = format!(r#"{{"title": "{title}", "tags": ["a"], "color": "RED", "part": {{"label": "x"}}}}"#);
        of(trial("Thing"), &json)
    };
    assert_eq!(titled("éééééééééé"), NONE);
    assert_eq!(titled("ééééééééééé"), ["title: is longer than 10 characters"]);
    assert_eq!(titled("é"), ["title: is shorter than 2 characters"]);
    assert_eq!(thing(&format!(r#""left": "{}""#, "x".repeat(2_000))), NONE);
    assert_eq!(thing(&format!(r#""left": "{}""#, "x".repeat(2_001))), ["left: is longer than 2000 characters"]);
    assert_eq!(thing(r#""blob": "YWI=""#), NONE);
    assert_eq!(thing(r#""blob": "YWJj""#), ["blob: is longer than 2 bytes"]);
    assert_eq!(thing(r#""nickname": "abcd""#), ["nickname: is longer than 3 characters"]);
}

#[test]
fn patterns_hold_for_the_whole_text() {
    assert_eq!(thing(r#""code": "abc""#), NONE);
    assert_eq!(thing(r#""code": """#), NONE);
    for wrong in ["abc1", "abc\\n", "1a"] {
        assert_eq!(thing(&format!(r#""code": "{wrong}""#)), ["code: must match [a-z]+|[0-9]+"]);
    }
}

#[test]
fn lists_and_maps_have_a_limit_and_rules_for_each_item() {
    let json = r#"{"title": "Desk", "color": "RED", "part": {"label": "x"}, "tags": ["a", "bbbbb", "c", "d", "e"]}"#;
    assert_eq!(of(trial("Thing"), json), ["tags[1]: is longer than 4 characters", "tags: has more than 3 items"]);
    let map = r#""partsByName": {"a": {"label": "x"}, "b": {"label": "x"}, "c": {}}"#;
    assert_eq!(thing(map), ["partsByName: has more than 2 items"]);
    assert_eq!(thing(r#""sizes": [1, 6, 5]"#), ["sizes[1]: must be at most 5"]);
    let parts = vec![r#"{"label": "x"}"#; 1_001].join(",");
    assert_eq!(thing(&format!(r#""parts": [{parts}]"#)), ["parts: has more than 1000 items"]);
}

#[test]
fn numbers_keep_to_their_range() {
    assert_eq!(thing(r#""size": 10, "ratio": 1"#), NONE);
    assert_eq!(thing(r#""size": 11, "ratio": 1.5"#), ["size: must be from 1 to 10", "ratio: must be at most 1"]);
    assert_eq!(thing(r#""size": -1"#), ["size: must be from 1 to 10"]);
    assert_eq!(thing(r#""size": 0"#), NONE, "0 is absence");
    assert_eq!(thing(r#""ratio": "NaN""#), ["ratio: must be at most 1"]);
}

#[test]
fn formats_are_held() {
    let right = r#""country": "FR", "date": "2026-11-21", "email": "a@b.org", "phone": "+1 202 555 0100",
        "uri": "https://example.org", "language": "fr", "other": "rooms/1/things/2", "anyName": "a/b""#;
    assert_eq!(thing(right), NONE);
    let wrong = r#""country": "UK", "date": "2026-02-30", "email": "a", "phone": "5", "uri": "x", "language": "?", "other": "rooms/1", "anyName": "a""#;
    assert_eq!(
        thing(wrong),
        [
            "country: must be an ISO 3166-1 alpha-2 country code such as FR",
            "date: must be a calendar date such as 2026-11-21",
            "email: must be an e-mail address",
            "phone: must be a telephone number with its country code such as +1 202 555 0100",
            "uri: must be an absolute http or https address",
            "language: must be a BCP 47 language tag such as fr or zh-Hant",
            "other: must be a name of the form things/{thing} or rooms/{room}/things/{thing}",
            "anyName: must be a resource name such as missions/fra",
        ]
    );
}

#[test]
fn what_callers_cannot_set_is_passed_over() {
    assert_eq!(thing(r#""state": "far too long""#), NONE);
    assert_eq!(thing(r#""parts": [{"label": "x", "version": 5}]"#), NONE);
}

#[test]
fn a_document_must_stay_readable() {
    let scalars = kinds("Scalars");
    let found = |wire: &[u8]| lines(&scalars.check(wire));
    assert_eq!(found(&[0x72, 3, b'a', 0, b'b']), ["aString: must not contain the character NUL"]);
    assert_eq!(found(&[0x72, 1, 0xff]), ["aString: is not UTF-8"]);
    assert_eq!(found(&[0x80, 1, 9]), ["aColor: has no value 9"]);
    assert_eq!(found(&[0x72, 9]), [": the message cannot be read: it is cut off"]);
    let known = kinds("Known");
    let late = [0x0a, 2, 0x10, 0x7f];
    assert_eq!(lines(&known.check(&late)), NONE);
    let backwards = [0x0a, 11, 0x10, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1];
    assert_eq!(lines(&known.check(&backwards)), ["time: must be an instant of the years 1 to 9999"]);
    assert_eq!(lines(&known.check(&[0x1a, 3, 0x0a, 1, b'A'])), ["mask: has a path that is no field's name"]);
    // A part that cannot be read does not hide what is wrong beside it.
    let nested = kinds("Nested");
    let bytes = [0x0a, 1, 0xff, 0x32, 1, 0];
    let expected = ["inner: the message cannot be read: it is cut off", "title: must not contain the character NUL"];
    assert_eq!(lines(&nested.check(&bytes)), expected);
    assert_eq!(thing(r#""extra": {"a": {"b": ["x"]}}"#), NONE);
}

#[test]
fn a_document_is_no_deeper_than_json_is_read() {
    let nested = kinds("Nested");
    let deep = |levels: usize| {
        let mut inside = Vec::new();
        for _ in 1..levels {
            let mut outer = vec![0x0a];
            prost::encoding::encode_varint(inside.len() as u64, &mut outer);
            outer.extend_from_slice(&inside);
            inside = outer;
        }
        inside
    };
    let list_inside = |levels: usize| deep(levels - 1).iter().chain(&[0x12, 0]).copied().collect::<Vec<_>>();
    // A level for each message, and one for the empty list of children that the last one shows.
    for levels in 1..40 {
        let mut json = Vec::new();
        nested.to_json(&deep(levels), &mut json).unwrap();
        let readable = nested.to_wire(&json, &mut Vec::new()).is_ok();
        let passes = nested.check(&deep(levels)).is_empty();
        assert!(readable || !passes, "{levels} levels");
        assert_eq!(passes, levels < transcode::DEEPEST_JSON, "{levels} levels");
    }
    assert!(nested.check(&list_inside(3)).is_empty());
}

#[test]
fn parts_of_a_message_are_checked_together() {
    let thing = trial("Thing");
    let both = [
        wire(thing, r#"{"part": {"note": "n"}, "tags": ["a"], "title": "Desk", "color": "RED"}"#),
        wire(thing, r#"{"part": {"label": "x"}}"#),
    ]
    .concat();
    assert_eq!(lines(&thing.check(&both)), NONE);
    // What is overwritten with nothing is not there.
    let erased = [&both[..], &[0x38, 0]].concat();
    assert_eq!(lines(&thing.check(&erased)), ["color: is required"]);
}

#[test]
fn an_update_needs_what_its_mask_names() {
    let update = trial("UpdateThingRequest");
    assert_eq!(of(update, "{}"), ["thing: is required"]);
    // Without a mask what is sent is changed, and must be right.
    assert_eq!(of(update, r#"{"thing": {"title": "x"}}"#), ["thing.title: is shorter than 2 characters"]);
    assert_eq!(of(update, r#"{"thing": {}, "updateMask": "code,part.note"}"#), NONE);
    let cleared = r#"{"thing": {"part": {"note": "n"}}, "updateMask": "title,part.label"}"#;
    assert_eq!(of(update, cleared), ["thing.part.label: is required", "thing.title: is required"]);
    let whole = r#"{"thing": {"part": {"note": "n"}}, "updateMask": "part"}"#;
    assert_eq!(of(update, whole), ["thing.part.label: is required"]);
    let parts = r#"{"thing": {"parts": [{}]}, "updateMask": "parts"}"#;
    assert_eq!(of(update, parts), ["thing.parts[0].label: is required"]);
    assert_eq!(of(update, r#"{"thing": {"title": "Desk"}, "updateMask": "*"}"#).len(), 3);
    assert_eq!(
        of(update, r#"{"thing": {}, "updateMask": "colour,parts.label,time.seconds"}"#),
        [
            "updateMask: names no field that can be changed alone: colour",
            "updateMask: names no field that can be changed alone: parts.label",
            "updateMask: names no field that can be changed alone: time.seconds",
        ]
    );
}

#[test]
fn the_real_contract_is_held() {
    let message = |name: &str| tables().message(&format!("legation.accreditation.v1.{name}")).unwrap();
    let found = of(
        message("CreateMissionRequest"),
        r#"{"mission": {"sendingState": "France", "email": "x"}, "missionId": "A"}"#,
    );
    assert_eq!(
        found,
        [
            "mission.sendingState: must be an ISO 3166-1 alpha-2 country code such as FR",
            "mission.email: must be an e-mail address",
            "mission.type: is required",
            "mission.title: is required",
            "mission.seat: is required",
            "missionId: must match [a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?",
        ]
    );
    let found = of(message("GetMissionRequest"), r#"{"name": "members/1"}"#);
    assert_eq!(found, ["name: must be a name of the form missions/{mission}"]);
    assert_eq!(of(message("UpdateMemberRequest"), r#"{"member": {"name": "members/1", "title": "Consul"}}"#), NONE);
    assert_eq!(of(message("RestrictRequest"), r#"{"name": "missions/a"}"#), ["sizeLimit: is required"]);
}

proptest! {
    #[test]
    fn no_wire_makes_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        for name in ["Everything", "Maps", "Lists", "Choice", "Known", "Dynamic"] {
            // What passes can be shown.
            let message = kinds(name);
            if message.check(&bytes).is_empty() {
                prop_assert_eq!(message.to_json(&bytes, &mut Vec::new()), Ok(()));
            }
        }
    }
}

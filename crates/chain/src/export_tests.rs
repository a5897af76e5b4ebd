//! Every way to change an export is found, with nothing in it believed.

use super::*;
use serde_json::{Value, json};

/// Five rows, sealed.
fn export() -> Vec<Value> {
    let mut before = GENESIS;
    let lines = (1..=5_i64).map(|n| {
        let records = if n == 3 { json!(["members/a", "members/b"]) } else { json!([]) };
        let entry = json!({
            "number": n.to_string(), "transaction": (100 + n).to_string(), "time": "2026-11-21T08:00:00.000001Z",
            "actor": "people/officer", "method": "/x.Y/Get", "record": format!("members/{n}"), "outcome": "OK",
            "records": records, "withheld": n == 4,
        });
        let row: Row = serde_json::from_value::<Entry>(entry.clone()).expect("the entry is one").into();
        before = link(&before, &row.canonical());
        json!({"service": "accreditation", "position": n.to_string(), "digest": hex::encode(before), "row": entry})
    });
    lines.collect()
}

fn check(lines: &[Value], anchors: &[Anchor]) -> Report {
    let mut check = Check::new("accreditation", anchors);
    lines.iter().for_each(|line| check.line(serde_json::from_value(line.clone()).expect("the line is one")));
    check.end()
}

/// The export with every link from there on computed anew, as a forger would.
fn sealed_anew(mut lines: Vec<Value>) -> Vec<Value> {
    let mut before = GENESIS;
    for (at, line) in lines.iter_mut().enumerate() {
        let row: Row = serde_json::from_value::<Entry>(line["row"].clone()).expect("the entry is one").into();
        before = link(&before, &row.canonical());
        line["digest"] = hex::encode(before).into();
        line["position"] = (at + 1).to_string().into();
    }
    lines
}

#[test]
fn an_export_as_it_was_written_is_intact_and_ends_with_a_head_to_keep() {
    let report = check(&export(), &[]);
    assert_eq!((report.findings, report.checked, report.unanchored), (vec![], 5, 5));
    let head = report.head.expect("there are rows");
    assert_eq!(Anchor::read(&format!("head {head}")), Some(head.clone()));
    let report = check(&export(), &[head]);
    assert_eq!((report.findings, report.unanchored), (vec![], 0));
}

#[test]
fn a_change_of_any_field_is_found_in_its_place() {
    let changes = [
        ("number", json!("9")),
        ("transaction", json!("104")),
        ("time", json!("2026-11-21T08:00:00.000002Z")),
        ("actor", json!("people/other")),
        ("agency", json!("police")),
        ("method", json!("/x.Y/List")),
        ("record", json!("members/9")),
        ("outcome", json!("NOT_FOUND")),
        ("reason", json!("why not")),
        ("trace", json!("00")),
        ("records", json!(["members/b"])),
        ("elevation", json!("elevations/a")),
        ("withheld", json!(true)),
    ];
    for (field, value) in changes {
        let mut lines = export();
        lines[2]["row"][field] = value;
        let seq = if field == "number" { 9 } else { 3 };
        assert_eq!(check(&lines, &[]).findings, [Finding::Altered(3, seq)], "{field}");
    }
}

#[test]
fn a_row_that_was_removed_is_found_with_its_line_and_without() {
    let mut lines = export();
    lines[2]["row"] = Value::Null;
    assert_eq!(check(&lines, &[]).findings, [Finding::Deleted(3)]);
    lines.remove(2);
    assert_eq!(check(&lines, &[]).findings, [Finding::Missing(3, 3)]);
}

#[test]
fn rows_that_changed_places_are_found() {
    let mut lines = export();
    lines.swap(1, 3);
    assert_eq!(check(&lines, &[]).findings[0], Finding::Missing(2, 3));
    assert!(check(&lines, &[]).findings.contains(&Finding::OutOfOrder(3)));
    let mut lines = export();
    let moved = lines[1]["row"].take();
    lines[1]["row"] = lines[2]["row"].take();
    lines[2]["row"] = moved;
    assert_eq!(check(&lines, &[]).findings, [Finding::Altered(2, 3), Finding::Moved(3, 2)]);
}

#[test]
fn what_was_sealed_anew_is_found_by_a_head_that_was_kept_and_only_by_it() {
    let head = check(&export(), &[]).head.expect("there are rows");
    let mut lines = export();
    lines[2]["row"]["actor"] = "people/nobody".into();
    let forged = sealed_anew(lines);
    assert_eq!(check(&forged, &[]).findings, [], "a chain alone cannot show it; that is what heads are kept for");
    assert_eq!(check(&forged, std::slice::from_ref(&head)).findings, [Finding::Rewritten(5)]);
    let mut removed = export();
    removed.remove(2);
    assert_eq!(check(&sealed_anew(removed), std::slice::from_ref(&head)).findings, [Finding::CutOff(5, 4)]);
    let other = Anchor { service: "consular".into(), ..head };
    assert_eq!(check(&forged, &[other]).findings, [], "a head of another service's log says nothing of this one");
}

#[test]
fn rows_from_before_the_public_chain_are_counted_and_the_chain_goes_on_from_them() {
    let mut lines = export();
    let seal = "ab".repeat(32);
    lines[0]["digest"] = "".into();
    lines[0]["seal"] = seal.clone().into();
    let mut before: Hash = hex::decode(&seal).unwrap().try_into().unwrap();
    for line in &mut lines[1..] {
        let row: Row = serde_json::from_value::<Entry>(line["row"].clone()).unwrap().into();
        before = link(&before, &row.canonical());
        line["digest"] = hex::encode(before).into();
    }
    let report = check(&lines, &[Anchor { service: "accreditation".into(), position: 1, hash: seal }]);
    assert_eq!((report.findings, report.unchecked, report.checked), (vec![], 1, 4));
    // A link that was taken away later does not make a row one from before.
    lines[2]["digest"] = "".into();
    assert_eq!(check(&lines, &[]).findings[0], Finding::Altered(3, 3));
}

#[test]
fn what_is_no_anchor_is_not_taken_for_one() {
    for text in ["", "accreditation", "accreditation=1", "accreditation=1:abc", &format!("=1:{}", "a".repeat(64))] {
        assert_eq!(Anchor::read(text), None, "{text}");
    }
}

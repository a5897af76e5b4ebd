//! Zones that two other readers have read: ours reads them too, or refuses them for the right reason.

use crate::read;
use mrz::{Field, Format, Refusal, Zone};
use serde::Deserialize;
use std::collections::BTreeMap;

#[derive(Deserialize)]
struct Case {
    source: String,
    lines: Vec<String>,
    fields: BTreeMap<String, Option<String>>,
    invalid_fields: Vec<Invalid>,
}

#[derive(Deserialize)]
struct Invalid {
    field: String,
    error: String,
}

fn cases() -> Vec<Case> {
    serde_json::from_str(include_str!("../data/cases.json")).expect("the cases are JSON")
}

/// What a name of the other reader's is called here.
fn field(name: &str) -> Field {
    match name {
        "documentCode" => Field::DocumentCode,
        "issuingState" => Field::Issuer,
        "firstName" | "lastName" => Field::Name,
        "documentNumberCheckDigit" => Field::NumberCheck,
        "nationality" => Field::Nationality,
        "birthDate" => Field::Birth,
        "birthDateCheckDigit" => Field::BirthCheck,
        "expirationDate" => Field::Expiry,
        "expirationDateCheckDigit" => Field::ExpiryCheck,
        "personalNumberCheckDigit" => Field::OptionalCheck,
        "compositeCheckDigit" => Field::Composite,
        other => panic!("{other} is a field of none of the five zones"),
    }
}

/// Its check digit counts the filler inside the number, which the standard's does not.
const EARLY_BELGIAN: &str = "IDBEL000590240<6013";

fn failed(refusal: &Refusal) -> Vec<Field> {
    let mut fields: Vec<_> = refusal.failures.iter().map(|failure| failure.field).collect();
    fields.sort_by_key(|field| field.as_str());
    fields.dedup();
    fields
}

#[test]
fn passports_and_cards_are_read_alike_or_refused_for_the_same_fields() {
    let (mut read_right, mut refused) = (0, 0);
    for case in cases().iter().filter(|case| case.source.contains(" td")) {
        let lines = case.lines.join("\n");
        let mut expected: Vec<_> = case
            .invalid_fields
            .iter()
            // The standard's own specimens are well formed; the other reader does not know Utopia.
            .filter(|invalid| !invalid.error.ends_with("UTO"))
            .map(|invalid| field(&invalid.field))
            .collect();
        if case.fields.get("lastName").cloned().flatten().as_deref() == Some("") {
            // A name of one part is the primary identifier (Doc 9303-4, 4.2.2); the second reader sees it as well.
            expected.push(Field::Name);
        }
        expected.sort_by_key(|field| field.as_str());
        expected.dedup();
        match read(&lines) {
            Ok(zone) => {
                assert_eq!(expected, [], "{lines}");
                same(&zone, case);
                let written = mrz::generate(&zone).expect("what was read can be written");
                if lines.starts_with(EARLY_BELGIAN) {
                    assert!(written.starts_with("IDBEL000590240<6011<"), "we write as the standard has it: {written}");
                } else {
                    assert_eq!(written, lines);
                }
                read_right += 1;
            }
            Err(refusal) => {
                assert_eq!(failed(&refusal), expected, "{lines}\n{refusal}");
                refused += 1;
            }
        }
    }
    assert_eq!((read_right, refused), (14, 8));
}

fn same(zone: &Zone, case: &Case) {
    let text = |name: &str| case.fields.get(name).cloned().flatten().unwrap_or_default();
    assert_eq!(zone.document_code, text("documentCode"));
    assert_eq!(zone.primary, text("lastName"));
    assert_eq!(zone.secondary, text("firstName"));
    assert_eq!(zone.number, text("documentNumber"));
    for (ours, theirs) in [(&zone.issuer, text("issuingState")), (&zone.nationality, text("nationality"))] {
        assert!(*ours == theirs || mrz::is_specimen(ours) && theirs.is_empty());
    }
    let dates = [(zone.birth, text("birthDate")), (zone.expiry, text("expirationDate"))];
    for (ours, theirs) in dates {
        assert_eq!(ours.known().expect("a whole date").format("%y%m%d").to_string(), theirs);
    }
    assert_eq!(format!("{:?}", zone.sex).to_lowercase(), text("sex"));
    match zone.format {
        Format::Td1 => {
            // The other reader leaves the end of a long number and its check digit in the optional data.
            let rest = zone.number.get(9..).filter(|rest| !rest.is_empty());
            let optional = text("optional1");
            let run_on = rest.map(|rest| format!("{rest}{}", text("documentNumberCheckDigit"))).unwrap_or_default();
            assert_eq!(zone.optional, optional.strip_prefix(&run_on).expect("the number runs on"));
            assert_eq!(zone.more_optional, text("optional2"));
        }
        Format::Td2 => assert_eq!(zone.optional, text("optional")),
        _ => assert_eq!(zone.optional, text("personalNumber")),
    }
}

#[test]
fn documents_that_are_not_laid_out_as_the_standard_has_it_are_refused() {
    let all = cases();
    let others: Vec<_> = all.iter().filter(|case| !case.source.contains(" td")).collect();
    assert_eq!(others.len(), 5);
    for case in others {
        let refusal = read(&case.lines.join("\n")).expect_err("not of Doc 9303");
        let fields = failed(&refusal);
        if case.lines.len() == 3 {
            assert_eq!(fields, [Field::Zone], "a Swiss driving licence has lines of 9, 30 and 30");
        } else {
            // The French identity card of 1995 has the shape of TD2 and other fields: no date stands where one should.
            for field in [Field::Nationality, Field::Birth, Field::Composite] {
                assert!(fields.contains(&field), "{refusal}");
            }
        }
    }
}

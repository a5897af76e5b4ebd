//! Everything wrong is named: the field, its place, what stands there and what was expected.

use crate::read;
use mrz::{Cause, Field, Place, generate};

const TD3: &str = "P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<\nL898902C36UTO7408122F1204159ZE184226B<<<<<10";

/// The specimen with something else at a column, which counts from 1.
fn with(line: usize, column: usize, text: &str) -> String {
    let mut zone = TD3.to_owned();
    let from = (line - 1) * 45 + column - 1;
    zone.replace_range(from..from + text.len(), text);
    zone
}

#[test]
fn each_field_says_what_is_wrong_with_it() {
    let at = |line, first, last| Some(Place { line, first, last });
    let digit = |found, expected| Cause::CheckDigit { found, expected };
    let cases = [
        (with(1, 1, "X"), Field::DocumentCode, at(1, 1, 2), Cause::DocumentCode { expected: "P" }),
        (with(1, 2, "7"), Field::DocumentCode, at(1, 1, 2), Cause::Character { found: '7' }),
        (with(1, 3, "ZZZ"), Field::Issuer, at(1, 3, 5), Cause::State { found: "ZZZ".into() }),
        (with(1, 3, "DEU"), Field::Issuer, at(1, 3, 5), Cause::State { found: "DEU".into() }),
        (with(1, 6, "3"), Field::Name, at(1, 6, 6), Cause::Character { found: '3' }),
        (with(1, 6, "<<"), Field::Name, at(1, 6, 44), Cause::NoPrimaryIdentifier),
        (with(1, 16, "<"), Field::Name, at(1, 6, 44), Cause::Fillers),
        (with(2, 10, "7"), Field::NumberCheck, at(2, 10, 10), digit('7', '6')),
        (with(2, 10, "<"), Field::NumberCheck, at(2, 10, 10), digit('<', '6')),
        (with(2, 10, "G"), Field::NumberCheck, at(2, 10, 10), digit('G', '6')),
        (with(2, 11, "QQQ"), Field::Nationality, at(2, 11, 13), Cause::State { found: "QQQ".into() }),
        (with(2, 16, "13"), Field::Birth, at(2, 14, 19), Cause::Date { found: "741312".into() }),
        (with(2, 16, "0231"), Field::Birth, at(2, 14, 19), Cause::Date { found: "740231".into() }),
        (with(2, 16, "O8"), Field::Birth, at(2, 14, 19), Cause::Date { found: "74O812".into() }),
        (with(2, 20, "3"), Field::BirthCheck, at(2, 20, 20), digit('3', '2')),
        (with(2, 21, "X"), Field::Sex, at(2, 21, 21), Cause::Character { found: 'X' }),
        (with(2, 28, "8"), Field::ExpiryCheck, at(2, 28, 28), digit('8', '9')),
        (with(2, 43, "2"), Field::OptionalCheck, at(2, 43, 43), digit('2', '1')),
        (with(2, 43, "<"), Field::OptionalCheck, at(2, 43, 43), digit('<', '1')),
        (with(2, 44, "5"), Field::Composite, at(2, 44, 44), digit('5', '0')),
    ];
    for (zone, field, place, cause) in cases {
        let refusal = read(&zone).expect_err(&zone);
        let failure = refusal.failures.iter().find(|failure| failure.field == field).expect("the field is named");
        assert_eq!((failure.place, &failure.cause), (place, &cause), "{zone}");
    }
}

#[test]
fn all_that_is_wrong_is_said_at_once() {
    let broken = with(2, 10, "5").replace("7408122F", "7408123F");
    let refusal = read(&broken).expect_err("three digits do not fit");
    assert_eq!(
        refusal.to_string(),
        "line 2, column 10, check digit of the document number: the check digit is '5', '6' was expected; \
         line 2, column 20, check digit of the date of birth: the check digit is '3', '2' was expected; \
         line 2, column 44, composite check digit: the check digit is '0', '6' was expected"
    );
    let reading = refusal.reading.expect("each field by itself can be read");
    assert_eq!(reading.primary, "ERIKSSON");
}

#[test]
fn characters_no_zone_has_are_named_one_by_one() {
    let refusal = read(&TD3.replace("ANNA", "AnÑA")).expect_err("two strange letters");
    let found: Vec<_> = refusal.failures.iter().map(ToString::to_string).collect();
    assert_eq!(
        found,
        ["line 1, column 17, zone: 'n' may not stand here", "line 1, column 18, zone: 'Ñ' may not stand here"]
    );
}

#[test]
fn lines_of_another_shape_are_no_zone() {
    for (text, found) in [
        ("", vec![]),
        ("P<UTO", vec![5]),
        (&TD3[..44], vec![44]),
        (&TD3[1..], vec![43, 44]),
        ("A\nB\nC\nD\nE", vec![1, 1, 1, 1, 1]),
    ] {
        let refusal = read(text).expect_err("no zone");
        assert_eq!((refusal.format, &refusal.failures[0].cause), (None, &Cause::Shape { found }));
        assert_eq!(refusal.failures.len(), 1);
    }
}

#[test]
fn what_cannot_be_written_is_named_as_well() {
    let zone = read(TD3).expect("the specimen");
    let refused = |change: &dyn Fn(&mut mrz::Zone)| {
        let mut zone = zone.clone();
        change(&mut zone);
        generate(&zone).expect_err("it cannot be written").remove(0)
    };
    assert_eq!(refused(&|zone| zone.document_code = "V".into()).field, Field::DocumentCode);
    assert_eq!(refused(&|zone| zone.document_code.clear()).field, Field::DocumentCode);
    assert_eq!(refused(&|zone| zone.document_code = "É".into()).field, Field::DocumentCode);
    assert_eq!(refused(&|zone| zone.issuer = "DE".into()).cause, Cause::State { found: "DE".into() });
    assert_eq!(refused(&|zone| zone.primary = "ÉRIC".into()).cause, Cause::Character { found: 'É' });
    assert_eq!(refused(&|zone| zone.primary.clear()).cause, Cause::NoPrimaryIdentifier);
    assert_eq!(refused(&|zone| zone.secondary = "ANNA  MARIA".into()).cause, Cause::Fillers);
    assert_eq!(refused(&|zone| zone.number.clear()).cause, Cause::Empty);
    assert_eq!(refused(&|zone| zone.optional = "123456789012345".into()).cause, Cause::TooLong { found: 15, most: 14 });
    assert_eq!(refused(&|zone| zone.optional = "12 ".into()).cause, Cause::Character { found: ' ' });
    assert_eq!(refused(&|zone| zone.more_optional = "1".into()).cause, Cause::NoSuchField);
    let birth = refused(&|zone| zone.birth.month = Some(13));
    assert_eq!(birth.to_string(), "line 2, columns 14-19, date of birth: \"1974-13-12\" is not a date");
}

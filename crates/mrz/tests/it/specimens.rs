//! The specimens that Doc 9303 prints, read and written back to the letter.

use crate::read;
use mrz::{Date, Field, Format, Sex, generate};

const TD1: &str = "I<UTOD231458907<<<<<<<<<<<<<<<\n7408122F1204159UTO<<<<<<<<<<<6\nERIKSSON<<ANNA<MARIA<<<<<<<<<<";
const TD1_LONG: &str = "I<UTOD23145890<7349<<<<<<<<<<<\n3407127M9507122UTO<<<<<<<<<<<2\nSTEVENSON<<PETER<JOHN<<<<<<<<<";
const TD2: &str = "I<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<\nD231458907UTO7408122F1204159<<<<<<<6";
const TD3: &str = "P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<\nL898902C36UTO7408122F1204159ZE184226B<<<<<10";
const MRV_A: &str = "V<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<\nL8988901C4XXX4009078F96121096ZE184226B<<<<<<";
const MRV_B: &str = "V<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<\nL8988901C4XXX4009078F9612109<<<<<<<<";

#[test]
fn each_is_read_as_its_format_and_written_back() {
    let all = [
        (TD1, Format::Td1),
        (TD1_LONG, Format::Td1),
        (TD2, Format::Td2),
        (TD3, Format::Td3),
        (MRV_A, Format::MrvA),
        (MRV_B, Format::MrvB),
    ];
    for (lines, format) in all {
        let zone = read(lines).unwrap_or_else(|refusal| panic!("{lines}: {refusal}"));
        assert_eq!(zone.format, format);
        assert_eq!(generate(&zone).expect("what was read can be written"), lines);
        assert_eq!(read(&lines.replace('\n', "")).expect("as a chip stores it"), zone);
        assert_eq!(read(&format!("  {}  \r\n", lines.replace('\n', "\r\n\r\n"))).expect("as a scanner sends it"), zone);
    }
}

#[test]
fn a_passport_in_words() {
    let zone = read(TD3).expect("the specimen");
    assert_eq!(zone.document_code, "P");
    assert_eq!((zone.issuer.as_str(), zone.nationality.as_str()), ("UTO", "UTO"));
    assert_eq!((zone.primary.as_str(), zone.secondary.as_str()), ("ERIKSSON", "ANNA MARIA"));
    assert_eq!((zone.number.as_str(), zone.optional.as_str()), ("L898902C3", "ZE184226B"));
    assert_eq!((zone.birth.to_string(), zone.expiry.to_string()), ("1974-08-12".into(), "2012-04-15".into()));
    assert_eq!(zone.sex, Sex::Female);
}

#[test]
fn a_long_number_runs_on_into_the_optional_data() {
    let mut zone = read(TD1_LONG).expect("the specimen");
    assert_eq!((zone.number.as_str(), zone.optional.as_str()), ("D23145890734", ""));
    zone.optional = "AB12".to_owned();
    let lines = generate(&zone).expect("both fit");
    assert!(lines.starts_with("I<UTOD23145890<7349<AB12<<<<<<\n"), "{lines}");
    assert_eq!(read(&lines).expect("what was written"), zone);
    // The longest number that leaves room for its check digit and the filler after it.
    zone.number = "D2314589012345678901234".to_owned();
    zone.optional.clear();
    zone.number.truncate(9 + 13);
    assert_eq!(read(&generate(&zone).expect("it fits")).expect("what was written"), zone);
    zone.number.push('9');
    assert_eq!(generate(&zone).expect_err("too long")[0].field, Field::Number);
}

#[test]
fn ten_and_eleven_characters_are_long_already() {
    // Other readers take the tail of such a number for optional data.
    let mut zone = read(TD1_LONG).expect("the specimen");
    for number in ["D231458907", "D2314589073", "AB345678901"] {
        zone.number = number.to_owned();
        assert_eq!(read(&generate(&zone).expect("a card's number")).expect("what was written").number, number);
    }
    let mut card = read(TD2).expect("the specimen");
    card.number = "D23145890734".to_owned();
    assert!(generate(&card).expect("it fits").contains("\nD23145890<UTO"));
    assert_eq!(read(&generate(&card).expect("it fits")).expect("what was written"), card);
    let mut passport = read(TD3).expect("the specimen");
    passport.number = "L898902C31".to_owned();
    assert_eq!(generate(&passport).expect_err("nine at most")[0].field, Field::Number);
}

#[test]
fn what_is_not_known_of_a_date_is_left_out() {
    let mut zone = read(TD3).expect("the specimen");
    zone.birth = Date { year: Some(1974), month: None, day: None };
    zone.expiry = Date::default();
    let lines = generate(&zone).expect("dates with gaps");
    assert!(lines.contains("UTO74<<<<") && lines.contains("F<<<<<<0"), "{lines}");
    let again = read(&lines).expect("what was written");
    assert_eq!(again, zone);
    assert_eq!((again.birth.to_string(), again.expiry.to_string()), ("1974-XX-XX".into(), "XXXX-XX-XX".into()));
}

#[test]
fn nobody_is_born_tomorrow() {
    let mut zone = read(TD3).expect("the specimen");
    for (born, read_as) in [("2026-11-22", "2026-11-22"), ("2026-11-23", "1926-11-23"), ("2027-01-01", "1927-01-01")] {
        zone.birth = born.parse::<chrono::NaiveDate>().expect("a day").into();
        assert_eq!(read(&generate(&zone).expect("a date")).expect("a zone").birth.to_string(), read_as);
    }
    for (expires, read_as) in [("2076-12-31", "2076-12-31"), ("2077-01-01", "1977-01-01"), ("1999-05-05", "1999-05-05")]
    {
        zone.expiry = expires.parse::<chrono::NaiveDate>().expect("a day").into();
        assert_eq!(read(&generate(&zone).expect("a date")).expect("a zone").expiry.to_string(), read_as);
    }
}

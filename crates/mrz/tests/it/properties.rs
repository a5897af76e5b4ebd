//! What must hold for every zone: what is written is read, and what was changed afterwards is noticed.

use crate::{read, window};
use mrz::{Format, Sex, Zone, generate, parse, transliterate};
use proptest::option;
use proptest::prelude::*;
use proptest::sample::{Index, select};

fn name() -> impl Strategy<Value = (String, String)> {
    ("[A-Z]{1,9}( [A-Z]{1,4})?", "([A-Z]{1,6}( [A-Z]{1,4})?)?")
}

prop_compose! {
    fn date(first: i32, last: i32)(year in first..=last, month in option::of(1u8..=12), day in option::of(1u8..=28)) -> mrz::Date {
        mrz::Date { year: Some(year), month, day: day.filter(|_| month.is_some()) }
    }
}

prop_compose! {
    fn zone()(
        format in select(Format::ALL.to_vec()),
        second in "[A-UW-Z]?",
        (primary, secondary) in name(),
        issuer in select(vec!["UTO", "D", "FRA", "XXA", "UNO", "CHE"]),
        nationality in select(vec!["UTO", "D", "FRA", "XXA", "BRA"]),
        number in "[A-Z0-9]{1,9}",
        long in "[A-Z0-9]{0,3}",
        birth in date(1927, 2025),
        expiry in date(1977, 2076),
        sex in select(vec![Sex::Female, Sex::Male, Sex::Unspecified]),
        optional in "([A-Z0-9 ]{0,1}[A-Z0-9])?",
        more in "([A-Z0-9 ]{0,10}[A-Z0-9])?",
    ) -> Zone {
        let card = matches!(format, Format::Td1 | Format::Td2);
        let first = match format { Format::Td3 => "P", Format::MrvA | Format::MrvB => "V", _ => "I" };
        Zone {
            format,
            document_code: format!("{first}{second}"),
            issuer: issuer.to_owned(),
            primary,
            secondary,
            number: if card && number.len() == 9 { number + &long } else { number },
            nationality: nationality.to_owned(),
            birth,
            sex,
            expiry,
            optional,
            more_optional: if format == Format::Td1 { more } else { String::new() },
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, ..ProptestConfig::default() })]

    /// Invariant I14.
    #[test]
    fn what_is_written_is_read(zone in zone()) {
        let lines = generate(&zone).expect("a zone of the strategy fits");
        prop_assert_eq!(read(&lines), Ok(zone), "{}", lines);
    }

    #[test]
    fn a_name_in_any_letters_comes_through(name in "[a-zÀ-ÖØ-žА-Яа-яΑ-ΡΣ-Ωα-ωا-غف-ي]{1,12}", language in select(vec!["", "uk", "tr"])) {
        let Ok(written) = transliterate(&name, language) else { return Ok(()) };
        prop_assert!(written.bytes().all(|letter| letter.is_ascii_uppercase()), "{}", written);
        prop_assert_eq!(transliterate(&written, language), Ok(written.clone()));
    }

    /// Check digits notice any one digit that is another; the fields they do not cover are states, sex and name.
    #[test]
    fn one_changed_digit_is_noticed(zone in zone(), at in any::<Index>(), by in 1u8..10) {
        let lines = generate(&zone).expect("a zone of the strategy fits");
        let covered = match zone.format {
            Format::Td1 => [5..15, 31..38, 39..46],
            other => {
                let second = other.name_width() + 6;
                [second..second + 10, second + 13..second + 20, second + 21..second + 28]
            }
        };
        let digits: Vec<_> = covered.into_iter().flatten().filter(|&at| lines.as_bytes()[at].is_ascii_digit()).collect();
        let place = *at.get(&digits);
        let changed = char::from(b'0' + (lines.as_bytes()[place] - b'0' + by) % 10).to_string();
        let mut broken = lines.clone();
        broken.replace_range(place..=place, &changed);
        prop_assert!(read(&broken).is_err(), "{} and {}", lines, broken);
    }

    #[test]
    fn any_text_is_answered(text in "\\PC{0,120}") {
        let _ = read(&text);
        let _ = transliterate(&text, "el");
    }

    #[test]
    fn anything_in_the_shape_of_a_zone_is_answered(text in "[A-Z0-9<é]{30}\n?[A-Z0-9<]{30}\n?[VPAI<0-9Z]{30}|[VPIA1][A-Z0-9<]{43}\n[0-9<A-F]{44}|[VI][<A]{35}\n[0-9<]{36}") {
        match parse(&text, &window()) {
            Ok(zone) => prop_assert!(generate(&zone).is_ok()),
            Err(refusal) => prop_assert!(!refusal.failures.is_empty() && !refusal.to_string().is_empty()),
        }
    }
}

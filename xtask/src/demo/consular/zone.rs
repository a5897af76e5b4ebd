//! What stands in a zone by the passport's own record, beside what the reader reads; and the zone with a character misread.

use super::text;
use anyhow::{Context as _, Result};
use serde_json::Value;

/// Field by field as the package `mrz` names it: what must stand there for this passport of this state (alpha-2 code).
pub(super) fn expected(passport: &Value, home: &str) -> Result<Vec<(&'static str, String)>> {
    let state = state(home)?;
    Ok(vec![
        ("document_type", "P".to_owned()),
        ("country", state.clone()),
        ("surname", text(passport, "familyName").to_uppercase()),
        ("name", text(passport, "givenNames").to_uppercase()),
        ("document_number", text(passport, "number").to_owned()),
        ("nationality", state),
        ("birth_date", short(text(passport, "birthDate"))),
        ("sex", text(passport, "sex").chars().take(1).collect()),
        ("expiry_date", short(text(passport, "expireDate"))),
    ])
}

/// A state as zones have it: three letters, but one for Germany (ICAO Doc 9303-3, section 5).
fn state(home: &str) -> Result<String> {
    if home == "DE" {
        return Ok("D".to_owned());
    }
    let country = rust_iso3166::from_alpha2(home).with_context(|| format!("{home} is no state of ISO 3166-1"))?;
    Ok(country.alpha3.to_owned())
}

/// `1974-08-12` as `740812`.
fn short(date: &str) -> String {
    date.chars().filter(char::is_ascii_digit).skip(2).collect()
}

/// The zone with the last digit of the year of birth read wrong: position 15 of the second line.
pub(super) fn misread(lines: &[String]) -> Vec<String> {
    let mut lines = lines.to_vec();
    if let Some(second) = lines.get_mut(1) {
        let wrong = if second.get(14..15) == Some("7") { "1" } else { "7" };
        if second.is_ascii() && second.len() > 15 {
            second.replace_range(14..15, wrong);
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn the_fields_are_those_of_the_record() {
        let passport = json!({
            "familyName": "Sample", "givenNames": "Anna", "number": "D00000001", "birthDate": "1974-08-12",
            "sex": "FEMALE", "expireDate": "2036-11-21",
        });
        let fields = expected(&passport, "US").expect("the United States have a code");
        let of = |name: &str| fields.iter().find(|(field, _)| *field == name).map(|(_, value)| value.as_str());
        assert_eq!((of("country"), of("surname"), of("sex")), (Some("USA"), Some("SAMPLE"), Some("F")));
        assert_eq!((of("birth_date"), of("expiry_date")), (Some("740812"), Some("361121")));
        assert_eq!(expected(&passport, "DE").expect("Germany has a code")[1].1, "D");
        assert!(expected(&passport, "??").is_err());
    }

    #[test]
    fn one_character_is_misread() {
        // Doc 9303-4, appendix A: the specimen passport of Utopia.
        let lines = ["P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<", "L898902C36UTO7408122F1204159ZE184226B<<<<<10"];
        let wrong = misread(&lines.map(str::to_owned));
        assert_eq!((wrong[0].as_str(), &wrong[1][..20]), (lines[0], "L898902C36UTO7708122"));
    }
}

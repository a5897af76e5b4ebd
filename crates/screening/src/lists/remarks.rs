//! What OFAC's remarks say of an entry: `DOB 12 Aug 1954; nationality Iran; Passport A123 (Iran); Gender Male.`
//!
//! They are prose with habits. What is not understood is left; the list is not refused for it.

use crate::entry::document;
use crate::{Birth, Entry, Sex, country};
use chrono::NaiveDate;

/// What stands before the number of a document that one person or body alone has.
const DOCUMENTS: [&str; 7] =
    ["Passport ", "National ID No. ", "Identification Number ", "SSN ", "Tax ID No. ", "C.U.I.P. ", "Cedula No. "];

pub(super) fn read(remarks: &str, entry: &mut Entry) {
    for remark in remarks.trim_end_matches('.').split(';').map(str::trim) {
        let remark = remark.strip_prefix("alt. ").unwrap_or(remark);
        if let Some(birth) = remark.strip_prefix("DOB ").and_then(birth) {
            entry.births.push(birth);
        } else if let Some(name) = remark.strip_prefix("nationality ").or_else(|| remark.strip_prefix("citizen ")) {
            let code = country(name).map(str::to_owned).filter(|code| !entry.nationalities.contains(code));
            entry.nationalities.extend(code);
        } else if let Some(sex) = remark.strip_prefix("Gender ") {
            entry.sex = match sex {
                "Male" => Some(Sex::Male),
                "Female" => Some(Sex::Female),
                _ => None,
            };
        } else if let Some(number) = DOCUMENTS.iter().find_map(|kind| remark.strip_prefix(kind)) {
            let number = document(number.split(" (").next().unwrap_or_default().split(' ').next().unwrap_or_default());
            entry.documents.extend(Some(number).filter(|number| number.len() > 3));
        } else if let Some(name) = remark.strip_prefix("a.k.a. '").and_then(|name| name.strip_suffix('\'')) {
            entry.names.push(name.to_owned());
        }
    }
}

/// `12 Aug 1954`, `Aug 1954`, `1954`, `circa 1954`, `1954 to 1956`.
fn birth(text: &str) -> Option<Birth> {
    let year = |text: &str| text.parse::<i32>().ok().filter(|year| (1800..2200).contains(year));
    if let Some(about) = text.strip_prefix("circa ") {
        return birth(about).map(|birth| birth.about(1));
    }
    if let Some((first, last)) = text.split_once(" to ") {
        return Birth::between(year(first)?, year(last)?);
    }
    if let Some(year) = year(text) {
        return Birth::in_year(year);
    }
    if let Ok(day) = NaiveDate::parse_from_str(text, "%d %b %Y") {
        return Some(Birth::on(day));
    }
    let first = NaiveDate::parse_from_str(&format!("01 {text}"), "%d %b %Y").ok()?;
    Birth::in_month(chrono::Datelike::year(&first), chrono::Datelike::month(&first))
}

//! The machine-readable zone of a document that is issued: its lines, or why it cannot have one.

use crate::travel::day;
use fault::Fault;
use mrz::{Format, Zone};
use proto::consular::v1::Reason;

/// Whose document it is, as the record has it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Holder<'h> {
    pub(crate) family_name: &'h str,
    pub(crate) given_names: &'h str,
    pub(crate) birth_date: &'h str,
    /// 1 female, 2 male, as every contract of ours counts them.
    pub(crate) sex: i32,
    /// As an ISO 3166-1 alpha-2 code.
    pub(crate) nationality: &'h str,
}

/// The lines of a zone of this format, by the issuing state's alpha-2 code. `expires` is the last day of validity; of a
/// visa the last one on which it can be used to enter.
///
/// # Errors
/// `TRAVEL_ZONE_UNFIT` with everything that does not fit.
pub(crate) fn lines(
    format: Format,
    document_code: &str,
    issuer: &str,
    holder: Holder<'_>,
    number: &str,
    expires: &str,
) -> Result<Vec<String>, Fault> {
    let unfit = |words: String| Fault::new(Reason::TravelZoneUnfit, words);
    let letters = |name: &str| {
        let written = mrz::transliterate(name, "");
        written.map_err(|error| unfit(format!("the name {name:?} cannot be written in a zone: {error}")))
    };
    let zone = Zone {
        format,
        document_code: document_code.to_owned(),
        issuer: code(issuer),
        primary: letters(holder.family_name)?,
        secondary: letters(holder.given_names)?,
        number: number.to_owned(),
        nationality: code(holder.nationality),
        birth: day(holder.birth_date)?.into(),
        sex: sex(holder.sex),
        expiry: day(expires)?.into(),
        optional: String::new(),
        more_optional: String::new(),
    };
    let written = mrz::generate(&zone).map_err(|failures| {
        let words: Vec<_> = failures.iter().map(ToString::to_string).collect();
        unfit(words.join("; "))
    })?;
    Ok(written.lines().map(str::to_owned).collect())
}

/// What zones have for a state that ISO 3166-1 does not know (ICAO Doc 9303-3, section 5, part D: unspecified).
pub(crate) const UNKNOWN_STATE: &str = "XXX";

/// A state as zones have it: three letters, but one for Germany; [`UNKNOWN_STATE`] for one that ISO 3166-1 does not know.
pub(crate) fn code(alpha2: &str) -> String {
    match rust_iso3166::from_alpha2(alpha2).map(|country| country.alpha3) {
        Some("DEU") => "D".to_owned(),
        Some(alpha3) => alpha3.to_owned(),
        None => UNKNOWN_STATE.to_owned(),
    }
}

/// The sex as zones have it.
pub(crate) fn sex(number: i32) -> mrz::Sex {
    match number {
        1 => mrz::Sex::Female,
        2 => mrz::Sex::Male,
        _ => mrz::Sex::Unspecified,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn holder(family_name: &str) -> Holder<'_> {
        Holder { family_name, given_names: "Anna Maria", birth_date: "1974-08-12", sex: 1, nationality: "DE" }
    }

    #[test]
    fn a_zone_reads_back() {
        let lines = lines(Format::Td3, "P", "DE", holder("Müller-Lüdenscheidt"), "C01X00T47", "2036-05-03").unwrap();
        assert_eq!(lines[0], "P<D<<MUELLER<LUEDENSCHEIDT<<ANNA<MARIA<<<<<<");
        let window = mrz::Window::on("2026-05-04".parse().unwrap());
        let read = mrz::parse(&lines.join("\n"), &window).unwrap();
        assert_eq!((read.number.as_str(), read.nationality.as_str()), ("C01X00T47", "D"));
    }

    #[test]
    fn a_name_that_no_zone_can_have_is_told() {
        let refused = lines(Format::Td3, "P", "FR", holder("李"), "C01X00T47", "2036-05-03").unwrap_err();
        assert_eq!(refused.reason(), "TRAVEL_ZONE_UNFIT");
    }
}

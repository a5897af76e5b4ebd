//! Between which states an apostille is enough, and since when: the Hague Convention of 5 October 1961; pure.

use crate::shipped::Shipped;
use chrono::NaiveDate;
use proto::consular::v1::apostille::DocumentKind;
use std::collections::BTreeMap;

/// The parties as shipped.
pub(crate) static PARTIES: Shipped<Parties> =
    Shipped::new("apostille_convention.csv", || Parties::read(include_str!("../data/apostille_convention.csv")));

/// The states for which the convention is in force.
#[derive(Clone, Debug, Default)]
pub(crate) struct Parties(BTreeMap<String, Party>);

#[derive(Clone, Debug)]
struct Party {
    since: NaiveDate,
    /// Where an objection keeps it from being in force between the two (art. 12).
    not_with: Vec<String>,
}

impl Parties {
    /// Reads lines of `state,in_force,not_with`; those that begin with `#` are for who reads the file.
    fn read(text: &str) -> Result<Self, String> {
        let mut parties = BTreeMap::new();
        for (at, line) in text.lines().enumerate().filter(|(_, line)| !line.starts_with('#') && !line.is_empty()) {
            let wrong = |what: &str| format!("line {}: {what}", at + 1);
            let [state, since, not_with] = line.split(',').collect::<Vec<_>>()[..] else {
                return Err(wrong("there are three columns"));
            };
            let since = since.parse().map_err(|_| wrong("the second column is a date"))?;
            let party = Party { since, not_with: not_with.split_whitespace().map(str::to_owned).collect() };
            if state.len() != 2 || parties.insert(state.to_owned(), party).is_some() {
                return Err(wrong("the first column is a state, once"));
            }
        }
        let parties = Self(parties);
        match parties.one_sided() {
            None => Ok(parties),
            Some((one, other)) => Err(format!("{one} is not with {other}, but {other} is with {one}")),
        }
    }

    /// Two states of which only one is said not to be bound to the other.
    fn one_sided(&self) -> Option<(&str, &str)> {
        let pairs = self.0.iter().flat_map(|(one, party)| party.not_with.iter().map(move |other| (one, other)));
        let mutual = |one: &String, other: &String| self.0.get(other).is_some_and(|party| party.not_with.contains(one));
        pairs.into_iter().find(|(one, other)| !mutual(one, other)).map(|(one, other)| (one.as_str(), other.as_str()))
    }

    /// Whether an apostille of `from` is enough in `to` on a day.
    pub(crate) fn binds(&self, from: &str, to: &str, day: NaiveDate) -> bool {
        let (Some(one), Some(other)) = (self.0.get(from), self.0.get(to)) else { return false };
        from != to && one.since <= day && other.since <= day && !one.not_with.iter().any(|state| state == to)
    }
}

/// The parties.
pub(crate) fn parties() -> &'static Parties {
    PARTIES.get()
}

/// Whether a document can have an apostille at all (art. 1).
pub(crate) fn is_covered(kind: DocumentKind) -> bool {
    use DocumentKind::{Administrative, Judicial, Notarial, OfficialCertificate};
    matches!(kind, Judicial | Administrative | Notarial | OfficialCertificate)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn binds(from: &str, to: &str, day: &str) -> bool {
        parties().binds(from, to, day.parse().expect("a date"))
    }

    #[test]
    fn it_binds_two_parties_from_the_day_it_is_in_force_for_both_and_not_against_an_objection() {
        PARTIES.check().expect("the file is good");
        assert!(!binds("US", "CN", "2023-11-06"));
        assert!(binds("US", "CN", "2023-11-07"));
        assert!(!binds("CA", "US", "2024-01-10"));
        assert!(binds("CA", "US", "2024-01-11"));
        assert!(!binds("DE", "IN", "2026-01-01") && !binds("IN", "DE", "2026-01-01"), "Germany objected");
        assert!(binds("FR", "IN", "2026-01-01"));
        assert!(!binds("US", "EG", "2026-01-01"), "no party");
        assert!(!binds("US", "US", "2026-01-01"), "nobody needs one at home");
    }

    #[test]
    fn a_broken_file_is_refused_with_its_line() {
        for (text, what) in [
            ("# head\nFR,1965-01-24", "line 2: there are three columns"),
            ("FR,soon,", "line 1: the second column is a date"),
            ("FR,1965-01-24,\nFR,1965-01-24,", "line 2: the first column is a state, once"),
            ("DE,1966-02-13,IN\nIN,2005-07-14,", "DE is not with IN"),
        ] {
            let wrong = Parties::read(text).expect_err("it is broken");
            assert!(wrong.contains(what), "{wrong}");
        }
    }
}

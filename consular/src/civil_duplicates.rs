//! Whether two civil records may be of one event, and why; pure.
//!
//! The same entry of the same foreign register is certain. Names alone are nothing: the day of the event must agree
//! too, but for a day or two. Names are compared as they are in screening, in any script and order.

use crate::screening::{Kind as NameKind, Scorer};
use chrono::NaiveDate;
use proto::consular::v1::civil_record::Kind;
use proto::consular::v1::{CivilDuplicate, CivilPerson, CivilRecord};

/// From which likeness on two names may be of one person, in thousandths.
const ALIKE: i32 = 600;
/// How many days apart two declarations of one event may put it.
pub(crate) const DAYS_APART: i64 = 2;

/// The records among `others` that may be of the same event as `one`, the likeliest first.
pub(crate) fn suspects(one: &CivilRecord, others: &[CivilRecord], scorer: &Scorer) -> Vec<CivilDuplicate> {
    let others = others.iter().filter(|other| other.name != one.name && other.kind == one.kind);
    let mut found: Vec<_> = others.filter_map(|other| suspect(one, other, scorer)).collect();
    found.sort_by_key(|duplicate| (!duplicate.certain, -duplicate.name_score, duplicate.civil_record.clone()));
    found
}

fn suspect(one: &CivilRecord, other: &CivilRecord, scorer: &Scorer) -> Option<CivilDuplicate> {
    let certain =
        !one.foreign_number.is_empty() && one.foreign_number == other.foreign_number && one.country == other.country;
    let (name_score, same_birth) = persons(one, other, scorer);
    let apart = days_apart(&one.event_date, &other.event_date);
    let mut reasons = Vec::new();
    if certain {
        reasons.push("same foreign number".to_owned());
    }
    if name_score >= ALIKE {
        reasons.push("names alike".to_owned());
    }
    // A child's date of birth is the day of the event, and says nothing more.
    if same_birth && one.kind() != Kind::Birth {
        reasons.push("same birth date".to_owned());
    }
    match apart {
        Some(0) => reasons.push("same day".to_owned()),
        Some(1) => reasons.push("event a day apart".to_owned()),
        Some(days) if days <= DAYS_APART => reasons.push(format!("event {days} days apart")),
        _ => {}
    }
    let near = apart.is_some_and(|days| days <= DAYS_APART);
    let civil_record = other.name.clone();
    (certain || near && name_score >= ALIKE).then_some(CivilDuplicate { civil_record, name_score, reasons, certain })
}

/// How alike the persons' names are, and whether their dates of birth agree; of a marriage both, whoever is named first.
fn persons(one: &CivilRecord, other: &CivilRecord, scorer: &Scorer) -> (i32, bool) {
    let pair = |one: Option<&CivilPerson>, other: Option<&CivilPerson>| match (one, other) {
        (Some(one), Some(other)) => (likeness(one, other, scorer), one.birth_date == other.birth_date),
        _ => (0, false),
    };
    let least = |(one, born): (i32, bool), (other, too): (i32, bool)| (one.min(other), born && too);
    let (subject, spouse) = (one.subject.as_ref(), one.spouse.as_ref());
    if one.kind() != Kind::Marriage {
        return pair(subject, other.subject.as_ref());
    }
    let straight = least(pair(subject, other.subject.as_ref()), pair(spouse, other.spouse.as_ref()));
    let crossed = least(pair(subject, other.spouse.as_ref()), pair(spouse, other.subject.as_ref()));
    straight.max(crossed)
}

fn likeness(one: &CivilPerson, other: &CivilPerson, scorer: &Scorer) -> i32 {
    let folded = |person: &CivilPerson| {
        scorer.folded(&format!("{} {}", person.given_names, person.family_name), NameKind::Person)
    };
    let (score, _) = scorer.compare(&folded(one), &folded(other), NameKind::Person);
    #[expect(clippy::cast_possible_truncation, reason = "a score lies between 0 and 1")]
    let thousandths = (score * 1000.0).round() as i32;
    thousandths
}

fn days_apart(one: &str, other: &str) -> Option<i64> {
    let (one, other): (NaiveDate, NaiveDate) = (one.parse().ok()?, other.parse().ok()?);
    Some((one - other).num_days().abs())
}

/// By what the same event is known again, whoever declares it: the kind, the day and the persons' names, folded.
pub(crate) fn key(one: &CivilRecord) -> String {
    let name = |person: &CivilPerson| {
        let folded = crate::screening::fold(&format!("{} {}", person.given_names, person.family_name));
        let mut words: Vec<&str> = folded.split_whitespace().collect();
        words.sort_unstable();
        format!("{} {}", words.join(" "), person.birth_date)
    };
    let mut persons: Vec<String> = one.subject.iter().chain(&one.spouse).map(name).collect();
    persons.sort_unstable();
    format!("{} {} {}", one.kind().as_str_name(), one.event_date, persons.join(" and "))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn person(given: &str, family: &str, born: &str) -> CivilPerson {
        CivilPerson {
            given_names: given.into(),
            family_name: family.into(),
            birth_date: born.into(),
            ..CivilPerson::default()
        }
    }

    fn record(name: &str, kind: Kind, day: &str, subject: CivilPerson) -> CivilRecord {
        CivilRecord {
            name: name.into(),
            kind: kind.into(),
            event_date: day.into(),
            subject: Some(subject),
            country: "FR".into(),
            ..CivilRecord::default()
        }
    }

    fn found(one: &CivilRecord, other: &CivilRecord) -> Vec<CivilDuplicate> {
        suspects(one, std::slice::from_ref(other), &Scorer::shipped().expect("the weights are good"))
    }

    #[test]
    fn the_same_birth_is_found_however_it_is_spelt_and_a_twin_is_not() {
        let child = record("one", Kind::Birth, "2026-03-01", person("Sofia", "Müller Garcia", "2026-03-01"));
        let again = record("other", Kind::Birth, "2026-03-01", person("Sophia", "Garcia Mueller", "2026-03-01"));
        let same = found(&child, &again);
        assert_eq!(same.len(), 1, "{same:?}");
        assert_eq!(same[0].reasons, ["names alike", "same day"]);
        let twin = record("twin", Kind::Birth, "2026-03-01", person("Maximilian", "Müller Garcia", "2026-03-01"));
        assert!(found(&child, &twin).is_empty(), "a twin is another child: {:?}", found(&child, &twin));
        let later = record("later", Kind::Birth, "2026-04-01", person("Sofia", "Müller Garcia", "2026-04-01"));
        assert!(found(&child, &later).is_empty(), "a name alone is nothing");
    }

    #[test]
    fn the_same_entry_abroad_is_certain_whatever_else_differs() {
        let entry = |name: &str, who| CivilRecord {
            foreign_number: "Lyon 3/2026/44".into(),
            ..record(name, Kind::Death, "2026-03-01", who)
        };
        let one = entry("one", person("Ann", "Example", "1950-01-01"));
        let other = entry("other", person("Bob", "Sample", "1960-01-01"));
        assert!(found(&one, &other)[0].certain);
        let elsewhere = CivilRecord { country: "BE".into(), ..other };
        assert!(found(&one, &elsewhere).is_empty());
    }

    #[test]
    fn a_marriage_is_the_same_whoever_is_named_first() {
        let (ann, bob) = (person("Ann", "Example", "1990-01-01"), person("Robert", "Sample", "1991-01-01"));
        let one = CivilRecord { spouse: Some(bob.clone()), ..record("one", Kind::Marriage, "2026-03-01", ann.clone()) };
        let other = CivilRecord { spouse: Some(ann.clone()), ..record("other", Kind::Marriage, "2026-03-02", bob) };
        assert_eq!(found(&one, &other)[0].reasons, ["names alike", "same birth date", "event a day apart"]);
        let third = CivilRecord { spouse: Some(person("Carl", "Third", "1991-01-01")), ..one.clone() };
        assert!(found(&one, &CivilRecord { name: "third".into(), ..third }).is_empty());
        assert_eq!(key(&one), key(&CivilRecord { event_date: one.event_date.clone(), ..other }));
    }
}

//! Whether two civil records may be of one event, and why; pure.
//!
//! The same entry of the same foreign register is certain. Names alone are nothing: the day of the event must agree but
//! for a day or two, or whoever is concerned must be the same by a date of birth. Names are compared as they are in
//! screening, in any script and order. From where on names are alike is data: `data/counter.toml`, `civil.likeness`.

use crate::counter::Likeness;
use chrono::NaiveDate;
use proto::consular::v1::civil_record::Kind;
use proto::consular::v1::{CivilDuplicate, CivilPerson, CivilRecord};
use screening::{Kind as NameKind, Scorer};

/// The records among `others` that may be of the same event as `one`, the likeliest first.
pub(crate) fn suspects(
    one: &CivilRecord,
    others: &[CivilRecord],
    scorer: &Scorer,
    rule: &Likeness,
) -> Vec<CivilDuplicate> {
    let others = others.iter().filter(|other| other.name != one.name && other.kind == one.kind);
    let mut found: Vec<_> = others.filter_map(|other| suspect(one, other, scorer, rule)).collect();
    found.sort_by_key(|duplicate| (!duplicate.certain, -duplicate.name_score, duplicate.civil_record.clone()));
    found
}

fn suspect(one: &CivilRecord, other: &CivilRecord, scorer: &Scorer, rule: &Likeness) -> Option<CivilDuplicate> {
    let certain =
        !one.foreign_number.is_empty() && one.foreign_number == other.foreign_number && one.country == other.country;
    let (name_score, same_birth) = persons(one, other, scorer);
    let alike = name_score >= rule.names;
    let apart = days_apart(&one.event_date, &other.event_date);
    let within = |days: i64| apart.is_some_and(|apart| apart <= days);
    let birth = one.kind() == Kind::Birth;
    let same_parent = birth && is_same_parent(one, other, scorer, rule);
    // A child whose day of birth was mistaken has the same parent; a person dies once, a couple seldom marries twice.
    let same_persons = if birth { same_parent && within(rule.birth_days) } else { same_birth };
    let near = within(rule.days);
    if !(certain || alike && (near || same_persons)) {
        return None;
    }
    let told = |said: bool, words: &str| said.then(|| words.to_owned());
    let distance = apart.map(|days| match days {
        0 => "same day".to_owned(),
        1 => "event a day apart".to_owned(),
        _ => format!("event {days} days apart"),
    });
    let reasons = [
        told(certain, "same foreign number"),
        told(alike, "names alike"),
        // A child's date of birth is the day of the event, and says nothing more.
        told(same_birth && !birth, "same birth date"),
        told(same_parent, "same parent"),
        distance,
    ];
    let reasons = reasons.into_iter().flatten().collect();
    Some(CivilDuplicate { civil_record: other.name.clone(), name_score, reasons, certain })
}

/// Whether a parent of one is, by name and date of birth, a parent of the other.
fn is_same_parent(one: &CivilRecord, other: &CivilRecord, scorer: &Scorer, rule: &Likeness) -> bool {
    let parents = |record: &CivilRecord| -> Vec<CivilPerson> {
        record.parents.iter().filter_map(|parent| parent.person.clone()).collect()
    };
    let theirs = parents(other);
    let same = |own: &CivilPerson, their: &CivilPerson| {
        own.birth_date == their.birth_date && likeness(own, their, scorer) >= rule.names
    };
    parents(one).iter().any(|own| theirs.iter().any(|their| same(own, their)))
}

/// How alike the persons' names are, and whether their dates of birth agree; of a marriage both, in either order.
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
        let folded = screening::fold(&format!("{} {}", person.given_names, person.family_name));
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
    use proto::consular::v1::CivilParent;

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
        let scorer = Scorer::shipped().expect("the weights are good");
        suspects(one, std::slice::from_ref(other), &scorer, &crate::counter::practice().civil.likeness)
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

    /// What registers miss when they compare days first: a day of birth that was mistaken by months or years.
    #[test]
    fn a_child_of_the_same_parent_is_found_though_its_day_was_mistaken() {
        let of = |name: &str, day: &str, given: &str, mother: CivilPerson| CivilRecord {
            parents: vec![CivilParent { person: Some(mother), citizen: true, presence_days: 0 }],
            ..record(name, Kind::Birth, day, person(given, "Müller Garcia", day))
        };
        let mother = || person("Ana", "Garcia Lopez", "1990-05-06");
        let one = of("one", "2024-03-01", "Sofia", mother());
        let mistaken = of("other", "2026-01-03", "Sofía", mother());
        assert_eq!(found(&one, &mistaken)[0].reasons, ["names alike", "same parent", "event 673 days apart"]);
        let sibling = of("sibling", "2026-01-03", "Maximilian", mother());
        assert!(found(&one, &sibling).is_empty(), "a sibling is another child: {:?}", found(&one, &sibling));
        let namesake = of("namesake", "2026-01-03", "Sofía", person("Ana", "Garcia Lopez", "1985-05-06"));
        assert!(found(&one, &namesake).is_empty(), "the other mother was born on another day");
        let later = of("later", "2028-01-03", "Sofía", mother());
        assert!(found(&one, &later).is_empty(), "nobody is mistaken by four years");
    }

    #[test]
    fn a_person_dies_once() {
        let one = record("one", Kind::Death, "2024-03-01", person("Ann", "Example", "1950-01-01"));
        let again = record("again", Kind::Death, "2026-03-01", person("Anne", "Example", "1950-01-01"));
        assert_eq!(found(&one, &again)[0].reasons, ["names alike", "same birth date", "event 730 days apart"]);
        let namesake = record("namesake", Kind::Death, "2026-03-01", person("Ann", "Example", "1950-01-02"));
        assert!(found(&one, &namesake).is_empty());
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

    /// Spellings of one name, and names of twins and siblings, on either side of the threshold.
    #[test]
    fn the_threshold_tells_spellings_from_siblings() {
        let (scorer, least) = (Scorer::shipped().unwrap(), crate::counter::practice().civil.likeness.names);
        let score = |(given, family): (&str, &str), (other, other_family): (&str, &str)| {
            likeness(&person(given, family, ""), &person(other, other_family, ""), &scorer)
        };
        for (one, other) in [
            (("Sofia", "Müller Garcia"), ("Sophia", "Garcia Mueller")),
            (("Sofia", "Example"), ("Sophia", "Example")),
            (("Sofia", "Müller"), ("Sofia Maria", "Müller")),
            (("Dmitri", "Ivanov"), ("Дмитрий", "Иванов")),
            (("Mohammed", "Al Rashid"), ("Muhammad", "al-Rasheed")),
            (("Jean-Pierre", "Dupont"), ("Jean Pierre", "Dupond")),
        ] {
            assert!(score(one, other) >= least, "{one:?} {other:?}: {}", score(one, other));
        }
        for (one, other) in [
            (("Sofia", "Müller"), ("Maximilian", "Müller")),
            (("Max", "Müller"), ("Moritz", "Müller")),
            (("Jean-Pierre", "Dupont"), ("Jean-Paul", "Dupont")),
            (("Dmitri", "Ivanov"), ("Дарья", "Иванова")),
        ] {
            assert!(score(one, other) < least, "{one:?} {other:?}: {}", score(one, other));
        }
    }
}

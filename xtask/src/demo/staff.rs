//! The people of the demonstration: from a list of posts and a list of names, none of them anyone's.

use anyhow::{Context as _, Result, ensure};
use chrono::{DateTime, Datelike as _, Days, SecondsFormat, Utc};
use proto::accreditation::v1::mission::Type;
use proto::accreditation::v1::{Category, Relation, Residence};
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::BTreeMap;

const STAFF: &str = include_str!("../../data/staff.csv");
const NAMES: &str = include_str!("../../data/names.csv");

/// A member of a mission's staff, or of a household.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Person {
    /// What the demonstration calls the person: `diplomat`.
    pub(super) id: String,
    /// The kind of mission.
    pub(super) post: String,
    /// The category.
    pub(super) category: String,
    /// Title or rank.
    pub(super) title: String,
    residence: String,
    nationality: String,
    /// Whose household it is; empty if nobody's.
    pub(super) principal: String,
    relation: String,
    age: i32,
    days_here: u64,
    #[serde(skip)]
    family_name: String,
    #[serde(skip)]
    given_names: String,
}

/// The missions that are staffed: their names by kind, and who sends them.
#[derive(Debug)]
pub(super) struct Missions {
    /// The state that sends all of them.
    pub(super) sending_state: String,
    /// `missions/fr-embassy` by kind.
    pub(super) names: BTreeMap<&'static str, String>,
}

/// Everybody, in an order in which principals come before their households.
///
/// # Errors
/// The list names something that the contract does not have.
pub(super) fn everybody() -> Result<Vec<Person>> {
    let names: Vec<(String, String)> = csv::Reader::from_reader(NAMES.as_bytes())
        .into_deserialize()
        .collect::<Result<_, _>>()
        .context("read names.csv")?;
    let mut people: Vec<Person> = Vec::new();
    for (at, row) in csv::Reader::from_reader(STAFF.as_bytes()).into_deserialize().enumerate() {
        let mut person: Person = row.context("read staff.csv")?;
        let known = Category::from_str_name(&person.category).is_some()
            && Type::from_str_name(&person.post).is_some()
            && Residence::from_str_name(&person.residence).is_some()
            && (person.relation.is_empty() || Relation::from_str_name(&person.relation).is_some());
        ensure!(known, "{} is not as the contract has it", person.id);
        let (family, given) = names.get(at).context("there are more people than names")?;
        let principal = people.iter().find(|other| other.id == person.principal);
        ensure!(principal.is_some() != person.principal.is_empty(), "{} has no principal before it", person.id);
        let kin = principal.filter(|_| person.relation != "SERVANT");
        person.family_name = kin.map_or(family, |principal| &principal.family_name).clone();
        person.given_names.clone_from(given);
        people.push(person);
    }
    Ok(people)
}

impl Person {
    /// The last part of the member's name: `jp-embassy-diplomat`. The same at every run, so that a second one finds it.
    pub(super) fn member_id(&self, missions: &Missions) -> String {
        let mission = missions.names.get(self.post.as_str()).map_or("", String::as_str);
        let id = format!("{}-{}", mission.trim_start_matches("missions/"), self.id);
        id.chars().take(63).collect::<String>().trim_end_matches('-').to_owned()
    }

    /// The notification. Dates are counted back from now.
    pub(super) fn notification(&self, missions: &Missions, home: &str, now: DateTime<Utc>) -> Value {
        let own = self.nationality != "home";
        let mut member = json!({
            "mission": missions.names.get(self.post.as_str()),
            "category": self.category,
            "familyName": self.family_name,
            "givenNames": self.given_names,
            "birthDate": self.birth_date(now),
            "nationality": if own { missions.sending_state.as_str() } else { home },
            "title": self.title,
            "residence": self.residence,
            "alreadyPresent": self.residence != "FOREIGN",
            "arrivalTime": instant(days_before(now, self.days_here)),
        });
        if !self.principal.is_empty() {
            let principal = Self { id: self.principal.clone(), ..self.clone() };
            member["principal"] = format!("members/{}", principal.member_id(missions)).into();
            member["relation"] = self.relation.clone().into();
        }
        member
    }

    /// What the officer is told about the person beforehand: `First Secretary`, or whose household it is.
    pub(super) fn role(&self) -> String {
        if self.title.is_empty() { self.relation.to_lowercase() } else { self.title.clone() }
    }

    fn birth_date(&self, now: DateTime<Utc>) -> String {
        // The same day for all: what matters is the year.
        format!("{}-03-14", now.year() - self.age)
    }
}

/// `days` days before.
pub(super) fn days_before(now: DateTime<Utc>, days: u64) -> DateTime<Utc> {
    now.checked_sub_days(Days::new(days)).expect("a few years back is within the calendar")
}

/// As JSON has it: `2026-11-21T09:30:00Z`.
pub(super) fn instant(time: DateTime<Utc>) -> String {
    time.to_rfc3339_opts(SecondsFormat::Secs, true)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn every_category_is_played_by_somebody() {
        let people = everybody().expect("the lists are sound");
        let played: BTreeSet<_> = people.iter().map(|person| person.category.as_str()).collect();
        let mut number = 1;
        while let Ok(category) = Category::try_from(number) {
            assert!(played.contains(category.as_str_name()), "nobody plays {}", category.as_str_name());
            number += 1;
        }
        assert!(number > 20, "the contract has {number} categories");
        let ids: BTreeSet<_> = people.iter().map(|person| &person.id).collect();
        assert_eq!(ids.len(), people.len());
    }

    #[test]
    fn a_spouse_has_the_principals_name_and_a_servant_a_name_of_its_own() {
        let people = everybody().expect("the lists are sound");
        let family_name = |id: &str| &people.iter().find(|person| person.id == id).expect("it is there").family_name;
        assert_eq!(family_name("spouse"), family_name("diplomat"));
        assert_ne!(family_name("servant"), family_name("head"));
    }
}

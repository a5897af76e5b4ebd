//! Who is notified in the year and what becomes of them, as counted before the register is asked.

use super::super::staff::{days_before, instant};
use chrono::{DateTime, Datelike as _, Utc};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Days after arrival within which a notification is in time (`accreditation/data/terms.toml`).
const IN_TIME: u64 = 30;

/// What becomes of a notification.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Outcome {
    Accredited,
    UnderReview,
    Returned,
    Declined,
}

/// A person to be notified.
#[derive(Clone, Debug)]
pub(super) struct Planned {
    /// The last part of the member's name.
    pub(super) id: String,
    /// The mission's name.
    pub(super) mission: String,
    pub(super) category: &'static str,
    pub(super) outcome: Outcome,
    /// Whose family the person is; nobody's for staff.
    pub(super) principal: Option<String>,
    sender: String,
    number: usize,
    relation: &'static str,
    age: i32,
    days_here: u64,
}

/// Everybody, and what the register must show in the end.
pub(super) struct Plan {
    pub(super) people: Vec<Planned>,
    /// What all names of this run begin with.
    run: String,
    /// Members by state.
    pub(super) states: BTreeMap<&'static str, usize>,
    /// Cards that are good.
    pub(super) cards: usize,
    /// Notifications that came too late.
    pub(super) late: usize,
    /// Those whose functions have ended in the course of the year.
    gone: Vec<String>,
}

impl Plan {
    /// Spreads `members` people over the missions, household by household.
    pub(super) fn new(run: &str, missions: &[(String, String)], members: usize) -> Self {
        let mut people: Vec<Planned> = Vec::new();
        let mut household = 0;
        while people.len() < members {
            // The last mission closes in the course of the year: everybody there is accredited, and nobody elsewhere
            // is touched by it.
            let at = household % missions.len();
            let closing = at == missions.len() - 1;
            let (mission, sender) = &missions[at];
            let single = household % 5 < 2;
            let outcome = match household % 50 {
                _ if closing || !single => Outcome::Accredited,
                10 => Outcome::Returned,
                20 => Outcome::Declined,
                30 => Outcome::UnderReview,
                _ => Outcome::Accredited,
            };
            let staff = Planned {
                id: format!("y{run}-{}", people.len()),
                mission: mission.clone(),
                category: if household % 3 == 0 { "ADMINISTRATIVE_AND_TECHNICAL_STAFF" } else { "DIPLOMATIC_STAFF" },
                outcome,
                principal: None,
                sender: sender.clone(),
                number: people.len(),
                relation: "",
                age: 30 + i32::try_from(household % 30).unwrap_or_default(),
                // One in ten comes to be notified long after arrival.
                days_here: if household % 10 == 9 {
                    IN_TIME + 2 + household as u64 % 330
                } else {
                    household as u64 % 28
                },
            };
            let family = |relation: &'static str, age: i32, number: usize| Planned {
                id: format!("y{run}-{number}"),
                category: "FAMILY_MEMBER",
                principal: Some(staff.id.clone()),
                number,
                relation,
                age,
                ..staff.clone()
            };
            let mut all = vec![staff.clone()];
            if !single {
                all.push(family("SPOUSE", staff.age, people.len() + 1));
            }
            if household % 5 == 4 {
                all.push(family("CHILD", 4 + staff.age % 12, people.len() + 2));
            }
            people.extend(all.into_iter().take(members - people.len()));
            household += 1;
        }
        let mut states = BTreeMap::new();
        for person in &people {
            let state = match person.outcome {
                Outcome::Accredited => "ACCREDITED",
                Outcome::UnderReview => "UNDER_REVIEW",
                Outcome::Returned => "RETURNED",
                Outcome::Declined => "DECLINED",
            };
            *states.entry(state).or_default() += 1;
        }
        let cards = people.iter().filter(|person| person.gets_card()).count();
        let late = people.iter().filter(|person| person.is_late()).count();
        Self { people, run: run.to_owned(), states, cards, late, gone: Vec::new() }
    }

    /// What the names of this run's members begin with.
    pub(super) fn ours(&self) -> String {
        format!("members/y{}-", self.run)
    }

    /// Members go from a state to another.
    fn moved(&mut self, many: usize, from: &'static str, to: &'static str) {
        *self.states.entry(from).or_default() -= many;
        *self.states.entry(to).or_default() += many;
    }

    /// One more member, notified in time and accredited, with a card.
    pub(super) fn joined(&mut self) {
        *self.states.entry("ACCREDITED").or_default() += 1;
        self.cards += 1;
    }

    /// The old accreditation is in its grace, the new one is notified as late as the old one was, and has the one card.
    pub(super) fn promoted(&mut self, person: &Planned) {
        self.moved(1, "ACCREDITED", "GRACE");
        *self.states.entry("ACCREDITED").or_default() += 1;
        self.late += usize::from(person.is_late());
        self.gone.push(person.id.clone());
    }

    /// One who was told to leave has left: no status, no card.
    pub(super) fn left(&mut self, person: &Planned) {
        self.moved(1, "ACCREDITED", "ENDED");
        self.cards -= usize::from(person.gets_card());
        self.gone.push(person.id.clone());
    }

    /// A mission closes: all who are accredited there have time to leave, and keep their cards as long. How many they are,
    /// and how many cards.
    pub(super) fn closed(&mut self, mission: &str) -> (usize, usize) {
        let there = self.people.iter().filter(|person| {
            person.mission == mission && person.outcome == Outcome::Accredited && !self.gone.contains(&person.id)
        });
        let (members, cards) = (there.clone().count(), there.filter(|person| person.gets_card()).count());
        self.moved(members, "ACCREDITED", "GRACE");
        (members, cards)
    }

    /// A single person of the staff in this category, accredited, of a mission that stays.
    pub(super) fn single(&self, category: &str) -> Option<&Planned> {
        let closing = &self.closing()?;
        let has_family = |person: &Planned| self.people.iter().any(|one| one.principal.as_ref() == Some(&person.id));
        self.people.iter().find(|person| {
            person.category == category
                && person.outcome == Outcome::Accredited
                && person.mission != *closing
                && !self.gone.contains(&person.id)
                && !has_family(person)
        })
    }

    /// The mission that closes: the one of which all are accredited, the last that anybody was sent to.
    pub(super) fn closing(&self) -> Option<String> {
        self.people
            .iter()
            .map(|person| (&person.mission, person.number))
            .fold(BTreeMap::<&String, usize>::new(), |mut first, (mission, number)| {
                first.entry(mission).or_insert(number);
                first
            })
            .into_iter()
            .max_by_key(|(_, first)| *first)
            .map(|(mission, _)| mission.clone())
    }
}

impl Planned {
    /// Whether the notification comes later than our rule allows.
    fn is_late(&self) -> bool {
        self.days_here > IN_TIME
    }

    /// Staff carry cards here; families get theirs with their own time.
    pub(super) fn gets_card(&self) -> bool {
        self.outcome == Outcome::Accredited && self.principal.is_none()
    }

    /// The notification as the contract's JSON.
    pub(super) fn notification(&self, now: DateTime<Utc>) -> Value {
        let mut member = json!({
            "mission": self.mission,
            "category": self.category,
            "familyName": format!("Example {}", letters(self.number)),
            "givenNames": "Person",
            "birthDate": format!("{}-03-14", now.year() - self.age),
            "nationality": self.sender,
            "residence": "FOREIGN",
            "arrivalTime": instant(days_before(now, self.days_here)),
        });
        match &self.principal {
            Some(principal) => {
                member["principal"] = format!("members/{principal}").into();
                member["relation"] = self.relation.into();
            }
            None if self.category == "DIPLOMATIC_STAFF" => member["title"] = "Second Secretary".into(),
            None => member["title"] = "Archivist".into(),
        }
        member
    }
}

/// A number in letters, as names are: the zone of a card has no digits in a name (ICAO Doc 9303-3, section 6).
pub(super) fn letters(number: usize) -> String {
    let (left, letter) = (number / 26, (number % 26) as u8);
    if left == 0 { char::from(b'A' + letter).into() } else { format!("{}{}", letters(left), char::from(b'a' + letter)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan() -> Plan {
        let missions: Vec<_> = (0..40).map(|n| (format!("missions/m{n}"), "FR".to_owned())).collect();
        Plan::new("1", &missions, 2_000)
    }

    #[test]
    fn everybody_is_counted_once() {
        let plan = plan();
        assert_eq!(plan.people.len(), 2_000);
        assert_eq!(plan.states.values().sum::<usize>(), 2_000);
        assert!(plan.states.len() == 4 && plan.late > 0 && plan.late < 500, "{:?}, {} late", plan.states, plan.late);
    }

    #[test]
    fn families_follow_their_principals_and_everybody_where_the_mission_closes_is_accredited() {
        let plan = plan();
        for (at, person) in plan.people.iter().enumerate() {
            let Some(principal) = &person.principal else { continue };
            let there = plan.people[..at].iter().find(|other| &other.id == principal);
            assert!(there.is_some_and(|other| other.mission == person.mission && other.outcome == Outcome::Accredited));
        }
        assert_eq!(plan.closing().as_deref(), Some("missions/m39"));
        let closing = plan.people.iter().filter(|person| person.mission == "missions/m39");
        assert!(closing.clone().count() > 10 && closing.clone().all(|person| person.outcome == Outcome::Accredited));
    }

    #[test]
    fn what_happens_in_the_year_moves_people_and_loses_nobody() {
        let mut plan = plan();
        let (accredited, cards, late) = (plan.states["ACCREDITED"], plan.cards, plan.late);
        let technician = plan.single("ADMINISTRATIVE_AND_TECHNICAL_STAFF").expect("there is one").clone();
        plan.promoted(&technician);
        let driver = plan.single("DIPLOMATIC_STAFF").expect("there is one").clone();
        plan.left(&driver);
        let (gone, void) = plan.closed("missions/m39");
        assert_eq!(plan.states["ACCREDITED"], accredited - 1 - gone, "the promoted one is accredited again");
        assert_eq!((plan.states["GRACE"], plan.states["ENDED"]), (1 + gone, 1));
        assert_eq!((plan.cards, plan.late), (cards - 1, late + usize::from(technician.is_late())));
        assert!(void > 0 && void < gone, "{void} cards of {gone} members");
        assert_eq!(plan.states.values().sum::<usize>(), 2_001);
    }

    #[test]
    fn there_is_somebody_to_promote_and_somebody_to_stop() {
        for category in ["ADMINISTRATIVE_AND_TECHNICAL_STAFF", "DIPLOMATIC_STAFF"] {
            assert!(plan().single(category).is_some(), "{category}");
        }
    }
}

//! The rules of the kinds of assistance cases, read from data once: facts, tasks with their times, ends, standing disclosures.

use crate::numbers::Number;
use crate::shipped::{Shipped, in_words};
use calendar::{Clock, Length, WorkingDays, due};
use chrono::{DateTime, Utc};
use proto::consular::v1::assistance_case::{CloseCode, Type};
use proto::consular::v1::assistance_contact::{Channel, Party};
use proto::consular::v1::case_disclosure::{Asker, Topic};
use proto::consular::v1::{AssistanceContact, assistance_task, case_fact};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer};
use std::time::Duration;

const FILE: &str = include_str!("../../data/assistance.toml");

pub(crate) static RULES: Shipped<Rules> = Shipped::new("assistance.toml", || in_words(Rules::read(FILE)));

/// The file, whole.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Rules {
    minor: Number,
    escalation: Number,
    /// For a minor, or one who cannot decide, for whom no guardian is named.
    pub(crate) guardian_task: Task,
    /// Where the receiving state told us late.
    pub(crate) late_notice_task: Task,
    /// Of a case that rests.
    pub(crate) rest_task: Task,
    case: Vec<Case>,
    /// What may be told without a consent.
    pub(crate) standing: Vec<Standing>,
}

/// One kind of case.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Case {
    r#type: Named<Type>,
    source: String,
    opening_facts: Vec<Named<case_fact::Kind>>,
    closing_facts: Vec<Named<case_fact::Kind>>,
    codes: Vec<Named<CloseCode>>,
    notice_hours: Option<u32>,
    notice_source: Option<String>,
    under_age: Option<u32>,
    /// What it opens.
    #[serde(default, rename = "task")]
    pub(crate) tasks: Vec<Task>,
}

/// One task of a kind of case.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Task {
    kind: Named<assistance_task::Kind>,
    /// What is to be done, in words.
    pub(crate) title: String,
    from: From,
    hours: Option<u32>,
    days: Option<u16>,
    working_days: Option<u16>,
    /// After how many days it comes again.
    pub(crate) again_days: Option<u16>,
    done_by: Option<DoneBy>,
    /// How many witnesses it needs.
    #[serde(default)]
    pub(crate) witnesses: usize,
    /// The rule it comes from.
    pub(crate) source: String,
}

/// What a task's time runs from.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
enum From {
    Event,
    Notice,
    Opening,
}

/// The contact that completes a task.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct DoneBy {
    party: Named<Party>,
    channel: Option<Named<Channel>>,
}

/// What may be told to somebody without a consent.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Standing {
    asker: Named<Asker>,
    #[serde(default)]
    types: Vec<Named<Type>>,
    topics: Vec<Named<Topic>>,
    /// Whether who asks must be among the parties of the case.
    pub(crate) party: bool,
    /// The rule.
    pub(crate) source: String,
}

/// When things happened that times run from.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Instants {
    pub(crate) event: DateTime<Utc>,
    pub(crate) notice: DateTime<Utc>,
    pub(crate) opening: DateTime<Utc>,
}

/// A value of an enum of the contract, by its name there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Named<E>(E);

/// An enum of the contract.
trait Known: Sized {
    fn known(name: &str) -> Option<Self>;
}

macro_rules! known {
    ($($kind:ty),*) => {$(
        impl Known for $kind {
            fn known(name: &str) -> Option<Self> {
                Self::from_str_name(name).filter(|value| i32::from(*value) != 0)
            }
        }
    )*};
}
known!(Type, CloseCode, Channel, Party, Asker, Topic, assistance_task::Kind, case_fact::Kind);

impl<'de, E: Known> Deserialize<'de> for Named<E> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let name = String::deserialize(from)?;
        E::known(&name).map(Self).ok_or_else(|| D::Error::custom(format!("the contract has no {name}")))
    }
}

/// What is wrong with the file.
#[derive(Debug, thiserror::Error)]
enum Invalid {
    #[error(transparent)]
    Unreadable(#[from] toml::de::Error),
    #[error("{0}")]
    Wrong(String),
}

impl Rules {
    /// The rules.
    pub(crate) fn get() -> &'static Self {
        RULES.get()
    }

    /// What cases of a kind ask for.
    pub(crate) fn of(&self, kind: Type) -> &Case {
        self.case.iter().find(|case| case.r#type.0 == kind).expect("the file is not read unless it has every kind")
    }

    /// The rule of a task, in cases of a kind; none of one that an officer thought of.
    pub(crate) fn task(&self, of: Type, kind: assistance_task::Kind) -> Option<&Task> {
        let extra = [&self.guardian_task, &self.late_notice_task, &self.rest_task];
        self.of(of).tasks.iter().chain(extra).find(|task| task.kind() == kind)
    }

    /// The age at which somebody decides alone.
    pub(crate) fn adult_age(&self) -> u32 {
        self.minor.value
    }

    /// After how long a late task is escalated again.
    pub(crate) fn escalation(&self) -> Length {
        hours(self.escalation.value)
    }

    fn read(text: &str) -> Result<Self, Invalid> {
        let rules: Self = toml::from_str(text)?;
        for kind in (1..).map_while(|number| Type::try_from(number).ok()) {
            let count = rules.case.iter().filter(|case| case.r#type.0 == kind).count();
            if count != 1 {
                return Err(Invalid::Wrong(format!("{} is there {count} times", kind.as_str_name())));
            }
        }
        let extra = [&rules.guardian_task, &rules.late_notice_task, &rules.rest_task];
        let tasks = rules.case.iter().flat_map(|case| &case.tasks).chain(extra);
        tasks.into_iter().try_for_each(Task::check)?;
        rules.case.iter().try_for_each(Case::check)?;
        let sources = rules.standing.iter().map(|row| &row.source);
        named(sources, "a standing disclosure")?;
        Ok(rules)
    }
}

fn named<'s>(sources: impl IntoIterator<Item = &'s String>, what: &str) -> Result<(), Invalid> {
    let silent = sources.into_iter().any(|source| source.trim().is_empty());
    if silent { Err(Invalid::Wrong(format!("{what} names no source"))) } else { Ok(()) }
}

fn hours(count: u32) -> Length {
    Length::Exactly(Duration::from_secs(u64::from(count) * 3600))
}

impl Case {
    /// The facts that are missing among those known: at the beginning, or at the end.
    pub(crate) fn missing(&self, known: &[case_fact::Kind], closing: bool) -> Vec<&'static str> {
        let wanted = if closing { &self.closing_facts } else { &self.opening_facts };
        wanted.iter().filter(|kind| !known.contains(&kind.0)).map(|kind| kind.0.as_str_name()).collect()
    }

    /// The ways it can end.
    pub(crate) fn codes(&self) -> impl Iterator<Item = CloseCode> {
        self.codes.iter().map(|code| code.0)
    }

    /// Whether a notice so long after the event is late. Of kinds without a rule none is.
    pub(crate) fn is_late(&self, at: Instants) -> bool {
        self.notice_hours.is_some_and(|hours| (at.notice - at.event).num_hours() >= i64::from(hours))
    }

    /// Whether it is a kind for those who are younger than this.
    pub(crate) fn is_for(&self, age: u32) -> bool {
        self.under_age.is_none_or(|limit| age < limit)
    }

    fn check(&self) -> Result<(), Invalid> {
        let kind = self.r#type.0.as_str_name();
        named([&self.source], kind)?;
        if self.notice_hours.is_some() {
            named([self.notice_source.as_ref().unwrap_or(&String::new())], kind)?;
        }
        if self.codes.is_empty() || self.tasks.is_empty() {
            return Err(Invalid::Wrong(format!("{kind} has no task, or no end")));
        }
        let twice = self.tasks.iter().any(|one| self.tasks.iter().filter(|two| two.kind == one.kind).count() > 1);
        if twice { Err(Invalid::Wrong(format!("{kind} opens a task twice"))) } else { Ok(()) }
    }
}

impl Task {
    /// What is to be done.
    pub(crate) fn kind(&self) -> assistance_task::Kind {
        self.kind.0
    }

    /// When it is due at first.
    pub(crate) fn due(&self, at: Instants, days: &WorkingDays) -> Option<DateTime<Utc>> {
        let from = match self.from {
            From::Event => at.event,
            From::Notice => at.notice,
            From::Opening => at.opening,
        };
        due(&Clock::new(from, self.length()?), days)
    }

    /// When it is due again, if it comes again.
    pub(crate) fn due_again(&self, done: DateTime<Utc>, days: &WorkingDays) -> Option<DateTime<Utc>> {
        due(&Clock::new(done, Length::Days(self.again_days?)), days)
    }

    /// Whether a contact is what it asks for.
    pub(crate) fn is_done_by(&self, contact: &AssistanceContact) -> bool {
        let fits = |by: &DoneBy| {
            by.party.0 == contact.party() && by.channel.is_none_or(|channel| channel.0 == contact.channel())
        };
        contact.reached && self.done_by.as_ref().is_some_and(fits)
    }

    fn length(&self) -> Option<Length> {
        let hours = self.hours.map(hours);
        hours.or(self.days.map(Length::Days)).or(self.working_days.map(Length::WorkingDays))
    }

    fn check(&self) -> Result<(), Invalid> {
        let kind = self.kind().as_str_name();
        named([&self.source], kind)?;
        let lengths = [self.hours, self.days.map(u32::from), self.working_days.map(u32::from)].into_iter().flatten();
        let lengths: Vec<u32> = lengths.collect();
        if lengths.len() != 1 || lengths[0] == 0 || self.again_days == Some(0) {
            return Err(Invalid::Wrong(format!("{kind} has one length, which is not 0")));
        }
        if self.title.trim().is_empty() { Err(Invalid::Wrong(format!("{kind} has no words"))) } else { Ok(()) }
    }
}

impl Standing {
    /// Whether it lets somebody be told this of such a case.
    pub(crate) fn covers(&self, asker: Asker, of: Type, topic: Topic) -> bool {
        let kind = self.types.is_empty() || self.types.contains(&Named(of));
        self.asker.0 == asker && kind && self.topics.contains(&Named(topic))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    fn told(event: &str, notice: &str) -> Instants {
        Instants { event: at(event), notice: at(notice), opening: at(notice) }
    }

    #[test]
    fn what_is_shipped_is_sound() {
        RULES.check().unwrap();
        assert_eq!(Rules::get().adult_age(), 18);
    }

    #[test]
    fn what_is_not_sound_is_refused() {
        for (from, to) in [
            ("type = \"WRECK\"", "type = \"ADOPTION\""),
            ("type = \"WRECK\"", "type = \"STORM\""),
            ("source = \"VCCR, art. 36\"", "source = \" \""),
            ("hours = 24\ndone_by", "hours = 0\ndone_by"),
            ("hours = 24\ndone_by", "hours = 24\ndays = 1\ndone_by"),
            ("notice_source = \"VCCR, art. 36", "notice_source = \"\" # "),
            ("kind = \"FIRST_VISIT\"", "kind = \"FIRST_CONTACT\""),
            ("[escalation]\nvalue = 24", "[escalation]\nvalue = 0"),
            ("opening_facts = [\"PLACE\"]", "opening_facts = [\"WEATHER\"]"),
        ] {
            assert!(FILE.contains(from), "{from}");
            assert!(Rules::read(&FILE.replacen(from, to, 1)).is_err(), "{from} -> {to}");
        }
    }

    #[test]
    fn an_arrest_is_visited_within_three_days_and_every_quarter() {
        let days = WorkingDays::of(["US", "GB"], chrono_tz::UTC);
        let arrest = Rules::get().of(Type::Arrest);
        let instants = told("2026-05-04T10:00:00Z", "2026-05-04T13:00:00Z");
        let due = |kind| {
            let task = arrest.tasks.iter().find(|task| task.kind() == kind).unwrap();
            task.due(instants, &days).unwrap()
        };
        assert_eq!(due(assistance_task::Kind::FirstContact), at("2026-05-05T13:00:00Z"));
        assert_eq!(due(assistance_task::Kind::FirstVisit), at("2026-05-07T13:00:00Z"));
        let visit = arrest.tasks.iter().find(|task| task.again_days.is_some()).unwrap();
        assert_eq!(visit.due_again(at("2026-05-06T09:00:00Z"), &days), Some(at("2026-08-05T00:00:00Z")));
    }

    #[test]
    fn a_notice_after_three_days_is_late_where_a_rule_says_so() {
        let late = told("2026-05-01T13:00:00Z", "2026-05-04T13:00:00Z");
        let prompt = told("2026-05-01T13:00:01Z", "2026-05-04T13:00:00Z");
        let rules = Rules::get();
        assert!(rules.of(Type::Arrest).is_late(late) && !rules.of(Type::Arrest).is_late(prompt));
        assert!(!rules.of(Type::Victim).is_late(late));
    }
}

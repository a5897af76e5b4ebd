//! The numbers of practice at a post's counter, read from `data/counter.toml` and checked whole.

use crate::shipped::{Shipped, in_words};
use proto::consular::v1::{civil_document, civil_record};
use serde::Deserialize;

/// What is shipped.
pub(crate) static COUNTER: Shipped<Practice> =
    Shipped::new("counter.toml", || in_words(Practice::read(include_str!("../data/counter.toml"))));

/// Why the file is not good.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
struct Invalid(String);

/// Our practice at the counter.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Practice {
    pub(crate) applications: Applications,
    pub(crate) appointments: Appointments,
    pub(crate) civil: Civil,
}

/// Applications that people begin for themselves.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Applications {
    pub(crate) most_drafts: usize,
}

/// Appointments.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Appointments {
    pub(crate) hold_minutes: u32,
    pub(crate) offer_minutes: u32,
    pub(crate) reminder_hours: u32,
    pub(crate) no_show_minutes: u32,
    pub(crate) no_show_days: u32,
    pub(crate) most_moves: i32,
    pub(crate) check_in_minutes: u32,
    pub(crate) most_of_person: i64,
    pub(crate) most_of_account: i64,
    pub(crate) velocity_hours: u32,
    pub(crate) search_days: u32,
}

/// Civil registration.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Civil {
    pub(crate) likeness: Likeness,
    pub(crate) papers: Vec<Papers>,
    pub(crate) transmission: Transmission,
}

/// From where on two records may be of one event.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Likeness {
    /// How alike two names are, in thousandths.
    pub(crate) names: i32,
    /// How many days apart one event may be put.
    pub(crate) days: i64,
    /// The same for a birth, where a parent is the same.
    pub(crate) birth_days: i64,
}

/// What proves an event.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Papers {
    /// The kind of event.
    pub(crate) kind: String,
    /// Kinds of papers.
    pub(crate) needed: Vec<String>,
}

/// How a child is our citizen by one parent.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Transmission {
    pub(crate) presence_days: i32,
}

impl Papers {
    fn is_known(&self) -> bool {
        let paper = |name: &String| civil_document::Kind::from_str_name(name).is_some();
        civil_record::Kind::from_str_name(&self.kind).is_some() && self.needed.iter().all(paper)
    }
}

impl Practice {
    fn read(text: &str) -> Result<Self, Invalid> {
        let practice: Self = toml::from_str(text).map_err(|error| Invalid(error.to_string()))?;
        let Appointments { hold_minutes, offer_minutes, most_of_person, most_of_account, .. } = practice.appointments;
        let held = hold_minutes > 0 && offer_minutes > 0;
        let invalid = |words: &str| Err(Invalid(words.to_owned()));
        match () {
            () if !held => invalid("appointments: a seat that is held no time cannot be confirmed"),
            () if practice.applications.most_drafts == 0 => invalid("applications: nobody could begin one"),
            () if most_of_person <= 0 || most_of_account <= 0 => invalid("appointments: nobody could book"),
            () if !practice.civil.papers.iter().all(Papers::is_known) => {
                invalid("civil: a kind of event or paper is unknown")
            }
            () if !(1..=1_000).contains(&practice.civil.likeness.names) || practice.civil.likeness.days < 0 => {
                invalid("civil: every name would be like every other, or none like itself")
            }
            () => Ok(practice),
        }
    }
}

/// Our practice.
pub(crate) fn practice() -> &'static Practice {
    COUNTER.get()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_shipped_can_be_read_and_a_mistake_is_named() {
        COUNTER.check().expect("the file is good");
        let shipped = include_str!("../data/counter.toml");
        let wrong = Practice::read(&shipped.replace("hold_minutes = 10", "hold_minutes = 0")).expect_err("no hold");
        assert!(wrong.to_string().contains("cannot be confirmed"), "{wrong}");
        let careless = Practice::read(&shipped.replace("names = 500", "names = 0")).expect_err("all are alike");
        assert!(careless.to_string().contains("every name"), "{careless}");
        let unknown = Practice::read(&shipped.replace("hold_minutes", "hold_minuets")).expect_err("misspelt");
        assert!(unknown.to_string().contains("hold_minuets"), "{unknown}");
    }
}

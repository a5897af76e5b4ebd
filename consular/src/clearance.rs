//! Whether a name check stands in the way of a document: none is issued or printed while a hit is unresolved.

use crate::screenings::Screenings;
use fault::{Fault, refuse_if};
use proto::consular::v1::screening::State;
use proto::consular::v1::{Reason, Screening};
use proto::policy::v1::Reason as House;
use registry::{Reader, Registry};
use screening::fold;

/// The most screenings of one person that follow each other, by as many changes of the lists.
const LONGEST_CHAIN: usize = 10_000;

/// The newest screening that began with this one: a change of the lists may have led to another. It stays as it is until
/// the change that asks is done.
///
/// # Errors
/// The database's.
pub(crate) async fn newest(reader: &mut Reader<'_>, name: &str) -> Result<Option<Screening>, Fault> {
    let mut last = name.to_owned();
    for _ in 0..LONGEST_CHAIN {
        match reader.all::<Screening>(&[("previous", &[last.as_str()])]).await?.pop() {
            Some(next) => last = next.name,
            None => break,
        }
    }
    reader.share(&last).await
}

/// As [`newest`], outside a change: it may be another by the time it is looked at.
///
/// # Errors
/// The database's.
pub(crate) async fn newest_of(screenings: &Registry<Screenings>, name: &str) -> Result<Option<Screening>, Fault> {
    let mut last = name.to_owned();
    for _ in 0..LONGEST_CHAIN {
        match screenings.all(&[("previous", &[last.as_str()])]).await?.pop() {
            Some(next) => last = next.name,
            None => break,
        }
    }
    screenings.load(&last).await
}

/// Nothing was found, or two officers agree that it is someone else.
///
/// # Errors
/// `HIT_UNRESOLVED`, `HIT_CONFIRMED`; `BROKEN_REFERENCE` if there is no such screening.
pub(crate) fn settled(screening: Option<&Screening>) -> Result<(), Fault> {
    match screening.map(Screening::state) {
        Some(State::Clear | State::Cleared) => Ok(()),
        Some(State::Confirmed) => Err(Fault::new(Reason::HitConfirmed, "a hit of the name check is confirmed")),
        Some(State::Open | State::Proposed | State::Unspecified) => {
            Err(Fault::new(Reason::HitUnresolved, "a hit of the name check is not resolved"))
        }
        None => Err(Fault::new(House::BrokenReference, "there is no such screening").at("screening", "does not exist")),
    }
}

/// The words of a name, in whatever order, script and case they stand.
pub(crate) fn words(name: &str) -> Vec<String> {
    let mut words: Vec<_> = fold(name).split_whitespace().map(str::to_owned).collect();
    words.sort_unstable();
    words
}

/// Who is to have been screened.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Applicant<'a> {
    pub(crate) family_name: &'a str,
    pub(crate) given_names: &'a str,
    pub(crate) birth_date: &'a str,
    /// The number of the travel document; none if the applicant has none yet.
    pub(crate) document: Option<&'a str>,
}

/// The screening is of the applicant: by name, date of birth and document.
///
/// # Errors
/// `SCREENING_OF_ANOTHER`; `BROKEN_REFERENCE` if there is no such screening.
pub(crate) fn is_of(screening: Option<&Screening>, applicant: Applicant<'_>) -> Result<(), Fault> {
    let missing = || Fault::new(House::BrokenReference, "there is no such screening").at("screening", "does not exist");
    let subject = screening.ok_or_else(missing)?.subject.clone().unwrap_or_default();
    let own = words(&format!("{} {}", applicant.given_names, applicant.family_name));
    let named = subject.names.iter().any(|name| words(name) == own);
    refuse_if(!named, Reason::ScreeningOfAnother, "the screening is of someone of another name")?;
    let born = subject.birth_date == applicant.birth_date;
    refuse_if(!born, Reason::ScreeningOfAnother, "the screening is of someone born on another day, or without it")?;
    let bears = applicant.document.is_none_or(|number| subject.document_numbers.iter().any(|known| known == number));
    refuse_if(!bears, Reason::ScreeningOfAnother, "the screening is without the number of the travel document")
}

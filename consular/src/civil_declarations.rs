//! What a civil record declares: the persons whom such an event has, the papers that prove it, and whether a child is
//! our citizen; pure.

use crate::counter::Civil;
use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use fault::{Fault, refuse_if};
use proto::consular::v1::civil_document::Kind as Paper;
use proto::consular::v1::civil_record::Kind;
use proto::consular::v1::{CivilRecord, Reason};

/// How far the earliest clocks are ahead: where the day begins first, it is UTC+14.
const FIRST_CLOCKS: TimeDelta = TimeDelta::hours(14);

/// The persons are those whom such an event has, and it has happened: its day has begun somewhere.
///
/// # Errors
/// `PERSONS_UNFIT`, `EVENT_AHEAD`.
pub(crate) fn well_formed(one: &CivilRecord, now: DateTime<Utc>) -> Result<(), Fault> {
    let own = one.subject.as_ref().is_some_and(|child| child.birth_date == one.event_date);
    let fits = match one.kind() {
        Kind::Birth => own && !one.parents.is_empty() && one.spouse.is_none(),
        Kind::Marriage => one.spouse.is_some() && one.parents.is_empty(),
        Kind::Death => one.spouse.is_none() && one.parents.is_empty(),
        Kind::Unspecified => false,
    };
    let words = "a birth has a child born that day and parents, a marriage two spouses, a death one person";
    refuse_if(!fits, Reason::PersonsUnfit, words)?;
    let day = |text: &str| text.parse::<NaiveDate>().ok();
    let event = day(&one.event_date);
    let persons = one.subject.iter().chain(&one.spouse);
    let unborn =
        persons.filter_map(|person| day(&person.birth_date)).any(|born| event.is_some_and(|event| born > event));
    refuse_if(unborn, Reason::PersonsUnfit, "whoever marries or dies was born before")?;
    let ahead = event.is_some_and(|event| event > (now + FIRST_CLOCKS).date_naive());
    refuse_if(ahead, Reason::EventAhead, "what is declared has happened")
}

/// The papers are there, and for a birth also what makes the child our citizen.
///
/// # Errors
/// `PAPERS_MISSING`, `NOT_TRANSMITTED`.
pub(crate) fn proven(one: &CivilRecord, practice: &Civil) -> Result<(), Fault> {
    let has = |name: &str| one.documents.iter().any(|paper| paper.kind().as_str_name() == name);
    let kind = one.kind().as_str_name();
    let needed = practice.papers.iter().filter(|rule| rule.kind == kind).flat_map(|rule| &rule.needed);
    let missing: Vec<&str> = needed.map(String::as_str).filter(|paper| !has(paper)).collect();
    refuse_if(!missing.is_empty(), Reason::PapersMissing, "papers are missing")
        .map_err(|fault| fault.with("missing", missing.join(", ")))?;
    let born = one.kind() == Kind::Birth;
    let words =
        "a child is our citizen by two parents who are, or by one who was present here long enough and proves it";
    refuse_if(born && !is_transmitted(one, practice), Reason::NotTransmitted, words)
}

/// Whether the child is our citizen by its parents.
fn is_transmitted(one: &CivilRecord, practice: &Civil) -> bool {
    let shown = one.documents.iter().any(|paper| paper.kind() == Paper::ProofOfPresence);
    let citizens: Vec<_> = one.parents.iter().filter(|parent| parent.citizen).collect();
    match citizens[..] {
        [] => false,
        [parent] => shown && parent.presence_days >= practice.transmission.presence_days,
        _ => true,
    }
}

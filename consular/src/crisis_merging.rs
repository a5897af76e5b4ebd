//! Two records of one human become one: the other stands for both, and whatever seat there is, is the human's.

use crate::crisis_likeness::{explanation, likenesses};
use crate::crisis_persons::CrisisPersons;
use crate::manifest_seats::ManifestSeats;
use fault::{Fault, refuse_if};
use proto::consular::v1::crisis_person::State;
use proto::consular::v1::{CrisisPerson, ManifestSeat, MergeCrisisPersonRequest, Reason, SeparateCrisisPersonRequest};
use proto::policy::v1::Reason as House;
use registry::{Call, Held, Reader, instant};

/// States of a seat that a human has one of.
const LIVE: [&str; 2] = ["LISTED", "BOARDED"];

/// What a merger is about beside the record that gives way; all of it is locked.
pub(crate) struct Both {
    stays: Option<Held<CrisisPersons>>,
    /// What was merged into the record that gives way.
    pointing: Vec<Held<CrisisPersons>>,
    /// The live seats of the two.
    seats: Vec<Held<ManifestSeats>>,
}

/// Two who merge the same two in opposite directions wait for each other; the database undoes one, which then finds that
/// its record gave way.
pub(crate) async fn both(
    reader: &mut Reader<'_>,
    person: &CrisisPerson,
    ask: &MergeCrisisPersonRequest,
) -> Result<Both, Fault> {
    let stays = match ask.into == person.name {
        true => None,
        false => reader.hold(&[("name", &[&ask.into])]).await?.pop(),
    };
    let pointing = reader.hold(&[("merged_into", &[&person.name])]).await?;
    let seats = reader.hold(&[("human", &[&person.name, &ask.into]), ("state", &LIVE)]).await?;
    Ok(Both { stays, pointing, seats })
}

pub(crate) fn merge(
    person: &mut CrisisPerson,
    ask: MergeCrisisPersonRequest,
    Both { stays, pointing, seats }: Both,
    call: &mut Call,
) -> Result<(), Fault> {
    let unknown = || Fault::new(House::InvalidFields, "1 field is wrong").at("into", "names no other record");
    let stays = stays.ok_or_else(unknown)?;
    refuse_if(stays.crisis != person.crisis, Reason::CrisesDiffer, "the two are on the lists of different crises")?;
    refuse_if(stays.state() == State::Merged, Reason::PersonIsMerged, "the record that is to stay gave way itself")?;
    let registered_goes = !person.registration.is_empty() && stays.registration.is_empty();
    let words = "what a registration says, and whom it may be told, would be lost: the record known from it stays";
    refuse_if(registered_goes, Reason::PersonsNotMergeable, words)?;
    let unexplained = likenesses(person, &stays).is_empty() && ask.grounds.trim().is_empty();
    refuse_if(unexplained, Reason::MergeUnexplained, "neither document nor names and date of birth make them one")?;
    let seated = |name: &str| seats.iter().any(|seat| seat.human == name);
    let twice = seated(&person.name) && seated(&stays.name);
    refuse_if(twice, Reason::BothSeated, "both have a live seat, and one human has one")?;

    let (own, into) = (person.name.clone(), stays.name.clone());
    person.merged_into.clone_from(&into);
    person.merge_grounds = [explanation(person, &stays), ask.grounds].join("; ").trim_end_matches("; ").to_owned();
    for one in pointing {
        call.follow(one, "pointOn", |one, _| {
            one.merged_into.clone_from(&into);
            Ok(())
        })?;
    }
    for seat in seats.into_iter().filter(|seat| seat.human == own) {
        pass_on(seat, &into, call)?;
    }
    if stays.state() == State::Deceased {
        return Ok(());
    }
    let gone = person.clone();
    call.follow(stays, "absorb", move |stays, _| {
        absorb(stays, gone);
        Ok(())
    })
}

/// What was said last holds, and what only the other knew is known.
fn absorb(stays: &mut CrisisPerson, gone: CrisisPerson) {
    let time = |person: &CrisisPerson| person.status_time.as_ref().and_then(instant);
    let is_news = gone.state() != State::Unknown && (stays.state() == State::Unknown || time(&gone) > time(stays));
    if is_news {
        stays.set_state(gone.state());
        stays.status_time = gone.status_time;
        stays.note = gone.note;
        if !gone.whereabouts.is_empty() {
            stays.whereabouts = gone.whereabouts;
        }
    }
    for (known, other) in [
        (&mut stays.document_number, gone.document_number),
        (&mut stays.birth_date, gone.birth_date),
        (&mut stays.nationality, gone.nationality),
    ] {
        if known.is_empty() {
            *known = other;
        }
    }
    for passage in gone.passages {
        if !stays.passages.contains(&passage) {
            stays.passages.push(passage);
        }
    }
}

fn pass_on(seat: Held<ManifestSeats>, human: &str, call: &mut Call) -> Result<(), Fault> {
    call.follow(seat, "passOn", |seat: &mut ManifestSeat, _| {
        human.clone_into(&mut seat.human);
        Ok(())
    })
}

/// The live seat that was listed for this record.
pub(crate) async fn own_seat(
    reader: &mut Reader<'_>,
    person: &CrisisPerson,
    _: &SeparateCrisisPersonRequest,
) -> Result<Vec<Held<ManifestSeats>>, Fault> {
    reader.hold(&[("person", &[&person.name]), ("state", &LIVE)]).await
}

/// What was merged into it stays with the other, as does what the other learnt.
pub(crate) fn separate(
    person: &mut CrisisPerson,
    _: SeparateCrisisPersonRequest,
    seats: Vec<Held<ManifestSeats>>,
    call: &mut Call,
) -> Result<(), Fault> {
    person.merged_into.clear();
    person.merge_grounds.clear();
    person.status_time = Some(call.timestamp());
    let name = person.name.clone();
    seats.into_iter().try_for_each(|seat| pass_on(seat, &name, call))
}

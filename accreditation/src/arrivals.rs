//! Arrivals: a person who was notified beforehand has come, and privileges begin (VCDR art. 10.1(a), 10.2, 39.1; VCCR art.
//! 24.1(a), 53.1).

use crate::agrements::{self, Agrements};
use crate::terms::Terms;
use chrono::NaiveDate;
use fault::{Fault, refuse_if};
use proto::accreditation::v1::agrement::State;
use proto::accreditation::v1::{Agrement, Member, Reason, RecordArrivalRequest};
use registry::{Call, Held, Reader, instant, timestamp};

/// The agrément under which a head of mission was notified.
pub(crate) async fn agrement<R>(
    reader: &mut Reader<'_>,
    member: &Member,
    _: &R,
) -> Result<Option<Held<Agrements>>, Fault> {
    match member.agrement.as_str() {
        "" => Ok(None),
        name => Ok(reader.hold::<Agrements>(&[("name", &[name])]).await?.pop()),
    }
}

/// Once: what rests on an arrival is not moved by another. An arrival is notified when it is recorded, and may be late then.
pub(crate) fn record_arrival(
    member: &mut Member,
    request: RecordArrivalRequest,
    agrement: Option<Held<Agrements>>,
    call: &mut Call,
) -> Result<(), Fault> {
    let words = "the person's arrival is on record";
    refuse_if(member.arrival_time.is_some(), Reason::ArrivalAlreadyRecorded, words)?;
    let arrived = request.arrival_time.as_ref().and_then(instant).unwrap_or_else(|| call.now());
    refuse_if(arrived > call.now(), Reason::DatesImplausible, "the arrival is a fact and lies in the past")?;
    let born: Option<NaiveDate> = member.birth_date.parse().ok();
    let unborn = born.is_some_and(|born| arrived.date_naive() < born);
    refuse_if(unborn, Reason::DatesImplausible, "the person arrived before being born")?;
    let lapsed = |agrement: &Agrement| {
        agrement.state() == State::Lapsed && agrement.lapse_time.as_ref().and_then(instant) <= Some(arrived)
    };
    let words = "the agrément had lapsed when the person arrived";
    refuse_if(agrement.as_deref().is_some_and(lapsed), Reason::AgrementUnfit, words)?;
    member.arrival_time = Some(timestamp(arrived));
    member.notified_late |= arrived + call.data::<Terms>().notify_within < call.now();
    // What was notified of the person holds from the beginning, if that was before.
    if let Some(first) = member.facts.first_mut()
        && first.effective_time.as_ref().and_then(instant).is_some_and(|since| arrived < since)
    {
        first.effective_time = member.arrival_time;
    }
    serve(agrement, member, call)
}

/// With the arrival of the head of mission the agrément has served, and lapses no more.
pub(crate) fn serve(agrement: Option<Held<Agrements>>, member: &Member, call: &mut Call) -> Result<(), Fault> {
    match agrement.filter(|agrement| agrement.state() == State::Granted) {
        Some(agrement) if member.arrival_time.is_some() => {
            call.follow(agrement, "arrive", |agrement, call| agrements::arrive(agrement, member.arrival_time, call))
        }
        _ => Ok(()),
    }
}

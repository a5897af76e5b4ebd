//! Departures: how the functions of a member end, the time to leave and the leaving (VCDR art. 10.1, 37, 39, 43; VCCR
//! art. 24,
//! 25, 53).

use crate::ending::{self, Holdings, Leavers};
use crate::grace;
use crate::members::Members;
use crate::tenure::Tenures;
use fault::{Fault, refuse_if};
use proto::accreditation::v1::identity_card::RevocationCause;
use proto::accreditation::v1::member::EndCause;
use proto::accreditation::v1::{ExtendGraceRequest, Member, Reason, RecordDepartureRequest, TerminateRequest};
use proto::policy::v1::Reason as House;
use registry::{Call, Held, Reader, instant};

/// What ends with a member's functions: those of the household, what the member was charged with and, of one who does not
/// come or has died, what the member holds of us. Others keep that until their time to leave is over.
pub(crate) async fn ending_with(
    reader: &mut Reader<'_>,
    member: &Member,
    request: &TerminateRequest,
) -> Result<(Leavers, Tenures, Holdings), Fault> {
    let kin = ending::kin(reader, member).await?;
    let tenures = Tenures::of(reader, std::iter::once(member)).await?;
    let at_once = request.cause() == EndCause::Death || !grace::is_here(member);
    let holdings = if at_once { Holdings::of(reader, &[&member.name]).await? } else { Holdings::default() };
    Ok((kin, tenures, holdings))
}

pub(crate) async fn kin_leaving<R>(
    reader: &mut Reader<'_>,
    member: &Member,
    _: &R,
) -> Result<Vec<Held<Members>>, Fault> {
    ending::kin_leaving(reader, member).await
}

pub(crate) async fn holdings<R>(reader: &mut Reader<'_>, member: &Member, _: &R) -> Result<Holdings, Fault> {
    Holdings::of(reader, &[&member.name]).await
}

/// What the household derived from a principal ends with the principal's functions (art. 37), at the same instant.
pub(crate) fn terminate(
    member: &mut Member,
    request: TerminateRequest,
    (kin, tenures, holdings): (Leavers, Tenures, Holdings),
    call: &mut Call,
) -> Result<(), Fault> {
    let ended = request.end_time.as_ref().and_then(instant).unwrap_or_else(|| call.now());
    refuse_if(ended > call.now(), Reason::DatesImplausible, "the end of functions is a fact and lies in the past")?;
    let arrived = member.arrival_time.as_ref().and_then(instant);
    let before = arrived.is_some_and(|arrived| ended < arrived);
    refuse_if(before, Reason::DatesImplausible, "the functions ended before the person arrived")?;
    // A sending state notifies what is its own to end or to know (art. 10.1(a), (b), 43(a)).
    let theirs = matches!(request.cause(), EndCause::Recalled | EndCause::Death | EndCause::LeftHousehold);
    if call.principal().mission.is_some() && !theirs {
        let fault = Fault::new(House::InvalidFields, "1 field is wrong");
        return Err(fault.at("cause", "must be RECALLED, DEATH or LEFT_HOUSEHOLD for a mission"));
    }
    grace::end(member, request.cause(), ended, call);
    tenures.end(ended, call)?;
    kin.end("endWithPrincipal", EndCause::PrincipalEnded, ended, call)?;
    // The period is the family's after a death (art. 39.3); a card speaks for a living holder.
    holdings.end(RevocationCause::FunctionsEnded, call)
}

/// Once, and only if asked for while the period still runs.
pub(crate) fn extend_grace(
    member: &mut Member,
    _: ExtendGraceRequest,
    kin: Vec<Held<Members>>,
    call: &mut Call,
) -> Result<(), Fault> {
    refuse_if(member.grace_extended, Reason::GraceAlreadyExtended, "the grace period was extended once already")?;
    let over = member.grace_end_time.as_ref().and_then(instant).is_none_or(|end| end <= call.now());
    refuse_if(over, Reason::GraceOver, "the grace period has ended")?;
    grace::extend(member, call);
    kin.into_iter().try_for_each(|kin| {
        call.follow(kin, "extendWithPrincipal", |kin, call| {
            grace::extend(kin, call);
            Ok(())
        })
    })
}

pub(crate) fn record_departure(
    member: &mut Member,
    request: RecordDepartureRequest,
    holdings: Holdings,
    call: &mut Call,
) -> Result<(), Fault> {
    let left = request.departure_time.as_ref().and_then(instant).unwrap_or_else(|| call.now());
    refuse_if(left > call.now(), Reason::DatesImplausible, "the departure is a fact and lies in the past")?;
    let arrived = member.arrival_time.as_ref().and_then(instant);
    let before = arrived.is_some_and(|arrived| left < arrived);
    refuse_if(before, Reason::DatesImplausible, "the person left before arriving")?;
    let cause = member.end_cause();
    grace::depart(member, cause, left, call);
    holdings.end(RevocationCause::FunctionsEnded, call)
}

//! Grace: the reasonable period to leave that follows the end of functions, and what goes before and after it (VCDR art.
//! 39.2, 39.3; VCCR art. 53.3, 53.5).

use crate::terms::Terms;
use calendar::{Clock, due};
use chrono::{DateTime, Months, NaiveDate, Utc};
use proto::accreditation::v1::member::{EndCause, State};
use proto::accreditation::v1::{Member, Relation};
use registry::{Call, instant, timestamp};

/// The end of the grace period.
pub(crate) const GRACE_TIMER: &str = "grace";
/// The birthday on which a child leaves the household.
pub(crate) const AGE_TIMER: &str = "ageLimit";

/// Whether the person is in our country.
pub(crate) fn is_here(member: &Member) -> bool {
    member.already_present || member.arrival_time.is_some()
}

/// Ends the functions of someone: who is here has time to leave, who has not come yet does not come.
pub(crate) fn end(member: &mut Member, cause: EndCause, ended: DateTime<Utc>, call: &mut Call) {
    let arrival = member.arrival_time.as_ref().and_then(instant);
    let here = member.already_present.then_some(ended).or(arrival);
    let Some(since) = here else {
        lapse(member, cause, ended, call);
        return;
    };
    member.set_state(State::Grace);
    member.findings.clear();
    begin(member, cause, ended.max(since), call);
}

/// Ends what had not begun, or was not accepted: there is nothing to wind up.
pub(crate) fn lapse(member: &mut Member, cause: EndCause, ended: DateTime<Utc>, call: &mut Call) {
    member.set_state(State::Ended);
    member.findings.clear();
    member.termination_time = Some(timestamp(ended));
    member.set_end_cause(cause);
    member.end_time = Some(timestamp(ended));
    member.grace_end_time = Some(timestamp(ended));
    call.timers().clear_all();
}

/// A reasonable period to leave the country follows the end of functions (art. 39.2); for the family also after a death
/// (art. 39.3).
pub(crate) fn begin(member: &mut Member, cause: EndCause, ended: DateTime<Utc>, call: &mut Call) {
    member.termination_time = Some(timestamp(ended));
    member.set_end_cause(cause);
    member.pending_change = None;
    call.timers().clear(AGE_TIMER);
    let grace = call.data::<Terms>().grace;
    run(member, Clock::new(ended, grace), call);
}

/// The time to leave of one of the household of a person whose recognition as a member is refused, if here.
pub(crate) fn end_unwanted(member: &mut Member, cause: EndCause, call: &mut Call) {
    if is_here(member) {
        begin_unwanted(member, cause, call);
    } else {
        lapse(member, cause, call.now(), call);
    }
}

/// The time to leave of one whose recognition as a member is refused (art. 9.2), and of the household.
pub(crate) fn begin_unwanted(member: &mut Member, cause: EndCause, call: &mut Call) {
    let (now, grace) = (call.now(), call.data::<Terms>().unwanted_grace);
    member.set_state(State::Grace);
    begin(member, cause, now, call);
    run(member, Clock::new(now, grace), call);
}

/// Ends a status with the departure, at once.
pub(crate) fn depart(member: &mut Member, cause: EndCause, left: DateTime<Utc>, call: &mut Call) {
    let ended = member.termination_time.as_ref().and_then(instant).unwrap_or(left);
    if member.termination_time.is_none() {
        member.termination_time = Some(timestamp(ended));
        member.set_end_cause(cause);
    }
    let grace_end = member.grace_end_time.as_ref().and_then(instant).unwrap_or(left);
    member.findings.clear();
    member.pending_change = None;
    member.departure_time = Some(timestamp(left));
    // One who left before the functions ended keeps the status until they end.
    member.end_time = Some(timestamp(left.max(ended).min(grace_end)));
    call.timers().clear_all();
}

fn run(member: &mut Member, clock: Clock, call: &mut Call) {
    member.grace_end_time = due(&clock, call.days()).map(timestamp);
    call.timers().set(GRACE_TIMER, clock);
}

/// The period with its one extension, from the end of functions.
pub(crate) fn extend(member: &mut Member, call: &mut Call) {
    let ended = member.termination_time.as_ref().and_then(instant).unwrap_or_else(|| call.now());
    let extended = call.data::<Terms>().grace_extended;
    member.grace_extended = true;
    run(member, Clock::new(ended, extended), call);
}

/// When a child stops being one of the household; none for everyone else.
pub(crate) fn age_limit(member: &Member, terms: &Terms) -> Option<DateTime<Utc>> {
    let age = match member.relation() {
        Relation::Child => terms.child_age,
        Relation::StudentChild => terms.student_age,
        _ => return None,
    };
    let born: NaiveDate = member.birth_date.parse().ok()?;
    let birthday = born.checked_add_months(Months::new(12 * age))?;
    Some(birthday.and_time(chrono::NaiveTime::MIN).and_utc())
}

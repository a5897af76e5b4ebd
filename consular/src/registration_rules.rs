//! What a registration must say, and what follows from what it says: where it lies on the grid, when it ends.

use crate::area;
use crate::districts::{DISTRICTS, is_within};
use crate::register_practice::RegisterPractice;
use calendar::{Clock, Length};
use chrono::{Days, NaiveDate, TimeDelta};
use fault::{Fault, refuse_if};
use proto::consular::v1::registration::{Consent, Kind, Position, State};
use proto::consular::v1::{Reason, Registration};
use registry::{Call, timestamp};
use std::collections::BTreeSet;

/// When an address must be proven.
pub(crate) const VERIFICATION: &str = "verification";
/// When it must be confirmed.
pub(crate) const CONFIRMATION: &str = "confirmation";
/// When it is over.
pub(crate) const EXPIRY: &str = "expiry";
/// When it is erased.
pub(crate) const RETENTION: &str = "retention";

/// What was told makes sense, and what follows from it is set.
pub(crate) fn settle(registration: &mut Registration, call: &mut Call) -> Result<(), Fault> {
    let reachable = !registration.email.is_empty() || !registration.phone.is_empty();
    refuse_if(!reachable, Reason::NoContact, "nobody can be told without an e-mail address or a telephone")?;
    let medical = registration.medical_needs.is_empty() || agrees(registration, Consent::UseMedical);
    refuse_if(!medical, Reason::ConsentMissing, "medical needs are kept with the consent to it alone")?;
    dates(registration)?;
    registration.positions = positions(registration)?;
    parts_of_countries(registration)?;
    registration.posts = DISTRICTS.get().posts(&registration.stays);
    let countries: BTreeSet<_> = registration.stays.iter().map(|stay| stay.country.as_str()).collect();
    registration.dual_national = registration.nationalities.iter().any(|own| countries.contains(own.as_str()));
    let addresses = [&registration.email, &registration.phone].map(Clone::clone);
    registration.verified.retain(|proven| addresses.contains(&proven.address));
    expire_after_the_last_stay(registration, call);
    Ok(())
}

/// Whether the registrant agreed to something.
pub(crate) fn agrees(registration: &Registration, to: Consent) -> bool {
    registration.consents().any(|consent| consent == to)
}

fn day(text: &str) -> Option<NaiveDate> {
    text.parse().ok()
}

/// A stay ends after it begins; a journey has an end.
fn dates(registration: &Registration) -> Result<(), Fault> {
    for (at, stay) in registration.stays.iter().enumerate() {
        let backward = day(&stay.end_date).is_some_and(|end| Some(end) < day(&stay.start_date));
        let endless = registration.kind() == Kind::Travel && stay.end_date.is_empty();
        let field = format!("registration.stays[{at}].endDate");
        refuse_if(backward, Reason::StayDatesImplausible, "a stay ends before it begins")
            .and_then(|()| refuse_if(endless, Reason::StayDatesImplausible, "a journey has a last day"))
            .map_err(|fault| fault.at(&field, "is no last day of this stay"))?;
    }
    Ok(())
}

/// The part of a country is one of that country.
fn parts_of_countries(registration: &Registration) -> Result<(), Fault> {
    for (at, stay) in registration.stays.iter().enumerate() {
        if !stay.subdivision.is_empty() && !is_within(&stay.subdivision, &stay.country) {
            let fault = Fault::new(proto::policy::v1::Reason::InvalidFields, "1 field is wrong");
            return Err(fault.at(format!("registration.stays[{at}].subdivision"), "is no part of the stay's country"));
        }
    }
    Ok(())
}

/// The last day of all stays; none if one of them has no end.
fn last_day(registration: &Registration) -> Option<NaiveDate> {
    let ends: Option<Vec<_>> = registration.stays.iter().map(|stay| day(&stay.end_date)).collect();
    ends?.into_iter().max()
}

/// A journey is registered when it is near, and nothing that is over.
pub(crate) fn in_time(registration: &Registration, call: &Call) -> Result<(), Fault> {
    let today = call.days().date(call.now());
    still_runs(registration, call)?;
    let first = registration.stays.iter().filter_map(|stay| day(&stay.start_date)).min();
    let early = Days::new(RegisterPractice::get().early_days.into());
    let too_early = first.and_then(|first| first.checked_sub_days(early)).is_some_and(|from| today < from);
    let journey = registration.kind() == Kind::Travel;
    let words = format!("a journey is registered {} days before its first day at the earliest", early_days());
    refuse_if(journey && too_early, Reason::RegistrationTooEarly, words)
}

fn early_days() -> u16 {
    RegisterPractice::get().early_days
}

/// A stay has a day left.
pub(crate) fn still_runs(registration: &Registration, call: &Call) -> Result<(), Fault> {
    let today = call.days().date(call.now());
    let over = last_day(registration).is_some_and(|last| last < today);
    refuse_if(over, Reason::StayOver, "the last day of the last stay is over")
}

/// Where each stay with a position lies on the grid.
fn positions(registration: &Registration) -> Result<Vec<Position>, Fault> {
    let mut positions = Vec::new();
    for (stay, at) in (0..).zip(&registration.stays) {
        let Some(location) = at.location else { continue };
        let nowhere = || {
            let fault = Fault::new(proto::policy::v1::Reason::InvalidFields, "1 field is wrong");
            fault.at(format!("registration.stays[{stay}].location"), "is no point on the earth")
        };
        let cells = area::cells_of(location.latitude, location.longitude).ok_or_else(nowhere)?;
        let [cell3, cell5, cell7] = cells.map(|cell| cell.to_string());
        let (latitude, longitude) = (location.latitude, location.longitude);
        positions.push(Position { stay, latitude, longitude, cell3, cell5, cell7 });
    }
    Ok(positions)
}

fn expire_after_the_last_stay(registration: &mut Registration, call: &mut Call) {
    let Some(last) = last_day(registration) else {
        registration.expire_time = None;
        call.timers().clear(EXPIRY);
        return;
    };
    // Some instant of the last day: days are counted from the day of the event.
    let within = call.days().end_of(last) - TimeDelta::seconds(1);
    let clock = Clock::new(within, Length::Days(RegisterPractice::get().grace_days));
    registration.expire_time = calendar::due(&clock, call.days()).map(timestamp);
    call.timers().set(EXPIRY, clock);
}

/// It is confirmed as of now, and must be again in time.
pub(crate) fn confirm(registration: &mut Registration, call: &mut Call) {
    registration.last_confirm_time = Some(call.timestamp());
    let clock = Clock::new(call.now(), Length::Days(RegisterPractice::get().confirm_days));
    call.timers().set(CONFIRMATION, clock);
}

/// It is over, and its personal data is kept for a while.
pub(crate) fn end(registration: &mut Registration, call: &mut Call) {
    call.timers().clear_all();
    let clock = Clock::new(call.now(), Length::Days(RegisterPractice::get().retention_days));
    registration.erase_time = calendar::due(&clock, call.days()).map(timestamp);
    call.timers().set(RETENTION, clock);
}

/// What is left of a registration when all that is personal is erased.
pub(crate) fn erased(registration: &Registration) -> Registration {
    Registration {
        name: registration.name.clone(),
        kind: registration.kind,
        state: State::Erased.into(),
        language: registration.language.clone(),
        last_confirm_time: registration.last_confirm_time,
        expire_time: registration.expire_time,
        erase_time: registration.erase_time,
        uid: registration.uid.clone(),
        etag: registration.etag.clone(),
        create_time: registration.create_time,
        update_time: registration.update_time,
        ..Registration::default()
    }
}

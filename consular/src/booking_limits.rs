//! How many bookings a person and an account make by themselves: as people do, and not as programs that sell seats. Pure.

use crate::counter::practice;
use chrono::{DateTime, TimeDelta, Utc};
use fault::{Fault, refuse_if};
use proto::consular::v1::booking::State;
use proto::consular::v1::{Booking, Reason};
use registry::instant;

/// Whether person and account book as people do: neither again and again, nor after having stayed away.
pub(crate) fn unhurried(of_person: &[Booking], of_account: &[Booking], now: DateTime<Utc>) -> Result<(), Fault> {
    let practice = &practice().appointments;
    let since =
        |time: Option<&prost_types::Timestamp>, ago| time.and_then(instant).is_some_and(|time| time > now - ago);
    let window = TimeDelta::hours(practice.velocity_hours.into());
    let recent = |of: &[Booking]| of.iter().filter(|one| since(one.create_time.as_ref(), window)).count();
    let too_many = recent(of_person) >= practice.most_of_person || recent(of_account) >= practice.most_of_account;
    refuse_if(too_many, Reason::TooManyBookings, "too many bookings were made for this person or by this account")?;
    let penalty = TimeDelta::days(practice.no_show_days.into());
    let missed = |one: &Booking| one.state() == State::NoShow && since(one.end_time.as_ref(), penalty);
    let words = "this person missed an appointment, and books through the post for a while";
    refuse_if(of_person.iter().any(missed), Reason::NoShowPenalty, words)
}

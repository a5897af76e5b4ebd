//! The waiting list of a slot: a seat that becomes free is offered to who has waited longest, before anybody sees it free.

use crate::booking_letters::{Letter, write};
use crate::bookings::Bookings;
use crate::counter::practice;
use calendar::{Clock, Length};
use chrono::{DateTime, TimeDelta, Utc};
use fault::Fault;
use proto::consular::v1::{AppointmentSlot, Booking, appointment_slot};
use registry::{Call, Held, Reader, instant, timestamp};

/// The states in which a booking has a seat.
pub(crate) const SEATED: [&str; 6] = ["HELD", "CONFIRMED", "REMINDED", "CHECKED_IN", "SERVED", "NO_SHOW"];

/// Who has waited longest for a seat of a slot that can still be kept, and is told that it is offered. Nobody joins the
/// waiting list meanwhile.
pub(crate) async fn next(reader: &mut Reader<'_>, slot: &str) -> Result<Option<Held<Bookings>>, Fault> {
    reader.alone(slot).await?;
    let now = reader.now();
    let found: Option<AppointmentSlot> = reader.glance(slot).await?;
    let usable = |slot: &AppointmentSlot| {
        slot.state() == appointment_slot::State::Open
            && slot.start_time.as_ref().and_then(instant).is_some_and(|start| start > now)
    };
    let Some(found) = found.filter(usable) else { return Ok(None) };
    Ok(line(reader, &found, 1).await?.pop())
}

/// The first so many who wait for a seat of a slot, each told that one is offered.
async fn line(reader: &mut Reader<'_>, slot: &AppointmentSlot, most: usize) -> Result<Vec<Held<Bookings>>, Fault> {
    let mut waiting = reader.hold::<Bookings>(&[("slot", &[slot.name.as_str()]), ("state", &["WAITING"])]).await?;
    waiting.sort_by_key(|one| (one.queue_time.as_ref().and_then(instant), one.name.clone()));
    waiting.truncate(most);
    for one in &waiting {
        write(reader, one, slot, Letter::Offer).await?;
    }
    Ok(waiting)
}

/// As many of those who wait as a slot that opens again has seats free: what was given back while it was closed, nobody had.
pub(crate) async fn at_reopening(
    reader: &mut Reader<'_>,
    slot: &AppointmentSlot,
) -> Result<Vec<Held<Bookings>>, Fault> {
    reader.alone(&slot.name).await?;
    if slot.start_time.as_ref().and_then(instant).is_none_or(|start| start <= reader.now()) {
        return Ok(Vec::new());
    }
    let taken = reader.count::<Booking>(&[("slot", &[slot.name.as_str()]), ("state", &SEATED)]).await?;
    let free = usize::try_from(i64::from(slot.capacity) - taken).unwrap_or_default();
    if free == 0 { Ok(Vec::new()) } else { line(reader, slot, free).await }
}

/// Gives the seat that this change frees to who waits, in the same transaction: nobody else ever sees it free.
pub(crate) fn hand_over(next: Option<Held<Bookings>>, call: &mut Call) -> Result<(), Fault> {
    let Some(next) = next else { return Ok(()) };
    offer(next, call)
}

/// Gives a seat to who waits for one.
pub(crate) fn offer(next: Held<Bookings>, call: &mut Call) -> Result<(), Fault> {
    call.follow(next, "offer", |booking, call| {
        call.timers().clear("waiting");
        keep(booking, practice().appointments.offer_minutes, call);
        Ok(())
    })
}

/// Keeps the seat for confirmation, until the slot begins at the latest.
pub(crate) fn keep(booking: &mut Booking, minutes: u32, call: &mut Call) {
    let until = call.now() + TimeDelta::minutes(minutes.into());
    let until = booking.start_time.as_ref().and_then(instant).map_or(until, |start| until.min(start));
    booking.hold_time = Some(timestamp(until));
    at(call, "hold", Some(until));
}

/// Sets a timer to an instant; one that has passed is due at once.
pub(crate) fn at(call: &mut Call, timer: &str, time: Option<DateTime<Utc>>) {
    let now = call.now();
    let left = time.map_or(TimeDelta::zero(), |time| time - now).to_std().unwrap_or_default();
    call.timers().set(timer, Clock::new(now, Length::Exactly(left)));
}

//! An appointment that nobody needs any more is given back: its application ended, or what was brought was examined.
//!
//! A booking is locked before its application (`confirm` does), so the application's verb must not lock bookings: it sets off a
//! timer of theirs, in its own transaction. The booking then ends by its own rule, under its own lock, and hands its seat over as
//! a cancellation does. No booking is missed: one is made for an application only under the application's lock.

use crate::booking_letters::{Letter, write};
use crate::booking_queue::{hand_over, next};
use crate::bookings::Bookings;
use fault::Fault;
use proto::consular::v1::booking::State;
use proto::consular::v1::{AppointmentSlot, Booking};
use proto::shape::Record;
use registry::{Call, Reader};

/// The timer that is set off by the application.
pub(crate) const RETURN: &str = "application";
/// The states of a booking that somebody is still expected by: who has come is served.
const EXPECTED: [&str; 4] = ["HELD", "WAITING", "CONFIRMED", "REMINDED"];

/// Sets off the return of what is booked for an application, which is locked.
///
/// # Errors
/// The database's.
pub(crate) async fn give_seats_back<T: Record, R>(
    reader: &mut Reader<'_>,
    application: &T,
    _: &R,
) -> Result<(), Fault> {
    let booked: Vec<Booking> = reader.all(&[("application", &[application.name()]), ("state", &EXPECTED)]).await?;
    let names: Vec<_> = booked.into_iter().map(|booking| booking.name).collect();
    reader.set_off::<Bookings>(&names, RETURN).await
}

/// Ends a booking, tells whoever has it, and gives its seat, if it has one, to who waits for it.
///
/// # Errors
/// The database's.
pub(crate) async fn end(booking: &Booking, reader: &mut Reader<'_>, call: &mut Call) -> Result<(), Fault> {
    call.timers().clear_all();
    let slot: Option<AppointmentSlot> = reader.glance(&booking.slot).await?;
    write(reader, booking, &slot.unwrap_or_default(), Letter::Return).await?;
    if booking.state() == State::Waiting {
        return Ok(());
    }
    let next = next(reader, &booking.slot).await?;
    hand_over(next, call)
}

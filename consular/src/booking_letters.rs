//! Letters about bookings: what a person must be told of an appointment, at the addresses that the booking names.

use crate::counter::practice;
use crate::parcels::{self, Parcel, ways};
use fault::Fault;
use proto::consular::v1::{AppointmentSlot, Booking};
use registry::Reader;

/// What is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Letter {
    /// A seat was given back, and is this person's if confirmed in time.
    Offer,
    /// The appointment is near.
    Reminder,
    /// The post has closed the time; the booking stands until one of the two says otherwise.
    Closure,
    /// The application that the appointment was for needs it no more.
    Return,
}

/// Writes to whoever has the booking, with the change that asks for it; to nobody if it names no address.
pub(crate) async fn write(
    reader: &mut Reader<'_>,
    booking: &Booking,
    slot: &AppointmentSlot,
    letter: Letter,
) -> Result<(), Fault> {
    let Some((channel, address, others)) = ways([&booking.email, &booking.phone]) else { return Ok(()) };
    let (subject, body) = words(&slot.local_time.replace('T', " "), letter);
    let parcel = Parcel {
        key: format!("bookings/{letter:?}/{}/{}", booking.name, reader.now().timestamp_micros()),
        about: booking.name.clone(),
        channel,
        address,
        others,
        subject: subject.to_owned(),
        body,
        ..Parcel::default()
    };
    parcels::put(reader.beside(), &parcel).await
}

/// Tells everyone who has a seat of the slot, or waits for one, that it is closed.
pub(crate) async fn tell_of_closure(reader: &mut Reader<'_>, slot: &AppointmentSlot) -> Result<(), Fault> {
    let concerned = [("slot", &[slot.name.as_str()][..]), ("state", &["HELD", "WAITING", "CONFIRMED", "REMINDED"])];
    let bookings: Vec<Booking> = reader.all(&concerned).await?;
    for booking in &bookings {
        write(reader, booking, slot, Letter::Closure).await?;
    }
    Ok(())
}

/// Subject and text. The time is by the post's clocks.
fn words(time: &str, letter: Letter) -> (&'static str, String) {
    match letter {
        Letter::Offer => {
            let minutes = practice().appointments.offer_minutes;
            let body = format!(
                "A seat was given back for the appointment on {time} that you wait for. It is held for you for {minutes} \
                 minutes: confirm your booking in that time, or the next one has it."
            );
            ("A seat is free for you", body)
        }
        Letter::Reminder => {
            let body = format!(
                "Your appointment is on {time}, local time of the post. Bring the document that your booking names. If you \
                 cannot come, cancel it: somebody waits for the seat."
            );
            ("Your appointment is near", body)
        }
        Letter::Closure => {
            let body = format!(
                "The post has closed the time of your appointment on {time}. A seat that you have confirmed stays yours \
                 until you move or cancel it, or the post writes to you again; nobody waits for a seat at that time any more."
            );
            ("The time of your appointment was closed", body)
        }
        Letter::Return => {
            let body = format!(
                "The application that your appointment on {time} was for has ended, or was taken in already. The appointment \
                 was given back; you need not cancel it."
            );
            ("Your appointment was given back", body)
        }
    }
}

//! Who gets a seat: those who want one are decided together, in the order of asking, by what is left and how often each of
//! them booked before.

use crate::booking_applications::{Candidates, must_agree};
use crate::booking_limits::{Habits, unhurried};
use crate::booking_queue::{at, keep};
use crate::bookings::{Bookings, SERVES};
use crate::counter::practice;
use chrono::TimeDelta;
use fault::{Fault, refuse_if};
use proto::consular::v1::booking::State;
use proto::consular::v1::{
    Applicant, AppointmentService, AppointmentSlot, Booking, Reason, appointment_service, appointment_slot,
};
use proto::policy::v1::Reason as House;
use registry::{Call, Queued, Reader, instant};
use sqlx::Row as _;
use sqlx::postgres::PgRow;
use std::collections::{BTreeSet, HashMap};

/// What bookings are decided by.
#[derive(Debug)]
pub struct Surroundings {
    slots: HashMap<String, Seats>,
    services: HashMap<String, AppointmentService>,
    habits: Habits,
    applications: Candidates,
}

/// A slot, and how many of its seats are taken.
#[derive(Debug)]
struct Seats {
    slot: AppointmentSlot,
    taken: i32,
}

impl Queued for Bookings {
    type Facts = Surroundings;

    /// One account's calls come one after another, or a hundred at once would each see none of the others. Whoever would
    /// wait sees whether a seat is free, and nobody gives one back meanwhile.
    fn alone(booking: &Booking) -> Vec<String> {
        let holder = (!booking.holder.is_empty()).then(|| format!("bookings of {}", booking.holder));
        holder.into_iter().chain(booking.wait.then(|| booking.slot.clone())).collect()
    }

    async fn gather(reader: &mut Reader<'_>, bookings: &[&Booking]) -> Result<Surroundings, Fault> {
        let slots = slots(reader, bookings).await?;
        let names: BTreeSet<&str> = slots.values().map(|seats| seats.slot.service.as_str()).collect();
        let services = reader.all::<AppointmentService>(&[("name", &Vec::from_iter(names))]).await?;
        let services = services.into_iter().map(|service| (service.name.clone(), service)).collect();
        let habits = Habits::of(reader, bookings).await?;
        Ok(Surroundings { slots, services, habits, applications: Candidates::of(reader, bookings).await? })
    }

    fn decide(booking: &mut Booking, around: &mut Surroundings, call: &mut Call) -> Result<(), Fault> {
        hold(booking, around, call)
    }
}

async fn slots(reader: &mut Reader<'_>, bookings: &[&Booking]) -> Result<HashMap<String, Seats>, Fault> {
    let names: BTreeSet<&str> = bookings.iter().map(|booking| booking.slot.as_str()).collect();
    let names = Vec::from_iter(names);
    let taken = sqlx::query("select name, taken from appointment_slots where name = any ($1)").bind(&names);
    let rows = taken.fetch_all(reader.beside()).await.map_err(pg::fault)?;
    let taken = |row: &PgRow| -> Result<_, sqlx::Error> { Ok((row.try_get(0)?, row.try_get(1)?)) };
    let taken: HashMap<String, i32> = rows.iter().map(taken).collect::<Result<_, _>>().map_err(pg::fault)?;
    let slots = reader.all::<AppointmentSlot>(&[("name", &names)]).await?;
    let seats = |slot: AppointmentSlot| {
        let taken = taken.get(&slot.name).copied().unwrap_or_default();
        (slot.name.clone(), Seats { slot, taken })
    };
    Ok(slots.into_iter().map(seats).collect())
}

fn hold(booking: &mut Booking, around: &mut Surroundings, call: &mut Call) -> Result<(), Fault> {
    let practice = &practice().appointments;
    booking.applicant_key = key(booking.applicant.as_ref());
    if !call.principal().may(SERVES) {
        unhurried(&around.habits, booking)?;
    }
    let seats = around.slots.get_mut(&booking.slot);
    let service = seats.as_ref().and_then(|seats| around.services.get(&seats.slot.service));
    let slot = bookable(seats.as_ref().map(|seats| seats.slot.clone()), service, "booking.slot", call)?;
    must_agree(around.applications.agree(booking, &slot))?;
    seat(booking, &slot);
    around.habits.single(booking)?;
    let full = seats.as_ref().is_some_and(|seats| seats.taken >= seats.slot.capacity);
    refuse_if(full && !booking.wait, Reason::SlotFull, "the slot has no seat left")?;
    if full {
        booking.queue_time = Some(call.timestamp());
        booking.set_state(State::Waiting);
        at(call, "waiting", slot.start_time.as_ref().and_then(instant));
    } else {
        booking.set_state(State::Held);
        keep(booking, practice.hold_minutes, call);
        if let Some(seats) = seats {
            seats.taken += 1;
        }
    }
    around.habits.note(booking);
    Ok(())
}

/// By what a person is known: the nationality and number of the document that will be shown.
pub(crate) fn key(applicant: Option<&Applicant>) -> String {
    applicant.map_or_else(String::new, |one| format!("{}/{}", one.nationality, folded(&one.document_number)))
}

pub(crate) fn folded(number: &str) -> String {
    number.chars().filter(char::is_ascii_alphanumeric).map(|letter| letter.to_ascii_uppercase()).collect()
}

/// The slot, if it can be booked at all.
pub(crate) fn bookable(
    slot: Option<AppointmentSlot>,
    service: Option<&AppointmentService>,
    field: &str,
    call: &Call,
) -> Result<AppointmentSlot, Fault> {
    let missing = || Fault::new(House::BrokenReference, "there is no such slot").at(field, "does not exist");
    let (slot, service) = slot.zip(service).ok_or_else(missing)?;
    let withdrawn = service.state() != appointment_service::State::Offered;
    refuse_if(withdrawn, Reason::ServiceWithdrawn, "the service is not offered at present")?;
    refuse_if(slot.state() != appointment_slot::State::Open, Reason::SlotClosed, "the slot is closed")?;
    let lead = TimeDelta::minutes(service.lead_minutes.into());
    let late = slot.start_time.as_ref().and_then(instant).is_none_or(|start| start <= call.now() + lead);
    refuse_if(late, Reason::SlotTooNear, "the slot has begun, or begins too soon to be booked")?;
    Ok(slot)
}

pub(crate) fn seat(booking: &mut Booking, slot: &AppointmentSlot) {
    booking.slot.clone_from(&slot.name);
    booking.service.clone_from(&slot.service);
    booking.post.clone_from(&slot.post);
    booking.start_time = slot.start_time;
    booking.end_time = slot.end_time;
}

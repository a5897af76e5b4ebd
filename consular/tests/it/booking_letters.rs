//! Whoever has an appointment or waits for one is told: of the seat that became free, of the day before, of a time that is closed.

use crate::appointments::{applicant, citizen};
use crate::world::{World, reason, world};
use chrono::TimeDelta;
use proto::consular::v1::booking::State;
use proto::consular::v1::{self as pb, Booking, MailboxMessage, mailbox_message::Channel};

impl World {
    async fn book_with_addresses(&self, n: usize, slot: &str, wait: bool) -> Booking {
        let booking = Booking {
            slot: slot.into(),
            applicant: Some(applicant(n)),
            email: format!("person{n}@example.org"),
            phone: "+12025550100".into(),
            wait,
            ..Booking::default()
        };
        let request = pb::CreateBookingRequest { booking: Some(booking), ..Default::default() };
        self.bookings(&citizen(n)).create_booking(request).await.unwrap().into_inner()
    }

    async fn letters(&self, booking: &Booking) -> Vec<MailboxMessage> {
        self.mailbox_of(&booking.name).await
    }
}

/// Without the letter an offer of two hours lapses unseen.
#[tokio::test]
async fn an_offer_from_the_waiting_list_is_told_to_whom_it_is_made() {
    let world = world().await;
    let service = world.service(1).await;
    let slot = world.slot(&service, 48).await;
    let first = world.book_with_addresses(1, &slot, false).await;
    world.confirm(&first.name).await.unwrap();
    let second = world.book_with_addresses(2, &slot, true).await;
    world.clock.advance(TimeDelta::seconds(1));
    let third = world.book_with_addresses(3, &slot, true).await;
    assert!(world.letters(&second).await.is_empty());
    world.cancel(&first.name).await.unwrap();
    assert_eq!(world.booking(&second.name).await.state(), State::Held);
    let told = world.letters(&second).await;
    assert_eq!(told.len(), 1);
    assert_eq!((told[0].address.as_str(), told[0].channel()), ("person2@example.org", Channel::Email));
    assert!(told[0].body.contains("2026-05-06 15:00") && told[0].body.contains("120 minutes"), "{}", told[0].body);
    assert!(told[0].registration.is_empty(), "it is about a booking");
    assert!(world.letters(&third).await.is_empty() && world.letters(&first).await.is_empty());
    // Not confirmed in time, it is offered to the next.
    world.clock.advance(TimeDelta::minutes(120));
    world.store.fire_due().await.unwrap();
    assert_eq!((world.letters(&second).await.len(), world.letters(&third).await.len()), (1, 1));
}

#[tokio::test]
async fn who_has_an_appointment_is_reminded_once() {
    let world = world().await;
    let service = world.service(3).await;
    let slot = world.slot(&service, 48).await;
    let comes = world.book_with_addresses(1, &slot, false).await;
    world.confirm(&comes.name).await.unwrap();
    let gone = world.book_with_addresses(2, &slot, false).await;
    world.confirm(&gone.name).await.unwrap();
    world.cancel(&gone.name).await.unwrap();
    let silent = world.booked(3, &slot).await;
    world.clock.advance(TimeDelta::hours(24));
    world.store.fire_due().await.unwrap();
    assert_eq!(world.booking(&comes.name).await.state(), State::Reminded);
    let told = world.letters(&comes).await;
    assert_eq!((told.len(), told[0].subject.as_str()), (1, "Your appointment is near"));
    assert!(world.letters(&gone).await.is_empty());
    assert_eq!(
        world.booking(&silent.name).await.state(),
        State::Reminded,
        "who names no address is written to nowhere"
    );
    assert_eq!(world.count("parcels where state = 'QUEUED'").await, 0);
}

/// Without the offer at reopening who waits goes on waiting for a seat that everyone sees free.
#[tokio::test]
async fn a_seat_given_back_while_a_slot_was_closed_is_offered_when_it_opens_again() {
    let world = world().await;
    let service = world.service(1).await;
    let slot = world.slot(&service, 48).await;
    let first = world.book_with_addresses(1, &slot, false).await;
    world.confirm(&first.name).await.unwrap();
    let waits = world.book_with_addresses(2, &slot, true).await;
    let last = world.book_with_addresses(3, &slot, true).await;
    let request = pb::CloseAppointmentSlotRequest { name: slot.clone(), ..Default::default() };
    world.slots().close_appointment_slot(request).await.unwrap();
    world.cancel(&first.name).await.unwrap();
    assert_eq!(world.booking(&waits.name).await.state(), State::Waiting);
    let request = pb::ReopenAppointmentSlotRequest { name: slot, ..Default::default() };
    world.slots().reopen_appointment_slot(request).await.unwrap();
    assert_eq!(world.booking(&waits.name).await.state(), State::Held);
    assert_eq!(world.booking(&last.name).await.state(), State::Waiting, "there was one seat");
    assert_eq!(world.letters(&waits).await.last().unwrap().subject, "A seat is free for you");
}

#[tokio::test]
async fn whoever_has_or_wants_a_seat_of_a_slot_that_is_closed_is_told() {
    let world = world().await;
    let service = world.service(1).await;
    let slot = world.slot(&service, 48).await;
    let seated = world.book_with_addresses(1, &slot, false).await;
    world.confirm(&seated.name).await.unwrap();
    let waits = world.book_with_addresses(2, &slot, true).await;
    let other = world.slot(&service, 50).await;
    let elsewhere = world.book_with_addresses(3, &other, false).await;
    let request = pb::CloseAppointmentSlotRequest { name: slot, ..Default::default() };
    world.slots().close_appointment_slot(request).await.unwrap();
    for booking in [&seated, &waits] {
        let told = world.letters(booking).await;
        assert_eq!((told.len(), told[0].subject.as_str()), (1, "The time of your appointment was closed"));
    }
    assert!(world.letters(&elsewhere).await.is_empty());
}

#[tokio::test]
async fn a_seat_that_is_held_is_not_confirmed_once_its_slot_is_closed() {
    let world = world().await;
    let service = world.service(2).await;
    let slot = world.slot(&service, 48).await;
    let seated = world.book_with_addresses(1, &slot, false).await;
    world.confirm(&seated.name).await.unwrap();
    let held = world.book_with_addresses(2, &slot, false).await;
    let request = pb::CloseAppointmentSlotRequest { name: slot, ..Default::default() };
    world.slots().close_appointment_slot(request).await.unwrap();
    assert_eq!(reason(world.confirm(&held.name).await), "SLOT_CLOSED");
    assert_eq!(world.booking(&seated.name).await.state(), State::Confirmed, "what was confirmed stays");
}

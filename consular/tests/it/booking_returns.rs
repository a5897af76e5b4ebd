//! An application that ends gives its appointment back, whatever is done to the booking meanwhile.

use crate::appointments::counter;
use crate::passports::{BORN, application};
use crate::travel_bench::{CLERK, POST};
use crate::visa_applications::{PASSPORT, tourist};
use crate::world::{World, reason, world};
use futures::future::join;
use proto::consular::v1::booking::State;
use proto::consular::v1::passport_application::Type;
use proto::consular::v1::visa_application::State as Application;
use proto::consular::v1::{self as pb, Applicant, Booking, passport_application};
use tonic::{Response, Status};

fn traveller() -> Applicant {
    Applicant {
        family_name: "Traveller".into(),
        given_names: "Ravi".into(),
        birth_date: "1974-08-12".into(),
        nationality: "IN".into(),
        document_number: PASSPORT.into(),
    }
}

fn citizen() -> Applicant {
    Applicant { family_name: "Example".into(), birth_date: BORN.into(), nationality: "US".into(), ..traveller() }
}

impl World {
    /// A seat of the slot for an application, taken at the counter; on the waiting list if there is none.
    async fn seat_for(&self, slot: &str, application: &str, who: Applicant) -> Result<Booking, Status> {
        let (slot, application) = (slot.into(), application.into());
        let booking = Booking { slot, application, applicant: Some(who), wait: true, ..Booking::default() };
        let request = pb::CreateBookingRequest { booking: Some(booking), ..Default::default() };
        self.bookings(&counter()).create_booking(request).await.map(Response::into_inner)
    }

    async fn retract(&self, application: &str) {
        let request = pb::RetractVisaApplicationRequest { name: application.into(), ..Default::default() };
        self.visa_applications(CLERK).retract_visa_application(request).await.unwrap();
    }

    /// Fires what is due until nothing is.
    async fn settle(&self) {
        while self.store.fire_due().await.unwrap() > 0 {}
    }

    async fn state_of(&self, booking: &str) -> State {
        self.booking(booking).await.state()
    }
}

/// A visa application lodged, with an appointment of the only seat of a slot, for which somebody waits.
async fn only_seat(world: &World, hours: i64) -> (String, String, String) {
    let service = world.visa_service(POST, 1).await;
    let slot = world.slot(&service, hours).await;
    let application = world.lodged(tourist("T-1")).await.unwrap().name;
    let booked = world.seat_for(&slot, &application, traveller()).await.unwrap().name;
    world.confirm(&booked).await.unwrap();
    let waits = world.book(&counter(), 2, &slot, true).await.unwrap();
    assert_eq!(waits.state(), State::Waiting);
    (application, booked, waits.name)
}

#[tokio::test]
async fn a_withdrawn_application_gives_its_seat_to_who_waits() {
    let world = world().await;
    let (application, booked, waits) = only_seat(&world, 48).await;
    world.retract(&application).await;
    world.settle().await;
    assert_eq!(world.application_now(&application).await, (Application::Retracted, String::new()));
    assert_eq!((world.state_of(&booked).await, world.state_of(&waits).await), (State::Cancelled, State::Held));
    let released = format!("history where name = '{booked}' and verb = 'release' and actor = 'timers/application'");
    assert_eq!(world.rows_of(&released).await, 1);
    assert_eq!(world.rows_of(&format!("timers where name = '{booked}'")).await, 0, "nobody is reminded of it");
    // The person may book again, and whoever waits for a seat of an application that ended is offered none.
    let again = world.lodged(tourist("T-2")).await.unwrap().name;
    let slot = world.booking(&waits).await.slot;
    let next = world.seat_for(&slot, &again, traveller()).await.unwrap();
    assert_eq!(next.state(), State::Waiting);
    world.retract(&again).await;
    world.settle().await;
    assert_eq!((world.state_of(&next.name).await, world.state_of(&waits).await), (State::Cancelled, State::Held));
}

#[tokio::test]
async fn what_was_examined_needs_no_other_appointment_and_who_is_here_is_served() {
    let world = world().await;
    let (application, booked, waits) = only_seat(&world, 1).await;
    let examine = async |name: &str| {
        let note =
            pb::RecordBiometricsRequest { name: name.into(), biometrics: "biometrics/7".into(), ..Default::default() };
        world.visa_applications(CLERK).record_biometrics(note).await.unwrap();
        let examine = pb::ExamineAdmissibilityRequest { name: name.into(), ..Default::default() };
        world.visa_applications(CLERK).examine_admissibility(examine).await.unwrap();
        world.store.fire_due().await.unwrap();
    };
    // Taken in without waiting for the appointment.
    examine(&application).await;
    assert_eq!((world.state_of(&booked).await, world.state_of(&waits).await), (State::Cancelled, State::Held));
    world.cancel(&waits).await.unwrap();
    let slot = world.booking(&booked).await.slot;
    let other = world.lodged(tourist("T-2")).await.unwrap().name;
    let comes = world.seat_for(&slot, &other, traveller()).await.unwrap().name;
    world.confirm(&comes).await.unwrap();
    world.clock.advance(chrono::TimeDelta::minutes(50));
    world.check_in(&comes, PASSPORT).await.unwrap();
    examine(&other).await;
    assert_eq!(world.state_of(&comes).await, State::CheckedIn);
}

#[tokio::test]
async fn a_passport_application_that_is_withdrawn_or_abandoned_keeps_no_seat() {
    let world = world().await;
    let service = world.visa_service(POST, 1).await;
    let slot = world.slot(&service, 24 * 100).await;
    let apply = async |person: &str| world.apply(application(Type::First, person)).await.unwrap().name;
    let withdrawn = apply("P-1").await;
    let held = world.seat_for(&slot, &withdrawn, citizen()).await.unwrap();
    assert_eq!(held.state(), State::Held);
    let withdraw = pb::WithdrawPassportApplicationRequest { name: withdrawn, ..Default::default() };
    world.passport_applications(CLERK).withdraw_passport_application(withdraw).await.unwrap();
    world.settle().await;
    assert_eq!(world.state_of(&held.name).await, State::Cancelled);
    // The ninetieth day ends while a seat is waited for.
    let abandoned = apply("P-2").await;
    world.clock.set("2026-08-03T03:55:00Z".parse().unwrap());
    world.settle().await;
    world.booked(3, &slot).await;
    let waits = world.seat_for(&slot, &abandoned, citizen()).await.unwrap();
    assert_eq!(waits.state(), State::Waiting);
    world.clock.set("2026-08-03T04:00:00Z".parse().unwrap());
    world.settle().await;
    let get = pb::GetPassportApplicationRequest { name: abandoned, as_of: None };
    let found = world.passport_applications(CLERK).get_passport_application(get).await.unwrap().into_inner();
    assert_eq!(found.state(), passport_application::State::Abandoned);
    assert_eq!(world.state_of(&waits.name).await, State::Cancelled);
}

/// If the withdrawal locked the booking it would wait here, as `confirm` would for the application: a deadlock.
#[tokio::test]
async fn a_withdrawal_waits_for_nobody_who_changes_the_booking() {
    let world = world().await;
    let (application, booked, waits) = only_seat(&world, 48).await;
    let mut confirms = pg::begin(&world.db.pool).await.unwrap();
    let lock = sqlx::query("select from bookings where name = $1 for update").bind(&booked);
    lock.execute(&mut *confirms).await.unwrap();
    world.retract(&application).await;
    assert_eq!(world.store.fire_due().await.unwrap(), 0, "somebody is changing the booking");
    confirms.rollback().await.unwrap();
    world.settle().await;
    assert_eq!((world.state_of(&booked).await, world.state_of(&waits).await), (State::Cancelled, State::Held));
}

#[tokio::test(flavor = "multi_thread")]
async fn no_seat_is_kept_whatever_is_done_to_the_booking_while_its_application_is_withdrawn() {
    let world = world().await;
    let service = world.visa_service(POST, 1).await;
    for round in 0..8 {
        let slot = world.slot(&service, 48 + 2 * round).await;
        let later = world.slot(&service, 49 + 2 * round).await;
        for act in ["confirm", "move", "cancel", "book"] {
            let application = world.lodged(tourist("T-1")).await.unwrap().name;
            let book = async || world.seat_for(&slot, &application, traveller()).await;
            let booked = if act == "book" { String::new() } else { book().await.unwrap().name };
            if act == "move" {
                world.confirm(&booked).await.unwrap();
            }
            let done = async || match act {
                "confirm" => world.confirm(&booked).await,
                "move" => world.move_to(&booked, &later).await,
                "cancel" => world.cancel(&booked).await,
                _ => book().await,
            };
            let (done, ()) = join(done(), world.retract(&application)).await;
            if act != "book" || done.is_ok() {
                done.unwrap();
            } else {
                assert_eq!(reason(done), "BOOKING_APPLICATION_UNFIT");
            }
            world.settle().await;
            assert_eq!(world.rows_of("bookings where seated").await, 0, "{act} in round {round}");
            assert_eq!(world.application_now(&application).await.0, Application::Retracted);
        }
    }
    assert_eq!(world.rows_of("appointment_slots where taken <> 0").await, 0);
    assert_eq!(world.rows_of("timers where kind = 'bookings'").await, 0);
}

//! Many who book at once: each of these loses without the trigger, the index or the lock that stands behind it.

use crate::appointments::{applicant, citizen, counter};
use crate::world::{World, reason, signed, world};
use futures::future::{join, join_all};
use proto::consular::v1::booking::State;
use proto::consular::v1::booking_service_client::BookingServiceClient;
use proto::consular::v1::{self as pb, Booking};
use std::collections::BTreeMap;
use tonic::{Response, Status};

fn tally(answers: Vec<Result<Booking, Status>>) -> BTreeMap<String, usize> {
    let mut tally = BTreeMap::new();
    for answer in answers {
        let what = if answer.is_ok() { "OK".to_owned() } else { reason(answer) };
        *tally.entry(what).or_default() += 1;
    }
    tally
}

/// What 200 get who want a seat of the slot, from so many processes of the service.
async fn two_hundred(world: &World, slot: &str, processes: usize) -> BTreeMap<String, usize> {
    let processes = world.processes(processes);
    let book = async |n: usize| {
        let mut bookings = BookingServiceClient::new(signed(&processes[n % processes.len()], &citizen(n)));
        let booking = Booking { slot: slot.into(), applicant: Some(applicant(n)), ..Booking::default() };
        let request = pb::CreateBookingRequest { booking: Some(booking), ..Default::default() };
        bookings.create_booking(request).await.map(Response::into_inner)
    };
    tally(join_all((0..200).map(book)).await)
}

#[tokio::test(flavor = "multi_thread")]
async fn of_200_at_once_five_have_the_five_seats() {
    for processes in [1, 8] {
        let world = world().await;
        let service = world.service(5).await;
        let slot = world.slot(&service, 48).await;
        let expected = BTreeMap::from([("OK".to_owned(), 5), ("SLOT_FULL".to_owned(), 195)]);
        assert_eq!(two_hundred(&world, &slot, processes).await, expected, "{processes} processes");
        assert_eq!(world.count("bookings where seated").await, 5);
        assert_eq!(world.count("appointment_slots where taken = 5").await, 1);
    }
}

/// What holds the seats among processes is the trigger: without it each of them gives five.
#[tokio::test(flavor = "multi_thread")]
async fn without_the_guard_the_slot_is_overbooked() {
    let world = world().await;
    sqlx::query("alter table bookings disable trigger bookings_take_seats").execute(&world.db.pool).await.unwrap();
    let service = world.service(5).await;
    let slot = world.slot(&service, 48).await;
    let had = two_hundred(&world, &slot, 8).await["OK"];
    assert!(had >= 40, "{had} have one of five seats");
}

/// Another program with the database's password cannot overbook either.
#[tokio::test]
async fn no_other_program_takes_a_seat_that_is_not_there() {
    let world = world().await;
    let service = world.service(1).await;
    let slot = world.slot(&service, 48).await;
    world.booked(1, &slot).await;
    let copy = "insert into bookings (name, uid, version, doc, created_at, updated_at) \
        select 'bookings/copy', gen_random_uuid(), 1, doc || '{\"applicantKey\": \"US/9\"}', now(), now() from bookings";
    let refused = sqlx::query(copy).execute(&world.db.pool).await.unwrap_err();
    assert!(refused.to_string().contains("appointment_slots_capacity"), "{refused}");
    let freed = "update appointment_slots set taken = -1";
    assert!(sqlx::query(freed).execute(&world.db.pool).await.is_err());
}

#[tokio::test(flavor = "multi_thread")]
async fn one_person_books_a_service_once_from_however_many_accounts() {
    let world = world().await;
    let service = world.service(50).await;
    let mut slots = Vec::new();
    for hours in 48..56 {
        slots.push(world.slot(&service, hours).await);
    }
    let callers: Vec<_> = (0..8).map(citizen).collect();
    let answers = join_all(callers.iter().zip(&slots).map(|(by, slot)| world.book(by, 1, slot, false))).await;
    let expected = BTreeMap::from([("OK".to_owned(), 1), ("APPLICANT_ALREADY_BOOKED".to_owned(), 7)]);
    assert_eq!(tally(answers), expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_that_hoards_is_stopped() {
    let world = world().await;
    let service = world.service(50).await;
    let slot = world.slot(&service, 48).await;
    let bot = citizen(0);
    let answers = join_all((0..30).map(|n| world.book(&bot, n, &slot, false))).await;
    let expected = BTreeMap::from([("OK".to_owned(), 10), ("TOO_MANY_BOOKINGS".to_owned(), 20)]);
    assert_eq!(tally(answers), expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_seat_given_back_among_many_who_want_it_goes_to_who_waits() {
    let world = world().await;
    let service = world.service(1).await;
    for round in 0..6 {
        let slot = world.slot(&service, 48 + round).await;
        let base = 1_000 * usize::try_from(round).unwrap();
        let first = world.booked(base, &slot).await;
        let waits = world.book(&counter(), base + 1, &slot, true).await.unwrap();
        let callers: Vec<_> = (0..20).map(|n| citizen(base + 10 + n)).collect();
        let wanting = join_all(callers.iter().enumerate().map(|(n, by)| world.book(by, base + 10 + n, &slot, false)));
        let (cancelled, wanting) = join(world.cancel(&first.name), wanting).await;
        cancelled.unwrap();
        assert_eq!(tally(wanting), BTreeMap::from([("SLOT_FULL".to_owned(), 20)]));
        assert_eq!(world.booking(&waits.name).await.state(), State::Held);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_waits_for_a_slot_that_has_a_seat() {
    let world = world().await;
    let service = world.service(1).await;
    for round in 0..24 {
        let slot = world.slot(&service, 48 + round).await;
        let base = 1_000 * usize::try_from(round).unwrap();
        let first = world.booked(base, &slot).await;
        let by = counter();
        let (joined, cancelled) = join(world.book(&by, base + 1, &slot, true), world.cancel(&first.name)).await;
        cancelled.unwrap();
        let joined = world.booking(&joined.unwrap().name).await;
        assert_eq!(joined.state(), State::Held, "it had the seat at once, or it was handed over");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn bookings_moved_in_opposite_directions_keep_their_seats_or_change_them() {
    let world = world().await;
    let service = world.service(2).await;
    for round in 0..12 {
        let (early, late) = (world.slot(&service, 48 + 2 * round).await, world.slot(&service, 49 + 2 * round).await);
        let base = 1_000 * usize::try_from(round).unwrap();
        let (one, other) = (world.booked(base, &early).await, world.booked(base + 1, &late).await);
        let (there, back) = join(world.move_to(&one.name, &late), world.move_to(&other.name, &early)).await;
        assert_eq!((there.unwrap().slot, back.unwrap().slot), (late.clone(), early.clone()));
        // Full slots refuse a move, and the old seat is kept.
        world.booked(base + 2, &late).await;
        world.booked(base + 3, &early).await;
        let (there, back) = join(world.move_to(&one.name, &early), world.move_to(&other.name, &late)).await;
        assert_eq!((reason(there), reason(back)), ("SLOT_FULL".to_owned(), "SLOT_FULL".to_owned()));
        assert_eq!(world.booking(&one.name).await.slot, late);
    }
    let wrong = "appointment_slots s where taken <> (select count(*) from bookings b where b.slot = s.name and seated)";
    assert_eq!(world.count(wrong).await, 0);
}

#[tokio::test]
async fn a_move_hands_the_old_seat_to_who_waits() {
    let world = world().await;
    let service = world.service(1).await;
    let (early, late) = (world.slot(&service, 48).await, world.slot(&service, 50).await);
    let first = world.booked(1, &early).await;
    let waits = world.book(&counter(), 2, &early, true).await.unwrap();
    world.move_to(&first.name, &late).await.unwrap();
    assert_eq!(world.booking(&waits.name).await.state(), State::Held);
    assert_eq!(reason(world.move_to(&first.name, &late).await), "SLOT_UNFIT");
    let other = world.service(1).await;
    let elsewhere = world.slot(&other, 48).await;
    assert_eq!(reason(world.move_to(&first.name, &elsewhere).await), "SLOT_UNFIT");
    // The same request again is the same move.
    let request = pb::CreateBookingRequest {
        booking: Some(Booking { slot: elsewhere, applicant: Some(applicant(7)), ..Booking::default() }),
        request_id: "once".into(),
        ..Default::default()
    };
    let (one, again) = (
        world.bookings(&counter()).create_booking(request.clone()).await.unwrap().into_inner(),
        world.bookings(&counter()).create_booking(request).await.unwrap().into_inner(),
    );
    assert_eq!(one.name, again.name);
}

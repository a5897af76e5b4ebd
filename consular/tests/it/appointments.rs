//! Appointments: slots from opening hours, each made once; bookings from the hold to the day, and who waits.

use crate::world::{Signed, World, dawn, officer, reason, world};
use chrono::{DateTime, TimeDelta, Utc};
use identity::{Permissions, Principal};
use proto::consular::v1::appointment_service_service_client::AppointmentServiceServiceClient;
use proto::consular::v1::appointment_slot_service_client::AppointmentSlotServiceClient;
use proto::consular::v1::appointment_window::{Kind, Weekday};
use proto::consular::v1::appointment_window_service_client::AppointmentWindowServiceClient;
use proto::consular::v1::booking::State;
use proto::consular::v1::booking_service_client::BookingServiceClient;
use proto::consular::v1::{self as pb, Applicant, AppointmentService, AppointmentWindow, Booking};
use registry::timestamp;
use tonic::{Response, Status};

/// Someone who books for themselves, with an account of their own.
pub(crate) fn citizen(n: usize) -> Principal {
    let permissions = ["appointmentSlots.read", "bookings.book", "bookings.read", "personal.read"];
    let permissions = permissions.map(|permission| format!("consular.{permission}"));
    Principal {
        subject: format!("people/citizen-{n}").into(),
        permissions: Permissions::of(permissions),
        ..testkit::principal::<&str>([])
    }
}

pub(crate) fn applicant(n: usize) -> Applicant {
    Applicant {
        family_name: "Example".into(),
        given_names: format!("Person {n}"),
        birth_date: "1980-01-01".into(),
        nationality: "US".into(),
        document_number: format!("5000 {n:05}"),
    }
}

pub(crate) fn counter() -> Principal {
    officer("people/officer")
}

impl World {
    pub(crate) fn services(&self) -> AppointmentServiceServiceClient<Signed> {
        AppointmentServiceServiceClient::new(self.signed(&counter()))
    }

    pub(crate) fn windows(&self) -> AppointmentWindowServiceClient<Signed> {
        AppointmentWindowServiceClient::new(self.signed(&counter()))
    }

    pub(crate) fn slots(&self) -> AppointmentSlotServiceClient<Signed> {
        AppointmentSlotServiceClient::new(self.signed(&counter()))
    }

    pub(crate) fn bookings(&self, by: &Principal) -> BookingServiceClient<Signed> {
        BookingServiceClient::new(self.signed(by))
    }

    /// A service in Paris that takes half an hour, for two at once.
    pub(crate) async fn service(&self, capacity: i32) -> String {
        let service = AppointmentService {
            post: "posts/paris".into(),
            title: "Passport, first application".into(),
            time_zone: "Europe/Paris".into(),
            country: "FR".into(),
            slot_minutes: 30,
            capacity,
            horizon_days: 90,
            lead_minutes: 60,
            ..AppointmentService::default()
        };
        let request = pb::CreateAppointmentServiceRequest { appointment_service: Some(service), ..Default::default() };
        self.services().create_appointment_service(request).await.unwrap().into_inner().name
    }

    pub(crate) async fn window(&self, window: AppointmentWindow) -> Result<AppointmentWindow, Status> {
        let request = pb::CreateAppointmentWindowRequest { appointment_window: Some(window), ..Default::default() };
        self.windows().create_appointment_window(request).await.map(Response::into_inner)
    }

    pub(crate) async fn free(&self, service: &str, days: (&str, &str)) -> Vec<String> {
        let (from_date, to_date) = (days.0.into(), days.1.into());
        let request = pb::FindFreeSlotsRequest { service: service.into(), from_date, to_date };
        let found = self.slots().find_free_slots(request).await.unwrap().into_inner().slots;
        found.into_iter().map(|slot| slot.local_time).collect()
    }

    /// A slot so many hours from now.
    pub(crate) async fn slot(&self, service: &str, hours: i64) -> String {
        let start_time = Some(timestamp(self.store.now() + TimeDelta::hours(hours)));
        let slot = pb::AppointmentSlot { service: service.into(), start_time, ..Default::default() };
        let request = pb::CreateAppointmentSlotRequest { appointment_slot: Some(slot), ..Default::default() };
        self.slots().create_appointment_slot(request).await.unwrap().into_inner().name
    }

    pub(crate) async fn book(&self, by: &Principal, n: usize, slot: &str, wait: bool) -> Result<Booking, Status> {
        let booking = Booking { slot: slot.into(), applicant: Some(applicant(n)), wait, ..Booking::default() };
        let request = pb::CreateBookingRequest { booking: Some(booking), ..Default::default() };
        self.bookings(by).create_booking(request).await.map(Response::into_inner)
    }

    pub(crate) async fn confirm(&self, name: &str) -> Result<Booking, Status> {
        let request = pb::ConfirmBookingRequest { name: name.into(), ..Default::default() };
        self.bookings(&counter()).confirm_booking(request).await.map(Response::into_inner)
    }

    pub(crate) async fn booked(&self, n: usize, slot: &str) -> Booking {
        let held = self.book(&counter(), n, slot, false).await.unwrap();
        self.confirm(&held.name).await.unwrap()
    }

    pub(crate) async fn cancel(&self, name: &str) -> Result<Booking, Status> {
        let request = pb::CancelBookingRequest { name: name.into(), ..Default::default() };
        self.bookings(&counter()).cancel_booking(request).await.map(Response::into_inner)
    }

    pub(crate) async fn move_to(&self, name: &str, slot: &str) -> Result<Booking, Status> {
        let request = pb::RescheduleBookingRequest { name: name.into(), slot: slot.into(), ..Default::default() };
        self.bookings(&counter()).reschedule_booking(request).await.map(Response::into_inner)
    }

    pub(crate) async fn check_in(&self, name: &str, document: &str) -> Result<Booking, Status> {
        let document_number = document.to_owned();
        let request = pb::CheckInBookingRequest { name: name.into(), document_number, ..Default::default() };
        self.bookings(&counter()).check_in_booking(request).await.map(Response::into_inner)
    }

    pub(crate) async fn booking(&self, name: &str) -> Booking {
        let request = pb::GetBookingRequest { name: name.into(), as_of: None };
        self.bookings(&counter()).get_booking(request).await.unwrap().into_inner()
    }

    /// How many rows answer to the rest of `select count(*) from …`.
    pub(crate) async fn count(&self, of: &str) -> i64 {
        let text = sqlx::AssertSqlSafe(format!("select count(*) from {of}"));
        sqlx::query_scalar(text).fetch_one(&self.db.pool).await.unwrap()
    }
}

fn weekly(service: &str, weekday: Weekday, open: &str, close: &str) -> AppointmentWindow {
    AppointmentWindow {
        service: service.into(),
        kind: Kind::Weekly.into(),
        weekday: weekday.into(),
        open_time: open.into(),
        close_time: close.into(),
        ..AppointmentWindow::default()
    }
}

#[tokio::test]
async fn slots_follow_the_hours_of_the_post_and_the_holidays_of_both_states() {
    let world = world().await;
    let service = world.service(2).await;
    world.window(weekly(&service, Weekday::Monday, "09:00", "10:00")).await.unwrap();
    // It is 15:00 of Monday 4 May in Paris. On 25 May both states have a holiday.
    let free = world.free(&service, ("2026-05-04", "2026-05-31")).await;
    let expected = ["2026-05-11T09:00", "2026-05-11T09:30", "2026-05-18T09:00", "2026-05-18T09:30"];
    assert_eq!(free, expected);
    // On 14 July the host rests, on 3 July we do.
    world.window(weekly(&service, Weekday::Tuesday, "09:00", "09:30")).await.unwrap();
    world.window(weekly(&service, Weekday::Friday, "09:00", "09:30")).await.unwrap();
    let july = world.free(&service, ("2026-06-30", "2026-07-15")).await;
    let expected = ["2026-06-30T09:00", "2026-07-06T09:00", "2026-07-06T09:30", "2026-07-07T09:00", "2026-07-10T09:00"];
    assert_eq!(july, [&expected[..], &["2026-07-13T09:00", "2026-07-13T09:30"]].concat());
    let may = world.free(&service, ("2026-05-04", "2026-05-11")).await;
    assert_eq!(
        may,
        ["2026-05-05T09:00", "2026-05-11T09:00", "2026-05-11T09:30"],
        "who asks for July closes nothing of May"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_slot_is_made_once_however_many_look_for_it() {
    let world = world().await;
    let service = world.service(2).await;
    world.window(weekly(&service, Weekday::Monday, "09:00", "12:00")).await.unwrap();
    let found = futures::future::join_all((0..12).map(|_| world.free(&service, ("2026-05-11", "2026-05-18")))).await;
    assert!(found.iter().all(|free| free.len() == 12), "each sees all of them");
    assert_eq!(world.count("appointment_slots").await, 12);
    let slots = consular::AppointmentSlots::new(world.store.keep(), world.store.keep(), world.store.keep());
    let ahead = slots.ahead().await.unwrap();
    assert!(ahead > 40, "{ahead} are made for the rest of the 90 days");
    assert_eq!(slots.ahead().await.unwrap(), 0, "and nothing the second time");
}

#[tokio::test]
async fn hours_taken_back_close_their_slots_and_leave_the_bookings() {
    let world = world().await;
    let service = world.service(2).await;
    let window = world.window(weekly(&service, Weekday::Monday, "09:00", "10:00")).await.unwrap();
    assert_eq!(world.free(&service, ("2026-05-11", "2026-05-11")).await.len(), 2);
    let slot = "appointmentSlots/".to_owned() + service.rsplit('/').next().unwrap() + "-20260511t070000z";
    let booked = world.booked(1, &slot).await;
    let request = pb::DeleteAppointmentWindowRequest { name: window.name, ..Default::default() };
    world.windows().delete_appointment_window(request).await.unwrap();
    assert!(world.free(&service, ("2026-05-11", "2026-05-11")).await.is_empty());
    assert_eq!(reason(world.book(&counter(), 2, &slot, false).await), "SLOT_CLOSED");
    assert_eq!(world.booking(&booked.name).await.state(), State::Confirmed);
    let request = pb::ReopenAppointmentSlotRequest { name: slot, ..Default::default() };
    world.slots().reopen_appointment_slot(request).await.unwrap();
    assert_eq!(world.free(&service, ("2026-05-11", "2026-05-11")).await, ["2026-05-11T09:00"]);
}

/// Without `Standing::ShutByPlan` the day stays closed for ever: what is closed counts as there.
#[tokio::test]
async fn hours_given_again_open_what_they_had_closed_and_nothing_that_staff_closed() {
    let world = world().await;
    let service = world.service(2).await;
    let hours = || weekly(&service, Weekday::Monday, "09:00", "10:30");
    let window = world.window(hours()).await.unwrap();
    let monday = ("2026-05-11", "2026-05-11");
    assert_eq!(world.free(&service, monday).await.len(), 3);
    let id = service.rsplit('/').next().unwrap();
    let by_staff = format!("appointmentSlots/{id}-20260511t080000z");
    let request = pb::CloseAppointmentSlotRequest { name: by_staff, ..Default::default() };
    world.slots().close_appointment_slot(request).await.unwrap();
    // A closure that is deleted, and hours that are taken back and given again.
    let closure = AppointmentWindow {
        service: service.clone(),
        kind: Kind::Closed.into(),
        date: monday.0.into(),
        ..AppointmentWindow::default()
    };
    let closure = world.window(closure).await.unwrap();
    let taken_back = async |name: String| {
        let request = pb::DeleteAppointmentWindowRequest { name, ..Default::default() };
        world.windows().delete_appointment_window(request).await.unwrap();
    };
    assert!(world.free(&service, monday).await.is_empty());
    taken_back(closure.name).await;
    assert_eq!(world.free(&service, monday).await, ["2026-05-11T09:00", "2026-05-11T09:30"]);
    taken_back(window.name).await;
    assert!(world.free(&service, monday).await.is_empty());
    world.window(hours()).await.unwrap();
    assert_eq!(world.free(&service, monday).await, ["2026-05-11T09:00", "2026-05-11T09:30"]);
    // What the hours opened again is theirs to close again.
    let slot = format!("appointmentSlots/{id}-20260511t070000z");
    let get = pb::GetAppointmentSlotRequest { name: slot, as_of: None };
    let slot = world.slots().get_appointment_slot(get).await.unwrap().into_inner();
    use pb::appointment_slot::Origin;
    assert_eq!((slot.origin(), slot.closed_by()), (Origin::Plan, Origin::Unspecified));
}

#[tokio::test]
async fn hours_make_sense_and_do_not_overlap() {
    let world = world().await;
    let service = world.service(2).await;
    let good = weekly(&service, Weekday::Monday, "09:00", "12:00");
    world.window(good.clone()).await.unwrap();
    world
        .window(AppointmentWindow { open_time: "12:00".into(), close_time: "13:00".into(), ..good.clone() })
        .await
        .unwrap();
    let late = AppointmentWindow { open_time: "24:00".into(), close_time: "24:00".into(), ..good.clone() };
    assert_eq!(reason(world.window(late).await), "INVALID_FIELDS", "24:00 is for the end alone");
    let overlapping = AppointmentWindow { open_time: "12:30".into(), close_time: "14:00".into(), ..good.clone() };
    assert_eq!(reason(world.window(overlapping).await), "HOURS_OVERLAP");
    for unfit in [
        AppointmentWindow { weekday: 0, ..good.clone() },
        AppointmentWindow { close_time: "09:00".into(), ..good.clone() },
        AppointmentWindow { kind: Kind::Single.into(), date: "2026-05-11".into(), ..good.clone() },
        AppointmentWindow { kind: Kind::Closed.into(), date: "2026-05-11".into(), weekday: 0, ..good },
    ] {
        assert_eq!(reason(world.window(unfit).await), "HOURS_UNFIT");
    }
    let nowhere = AppointmentService { time_zone: "Europe/Atlantis".into(), ..AppointmentService::default() };
    let request = pb::CreateAppointmentServiceRequest {
        appointment_service: Some(AppointmentService {
            post: "posts/paris".into(),
            title: "Elsewhere".into(),
            country: "FR".into(),
            slot_minutes: 30,
            capacity: 1,
            horizon_days: 1,
            ..nowhere
        }),
        ..Default::default()
    };
    assert_eq!(reason(world.services().create_appointment_service(request).await), "TIME_ZONE_UNKNOWN");
}

#[tokio::test]
async fn a_booking_goes_from_the_hold_to_the_counter() {
    let world = world().await;
    let service = world.service(1).await;
    let slot = world.slot(&service, 48).await;
    let held = world.book(&citizen(1), 1, &slot, false).await.unwrap();
    assert_eq!((held.state(), held.holder.as_str()), (State::Held, "people/citizen-1"));
    assert_eq!(held.hold_time, Some(timestamp(dawn() + TimeDelta::minutes(10))));
    assert_eq!(reason(world.book(&citizen(2), 2, &slot, false).await), "SLOT_FULL");
    world.confirm(&held.name).await.unwrap();
    world.clock.advance(TimeDelta::hours(24));
    world.store.fire_due().await.unwrap();
    assert_eq!(world.booking(&held.name).await.state(), State::Reminded);
    assert_eq!(reason(world.check_in(&held.name, "500000001").await), "CHECK_IN_TOO_EARLY");
    world.clock.advance(TimeDelta::minutes(23 * 60 + 30));
    assert_eq!(reason(world.check_in(&held.name, "5000 00002").await), "APPLICANT_MISMATCH");
    world.check_in(&held.name, "500000001").await.unwrap();
    world.clock.advance(TimeDelta::days(1));
    assert_eq!(world.store.fire_due().await.unwrap(), 0, "who is here is not missed");
    let request = pb::ServeBookingRequest { name: held.name, ..Default::default() };
    let served = world.bookings(&counter()).serve_booking(request).await.unwrap().into_inner();
    assert_eq!(served.state(), State::Served);
}

#[tokio::test]
async fn a_hold_that_is_over_frees_the_seat_and_cannot_be_confirmed() {
    let world = world().await;
    let service = world.service(1).await;
    let slot = world.slot(&service, 48).await;
    let held = world.book(&citizen(1), 1, &slot, false).await.unwrap();
    world.clock.advance(TimeDelta::minutes(10));
    assert_eq!(reason(world.confirm(&held.name).await), "HOLD_OVER", "even before the timer has fired");
    world.store.fire_due().await.unwrap();
    assert_eq!(reason(world.confirm(&held.name).await), "WRONG_STATE");
    world.book(&citizen(2), 2, &slot, false).await.unwrap();
}

#[tokio::test]
async fn who_stays_away_books_through_the_post_for_a_while() {
    let world = world().await;
    let service = world.service(1).await;
    let slot = world.slot(&service, 2).await;
    let missed = world.booked(1, &slot).await;
    world.clock.advance(TimeDelta::hours(4));
    world.store.fire_due().await.unwrap();
    assert_eq!(world.booking(&missed.name).await.state(), State::NoShow);
    let other = world.slot(&service, 24 * 60).await;
    assert_eq!(reason(world.book(&citizen(1), 1, &other, false).await), "NO_SHOW_PENALTY");
    let by_post = world.book(&counter(), 1, &other, false).await.unwrap();
    world.cancel(&by_post.name).await.unwrap();
    world.clock.advance(TimeDelta::days(14));
    world.book(&citizen(1), 1, &other, false).await.unwrap();
}

#[tokio::test]
async fn a_seat_given_back_goes_to_who_has_waited_longest() {
    let world = world().await;
    let service = world.service(1).await;
    let slot = world.slot(&service, 48).await;
    let first = world.booked(1, &slot).await;
    let mut waiting = Vec::new();
    for n in 2..4 {
        world.clock.advance(TimeDelta::seconds(1));
        let one = world.book(&citizen(n), n, &slot, true).await.unwrap();
        assert_eq!(one.state(), State::Waiting);
        waiting.push(one.name);
    }
    world.cancel(&first.name).await.unwrap();
    assert_eq!(world.booking(&waiting[0]).await.state(), State::Held);
    assert_eq!(reason(world.book(&citizen(9), 9, &slot, false).await), "SLOT_FULL", "it was never free");
    // The first of them does not confirm in two hours: the next one has it.
    world.clock.advance(TimeDelta::minutes(120));
    world.store.fire_due().await.unwrap();
    assert_eq!(world.booking(&waiting[0]).await.state(), State::Expired);
    assert_eq!(world.booking(&waiting[1]).await.state(), State::Held);
    let last = world.book(&citizen(5), 5, &slot, true).await.unwrap();
    world.clock.set("2026-05-06T13:00:00Z".parse::<DateTime<Utc>>().unwrap());
    world.store.fire_due().await.unwrap();
    assert_eq!(world.booking(&last.name).await.state(), State::Expired, "the slot begins");
}

#[tokio::test]
async fn an_account_sees_its_own_bookings_and_takes_no_other_name() {
    let world = world().await;
    let service = world.service(5).await;
    let slot = world.slot(&service, 48).await;
    let own = world.book(&citizen(1), 1, &slot, false).await.unwrap();
    let booking = Booking {
        slot: slot.clone(),
        applicant: Some(applicant(2)),
        holder: "people/citizen-1".into(),
        ..Default::default()
    };
    let request = pb::CreateBookingRequest { booking: Some(booking), ..Default::default() };
    let theirs = world.bookings(&citizen(2)).create_booking(request).await.unwrap().into_inner();
    assert_eq!(theirs.holder, "people/citizen-2");
    let listed = world.bookings(&citizen(1)).list_bookings(pb::ListBookingsRequest::default()).await.unwrap();
    assert_eq!(listed.into_inner().bookings.iter().map(|one| &one.name).collect::<Vec<_>>(), [&own.name]);
    let request = pb::CancelBookingRequest { name: own.name, ..Default::default() };
    assert_eq!(reason(world.bookings(&citizen(2)).cancel_booking(request).await), "NOT_FOUND");
}

//! An appointment for an application: the two are of one person, and what becomes of one is known of the other.

use crate::appointments::{citizen, counter};
use crate::travel_bench::POST;
use crate::visa_applications::{PASSPORT, tourist};
use crate::world::{World, reason, world};
use chrono::TimeDelta;
use proto::consular::v1::booking::State;
use proto::consular::v1::visa_application::State as Application;
use proto::consular::v1::{self as pb, Applicant, AppointmentService, Booking};
use tonic::{Response, Status};

impl World {
    async fn visa_counter(&self, post: &str) -> String {
        let service = self.visa_service(post, 3).await;
        self.slot(&service, 48).await
    }

    /// A service for visas, for so many at once.
    pub(crate) async fn visa_service(&self, post: &str, capacity: i32) -> String {
        let service = AppointmentService {
            post: post.into(),
            title: "Visa, in person".into(),
            time_zone: "Europe/Paris".into(),
            country: "FR".into(),
            slot_minutes: 30,
            capacity,
            horizon_days: 90,
            ..AppointmentService::default()
        };
        let request = pb::CreateAppointmentServiceRequest { appointment_service: Some(service), ..Default::default() };
        self.services().create_appointment_service(request).await.unwrap().into_inner().name
    }

    async fn book_for(&self, slot: &str, application: &str, document: &str) -> Result<Booking, Status> {
        let applicant = Applicant {
            family_name: "Traveller".into(),
            given_names: "Ravi".into(),
            birth_date: "1974-08-12".into(),
            nationality: "IN".into(),
            document_number: document.into(),
        };
        let booking = Booking {
            slot: slot.into(),
            application: application.into(),
            applicant: Some(applicant),
            ..Booking::default()
        };
        let request = pb::CreateBookingRequest { booking: Some(booking), ..Default::default() };
        self.bookings(&citizen(1)).create_booking(request).await.map(Response::into_inner)
    }

    pub(crate) async fn application_now(&self, name: &str) -> (Application, String) {
        let application = self.visa_application(name).await;
        (application.state(), application.appointment)
    }
}

#[tokio::test]
async fn an_application_has_its_appointment_as_long_as_the_booking_stands() {
    let world = world().await;
    let slot = world.visa_counter(POST).await;
    let application = world.lodged(tourist("T-1")).await.unwrap().name;
    let held = world.book_for(&slot, &application, PASSPORT).await.unwrap().name;
    assert_eq!(world.application_now(&application).await.0, Application::Submitted, "a hold is no appointment");
    world.confirm(&held).await.unwrap();
    assert_eq!(world.application_now(&application).await, (Application::AppointmentBooked, held.clone()));
    world.cancel(&held).await.unwrap();
    assert_eq!(world.application_now(&application).await, (Application::Submitted, String::new()));
    // Nobody comes: the application waits for another.
    let missed = world.book_for(&slot, &application, PASSPORT).await.unwrap().name;
    world.confirm(&missed).await.unwrap();
    world.clock.advance(TimeDelta::hours(50));
    // The reminder, which is overdue, comes before what follows from nobody's coming.
    while world.store.fire_due().await.unwrap() > 0 {}
    assert_eq!(world.booking(&missed).await.state(), State::NoShow);
    assert_eq!(world.application_now(&application).await, (Application::Submitted, String::new()));
}

#[tokio::test]
async fn who_comes_to_the_appointment_goes_on_with_the_application() {
    let world = world().await;
    let slot = world.visa_counter(POST).await;
    let application = world.lodged(tourist("T-1")).await.unwrap().name;
    let booked = world.book_for(&slot, &application, PASSPORT).await.unwrap().name;
    world.confirm(&booked).await.unwrap();
    let note = pb::RecordBiometricsRequest {
        name: application.clone(),
        biometrics: "biometrics/7".into(),
        ..Default::default()
    };
    world.visa_applications("people/clerk").record_biometrics(note).await.unwrap();
    world.cancel(&booked).await.unwrap();
    let kept = world.application_now(&application).await.0;
    assert_eq!(kept, Application::Biometrics, "who was there needs no other appointment");
}

/// Without the index `bookings_one_of_application`, two who hold for one application both confirm.
#[tokio::test]
async fn a_booking_is_for_an_application_of_the_same_person_at_the_same_post_once() {
    let world = world().await;
    let (slot, elsewhere) = (world.visa_counter(POST).await, world.visa_counter("posts/other").await);
    let application = world.lodged(tourist("T-1")).await.unwrap().name;
    for (slot, application, document) in [
        (&slot, "visaApplications/none", PASSPORT),
        (&slot, application.as_str(), "X7654321"),
        (&elsewhere, application.as_str(), PASSPORT),
    ] {
        let refused = world.book_for(slot, application, document).await.unwrap_err();
        assert_eq!(refused.message(), "the application is not a submitted one of this person at this post");
        assert_eq!(reason::<Booking>(Err(refused)), "BOOKING_APPLICATION_UNFIT");
    }
    let draft = world.drafted(tourist("T-2")).await.unwrap();
    assert_eq!(reason(world.book_for(&slot, &draft, PASSPORT).await), "BOOKING_APPLICATION_UNFIT");
    assert_eq!(reason(world.book_for(&slot, "receipts/1", PASSPORT).await), "INVALID_FIELDS");
    world.book_for(&slot, &application, PASSPORT).await.unwrap();
    let other = world.visa_counter(POST).await;
    let request = pb::ListBookingsRequest { filter: format!("application = \"{application}\""), ..Default::default() };
    let found = world.bookings(&counter()).list_bookings(request).await.unwrap().into_inner().bookings;
    assert_eq!(found.len(), 1);
    assert_eq!(reason(world.book_for(&other, &application, PASSPORT).await), "BOOKING_APPLICATION_UNFIT");
}

//! A booking for an application: the two agree, and what becomes of the appointment is known of both in one transaction.

use crate::passport_applications::PassportApplications;
use crate::visa_applications::VisaApplications;
use fault::{Fault, refuse_if};
use proto::consular::v1::{AppointmentSlot, Booking, Reason, passport_application, visa_application};
use registry::{Call, Held, Reader};

/// The timer by which a passport application that nobody comes for is given up: it waits for the appointment.
const ABANDONMENT: &str = "abandonment";

/// The application of a booking.
pub(crate) enum Application {
    Visa(Box<Held<VisaApplications>>),
    Passport(Box<Held<PassportApplications>>),
}

/// The application of a booking, if it has one and it is in this state. The booking is locked before it.
pub(crate) async fn of(reader: &mut Reader<'_>, booking: &Booking, state: &str) -> Result<Option<Application>, Fault> {
    let by = [("name", &[booking.application.as_str()][..]), ("state", &[state])];
    match booking.application.split('/').next() {
        Some("visaApplications") => Ok(reader.hold(&by).await?.pop().map(Box::new).map(Application::Visa)),
        Some("passportApplications") => Ok(reader.hold(&by).await?.pop().map(Box::new).map(Application::Passport)),
        _ => Ok(None),
    }
}

/// The applications that bookings to be made are for, which do not change until these are committed.
#[derive(Debug)]
pub(crate) struct Candidates {
    visas: Vec<Held<VisaApplications>>,
    passports: Vec<Held<PassportApplications>>,
}

impl Candidates {
    pub(crate) async fn of(reader: &mut Reader<'_>, bookings: &[&Booking]) -> Result<Self, Fault> {
        let named = |kind: &str| {
            let names = bookings.iter().map(|booking| booking.application.as_str());
            names.filter(|name| name.strip_prefix(kind).is_some_and(|id| id.starts_with('/'))).collect::<Vec<_>>()
        };
        let (visas, passports) = (named("visaApplications"), named("passportApplications"));
        Ok(Self {
            visas: if visas.is_empty() { Vec::new() } else { reader.hold(&[("name", &visas)]).await? },
            passports: if passports.is_empty() { Vec::new() } else { reader.hold(&[("name", &passports)]).await? },
        })
    }

    /// Whether the application a booking names is of the person who comes, at the post of the slot. Whoever books learns no
    /// more than that it is not: an application that is not there, of another and at another post are the same.
    pub(crate) fn agree(&self, booking: &Booking, slot: &AppointmentSlot) -> bool {
        let comes = booking.applicant.clone().unwrap_or_default();
        let same = |one: &str, other: &str| one.trim().eq_ignore_ascii_case(other.trim());
        let of_visa = self.visas.iter().find(|one| one.name == booking.application).is_some_and(|one| {
            let person = one.nationality == comes.nationality && same(&one.passport_number, &comes.document_number);
            person && one.post == slot.post && one.state() == visa_application::State::Submitted
        });
        let of_passport = self.passports.iter().find(|one| one.name == booking.application).is_some_and(|one| {
            let person = one.birth_date == comes.birth_date && same(&one.family_name, &comes.family_name);
            person && one.post == slot.post && one.state() == passport_application::State::Submitted
        });
        booking.application.is_empty() || of_visa || of_passport
    }
}

/// Refuses a booking that its application does not agree with.
pub(crate) fn must_agree(agrees: bool) -> Result<(), Fault> {
    let words = "the application is not a submitted one of this person at this post";
    refuse_if(!agrees, Reason::BookingApplicationUnfit, words)
}

/// The appointment is confirmed: the application has it.
pub(crate) fn book(application: Option<Application>, booking: &str, call: &mut Call) -> Result<(), Fault> {
    match application {
        Some(Application::Visa(held)) => call.follow(*held, "bookAppointment", |one, _| {
            booking.clone_into(&mut one.appointment);
            Ok(())
        }),
        Some(Application::Passport(held)) => call.follow(*held, "bookAppointment", |one, call| {
            booking.clone_into(&mut one.appointment);
            if call.timers().get(ABANDONMENT).is_some() {
                call.timers().pause(ABANDONMENT)?;
            }
            Ok(())
        }),
        None => Ok(()),
    }
}

/// The appointment is given up, or was missed: the application waits for another.
pub(crate) fn give_up(application: Option<Application>, call: &mut Call) -> Result<(), Fault> {
    match application {
        Some(Application::Visa(held)) => call.follow(*held, "giveUpAppointment", |one, _| {
            one.appointment.clear();
            Ok(())
        }),
        Some(Application::Passport(held)) => call.follow(*held, "giveUpAppointment", |one, call| {
            one.appointment.clear();
            if call.timers().get(ABANDONMENT).is_some() {
                call.timers().resume(ABANDONMENT)?;
            }
            Ok(())
        }),
        None => Ok(()),
    }
}

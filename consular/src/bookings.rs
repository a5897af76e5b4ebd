//! Bookings: a seat held for some minutes, confirmed, moved, given back to who waits; bound to one person.
//!
//! How many seats a slot has left is counted by the database, in the statement that takes one or gives one back
//! (`migrations/0030_appointments.sql`): no caller, and no other program, can take one more.

use crate::booking_applications::{Application, book, give_up, of};
use crate::booking_holds::{bookable, folded, seat};
use crate::booking_letters::{Letter, write};
use crate::booking_queue::{at, hand_over, next};
use crate::booking_returns::{RETURN, end};
use crate::counter::practice;
use chrono::TimeDelta;
use fault::{Fault, refuse_if};
use identity::{Called, Principal};
use proto::consular::v1::appointment_slot::State as Slot;
use proto::consular::v1::booking::State;
use proto::consular::v1::booking_service_server::BookingService;
use proto::consular::v1::{
    AppointmentService, AppointmentSlot, Booking, CancelBookingRequest, CheckInBookingRequest, ConfirmBookingRequest,
    CreateBookingRequest, GetBookingRequest, ListBookingRevisionsRequest, ListBookingRevisionsResponse,
    ListBookingsRequest, ListBookingsResponse, Reason, RescheduleBookingRequest, ServeBookingRequest,
    WatchBookingsRequest, WatchBookingsResponse,
};
use registry::{Answer, Call, Feed, Held, Keep, Queue, Reader, Registry, Visible, instant};
use tonic::Request;

/// Whoever holds it works at the counter: sees every booking, and books for those who come or call.
pub(crate) const SERVES: &str = "consular.bookings.serve";
/// The state of an application that has an appointment.
const BOOKED: &str = "APPOINTMENT_BOOKED";

/// The bookings.
#[derive(Clone, Debug)]
pub struct Bookings {
    registry: Registry<Self>,
    queue: Queue<Self>,
}

impl Keep for Bookings {
    type Record = Booking;

    /// The counter sees all; an account sees what it booked.
    fn visible(to: &Principal) -> Visible {
        match &to.post {
            _ if !to.may(SERVES) => Visible::having("holder", &to.subject),
            Some(post) => Visible::having("post", post),
            None => Visible::All,
        }
    }

    fn fire(_: &mut Booking, _: &str, _: &mut Call) -> Result<(), Fault> {
        Ok(())
    }

    /// A hold that is over gives its seat to who waits, as does an appointment that its application needs no more; who has an
    /// appointment is reminded of it.
    async fn fire_with(
        booking: &mut Booking,
        timer: &str,
        reader: &mut Reader<'_>,
        call: &mut Call,
    ) -> Result<(), Fault> {
        match timer {
            RETURN => end(booking, reader, call).await?,
            "noShow" => give_up(of(reader, booking, BOOKED).await?, call)?,
            "hold" => {
                let next = next(reader, &booking.slot).await?;
                hand_over(next, call)?;
            }
            "reminder" => {
                let slot: Option<AppointmentSlot> = reader.glance(&booking.slot).await?;
                write(reader, booking, &slot.unwrap_or_default(), Letter::Reminder).await?;
            }
            _ => {}
        }
        Self::fire(booking, timer, call)
    }

    fn constraint(name: &str) -> Option<Fault> {
        let (full, closed) = ("the slot has no seat left", "the slot is closed");
        let booked = "this person has a booking of the service already";
        let two = "the application has an appointment, or a seat is held for it";
        Some(match name {
            "appointment_slots_capacity" => Fault::new(Reason::SlotFull, full),
            "bookings_slot_open" => Fault::new(Reason::SlotClosed, closed),
            "bookings_one_of_application" => Fault::new(Reason::BookingApplicationUnfit, two),
            "bookings_one_active" => Fault::new(Reason::ApplicantAlreadyBooked, booked),
            _ => return None,
        })
    }
}

impl Bookings {
    /// The bookings that a registry keeps.
    pub fn new(registry: Registry<Self>) -> Self {
        let queue = Queue::new(&registry);
        Self { registry, queue }
    }

    /// Whoever does not work at the counter books for their own account.
    async fn book(&self, mut request: Request<CreateBookingRequest>) -> Answer<Booking> {
        let by = Called::of(&request)?.principal.clone();
        if let Some(booking) = request.get_mut().booking.as_mut().filter(|_| !by.may(SERVES)) {
            booking.holder = by.subject.to_string();
        }
        self.queue.create(request).await
    }
}

/// A hold is good until its last instant, whether its timer has fired yet or not, and while there is somebody at the
/// counter.
fn confirm(
    booking: &mut Booking,
    _: ConfirmBookingRequest,
    (slot, application): (Option<AppointmentSlot>, Option<Application>),
    call: &mut Call,
) -> Result<(), Fault> {
    let closed = slot.is_none_or(|slot| slot.state() != Slot::Open);
    refuse_if(closed, Reason::SlotClosed, "the slot was closed after the seat was held")?;
    let over = booking.hold_time.as_ref().and_then(instant).is_none_or(|until| until <= call.now());
    refuse_if(over, Reason::HoldOver, "the seat was held until a moment ago")?;
    booking.confirm_time = Some(call.timestamp());
    call.timers().clear("hold");
    follow_up(booking, call);
    book(application, &booking.name, call)
}

/// The reminder, unless the appointment is so near that nobody has forgotten it, and the end of waiting for who does not
/// come.
fn follow_up(booking: &Booking, call: &mut Call) {
    let practice = &practice().appointments;
    let start = booking.start_time.as_ref().and_then(instant);
    let reminder = start.map(|start| start - TimeDelta::hours(practice.reminder_hours.into()));
    match reminder.filter(|reminder| *reminder > call.now()) {
        Some(reminder) => at(call, "reminder", Some(reminder)),
        None => call.timers().clear("reminder"),
    }
    let end = booking.end_time.as_ref().and_then(instant);
    at(call, "noShow", end.map(|end| end + TimeDelta::minutes(practice.no_show_minutes.into())));
}

/// Who waits for the seat, and the application that had it.
type GivenBack = (Option<Held<Bookings>>, Option<Application>);

async fn around(reader: &mut Reader<'_>, booking: &Booking, _: &CancelBookingRequest) -> Result<GivenBack, Fault> {
    // Whoever waits or holds gives no appointment up, and who waits no seat.
    Ok(match booking.state() {
        State::Waiting => (None, None),
        State::Held => (next(reader, &booking.slot).await?, None),
        _ => (next(reader, &booking.slot).await?, of(reader, booking, BOOKED).await?),
    })
}

fn cancel(
    _: &mut Booking,
    _: CancelBookingRequest,
    (next, application): GivenBack,
    call: &mut Call,
) -> Result<(), Fault> {
    call.timers().clear_all();
    give_up(application, call)?;
    hand_over(next, call)
}

/// The new slot with its service, and who waits for the old one.
type Move = (Option<AppointmentSlot>, Option<AppointmentService>, Option<Held<Bookings>>);

async fn around_move(
    reader: &mut Reader<'_>,
    booking: &Booking,
    request: &RescheduleBookingRequest,
) -> Result<Move, Fault> {
    let slot: Option<AppointmentSlot> = reader.glance(&request.slot).await?;
    let service = reader.glance(&booking.service).await?;
    Ok((slot, service, next(reader, &booking.slot).await?))
}

fn reschedule(
    booking: &mut Booking,
    _: RescheduleBookingRequest,
    (slot, service, next): Move,
    call: &mut Call,
) -> Result<(), Fault> {
    let most = practice().appointments.most_moves;
    let often = booking.moves >= most && !call.principal().may(SERVES);
    refuse_if(often, Reason::TooManyMoves, format!("a booking is moved {most} times at most"))?;
    let slot = bookable(slot, service.as_ref(), "slot", call)?;
    let unfit = slot.service != booking.service || slot.name == booking.slot;
    refuse_if(unfit, Reason::SlotUnfit, "a booking moves to another slot of the same service")?;
    seat(booking, &slot);
    booking.moves += 1;
    follow_up(booking, call);
    hand_over(next, call)
}

/// The seat is that person's alone: another document is another person.
fn check_in(booking: &mut Booking, request: CheckInBookingRequest, call: &mut Call) -> Result<(), Fault> {
    let early = TimeDelta::minutes(practice().appointments.check_in_minutes.into());
    let soon = booking.start_time.as_ref().and_then(instant).is_some_and(|start| start - early > call.now());
    refuse_if(soon, Reason::CheckInTooEarly, "the appointment is not yet near")?;
    let own = booking.applicant.as_ref().map(|one| folded(&one.document_number));
    let other = own != Some(folded(&request.document_number));
    refuse_if(other, Reason::ApplicantMismatch, "the booking is another person's: the document is not the one named")?;
    booking.check_in_time = Some(call.timestamp());
    call.timers().clear_all();
    Ok(())
}

fn serve(booking: &mut Booking, _: ServeBookingRequest, call: &mut Call) -> Result<(), Fault> {
    booking.serve_time = Some(call.timestamp());
    Ok(())
}

#[tonic::async_trait]
impl BookingService for Bookings {
    async fn get_booking(&self, request: Request<GetBookingRequest>) -> Answer<Booking> {
        self.registry.get(request).await
    }

    async fn list_bookings(&self, request: Request<ListBookingsRequest>) -> Answer<ListBookingsResponse> {
        self.registry.list(request).await
    }

    async fn create_booking(&self, request: Request<CreateBookingRequest>) -> Answer<Booking> {
        self.book(request).await
    }

    async fn confirm_booking(&self, request: Request<ConfirmBookingRequest>) -> Answer<Booking> {
        // The slot is not closed meanwhile.
        let waits = async |reader: &mut Reader<'_>, booking: &Booking, _: &ConfirmBookingRequest| {
            let application = of(reader, booking, "SUBMITTED").await?;
            Ok((reader.share(&booking.slot).await?, application))
        };
        self.registry.act_with(request, waits, confirm).await
    }

    async fn reschedule_booking(&self, request: Request<RescheduleBookingRequest>) -> Answer<Booking> {
        self.registry.act_with(request, around_move, reschedule).await
    }

    async fn cancel_booking(&self, request: Request<CancelBookingRequest>) -> Answer<Booking> {
        self.registry.act_with(request, around, cancel).await
    }

    async fn check_in_booking(&self, request: Request<CheckInBookingRequest>) -> Answer<Booking> {
        self.registry.act(request, check_in).await
    }

    async fn serve_booking(&self, request: Request<ServeBookingRequest>) -> Answer<Booking> {
        self.registry.act(request, serve).await
    }

    async fn list_booking_revisions(
        &self,
        request: Request<ListBookingRevisionsRequest>,
    ) -> Answer<ListBookingRevisionsResponse> {
        self.registry.revisions(request).await
    }

    type WatchBookingsStream = Feed<WatchBookingsResponse>;

    async fn watch_bookings(&self, request: Request<WatchBookingsRequest>) -> Answer<Self::WatchBookingsStream> {
        self.registry.watch(request).await
    }
}

//! Slots: the times that can be booked, made from the opening hours ahead and when someone looks, each of them once.

use crate::appointment_plan::{Planned, plan};
use crate::appointment_services::AppointmentServices;
use crate::appointment_windows::AppointmentWindows;
use crate::booking_letters::tell_of_closure;
use crate::booking_queue::{at_reopening, offer};
use crate::bookings::Bookings;
use crate::counter::practice;
use calendar::Country;
use chrono::{DateTime, Days, NaiveDate, TimeDelta, Utc};
use chrono_tz::Tz;
use fault::{Fault, Reason as _, refuse_if};
use futures::{StreamExt as _, TryStreamExt as _};
use identity::{Called, Principal};
use proto::consular::v1::appointment_slot::Origin;
use proto::consular::v1::appointment_slot_service_server::AppointmentSlotService;
use proto::consular::v1::{
    AppointmentService, AppointmentSlot, CloseAppointmentSlotRequest, CreateAppointmentSlotRequest,
    FindFreeSlotsRequest, FindFreeSlotsResponse, FreeSlot, GetAppointmentSlotRequest,
    ListAppointmentSlotRevisionsRequest, ListAppointmentSlotRevisionsResponse, ListAppointmentSlotsRequest,
    ListAppointmentSlotsResponse, Reason, ReopenAppointmentSlotRequest, WatchAppointmentSlotsRequest,
    WatchAppointmentSlotsResponse, appointment_service,
};
use proto::policy::v1::Reason as House;
use registry::{Answer, Call, Feed, Held, Keep, Reader, Registry, Visible, instant, timestamp};
use sqlx::Row as _;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use tokio_util::sync::CancellationToken;
use tonic::{Request, Response};

/// How often slots are made ahead.
const EVERY: Duration = Duration::from_secs(3_600);
/// How many slots are made at a time.
const AT_ONCE: usize = 8;
/// The automatic step by which slots are made and closed.
const PLANNER: &str = "slots";
/// Slots with a seat left. `taken` is counted by the database.
const FREE: &str = "select name, start_time, end_time, doc->>'localTime' as local_time, capacity - taken as free \
    from appointment_slots where service = $1 and state = 'OPEN' and deleted_at is null and taken < capacity \
    and start_time >= $2 and start_time < $3 order by start_time limit 1000";

/// How a slot that is there stands to the opening hours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Standing {
    /// They made it, and it is open.
    OpenByPlan,
    /// They closed it: where they have it again, it is open again.
    ShutByPlan,
    /// Somebody of the post made, closed or opened it, and answers for it.
    ByStaff,
}

/// The slots.
#[derive(Clone, Debug)]
pub struct AppointmentSlots {
    registry: Registry<Self>,
    services: Registry<AppointmentServices>,
    windows: Registry<AppointmentWindows>,
}

impl Keep for AppointmentSlots {
    type Record = AppointmentSlot;

    /// When a post serves is no secret.
    fn visible(_: &Principal) -> Visible {
        Visible::All
    }

    fn constraint(name: &str) -> Option<Fault> {
        let words = "the service has a slot at this time already";
        (name == "appointment_slots_once").then(|| Fault::new(House::AlreadyExists, words))
    }
}

impl AppointmentSlots {
    /// The slots that a registry keeps, made by the services' opening hours.
    pub fn new(
        registry: Registry<Self>,
        services: Registry<AppointmentServices>,
        windows: Registry<AppointmentWindows>,
    ) -> Self {
        Self { registry, services, windows }
    }

    /// Makes the slots of every service as far ahead as it is open, again each hour, until the service stops.
    pub async fn keep_ahead(self, shutdown: CancellationToken) {
        let mut hours = tokio::time::interval(EVERY);
        loop {
            tokio::select! {
                () = shutdown.cancelled() => return,
                _ = hours.tick() => {}
            }
            if let Err(fault) = self.ahead().await {
                tracing::warn!(error = %fault, "slots could not be made ahead");
            }
        }
    }

    /// Makes the slots of every service as far ahead as it is open. How many were made or closed.
    ///
    /// # Errors
    /// The database's.
    pub async fn ahead(&self) -> Result<usize, Fault> {
        let mut changed = 0;
        for service in self.services.all(&[("state", &["OFFERED"])]).await? {
            let today = self.today(&service);
            changed += self.lay(&service, today, horizon(&service, today)).await?;
        }
        Ok(changed)
    }

    /// The date it is at the post.
    fn today(&self, service: &AppointmentService) -> NaiveDate {
        self.registry.store().now().with_timezone(&zone(service)).date_naive()
    }

    /// Makes the slots of these days that are not there, closes those that the opening hours no longer have, and opens
    /// again those that were closed so and that the hours have again. Two who do it at once make none twice: a slot is
    /// named by its service and time.
    async fn lay(&self, service: &AppointmentService, from: NaiveDate, to: NaiveDate) -> Result<usize, Fault> {
        if to < from {
            return Ok(0);
        }
        let (home, zone) = (self.registry.store().home(), zone(service));
        let countries = [home.state.as_str(), &service.country];
        let is_holiday = |date| {
            countries.iter().any(|code| Country::known(code).is_some_and(|country| country.holiday(date).is_some()))
        };
        let windows = self.windows.all(&[("service", &[service.name.as_str()])]).await?;
        let each = u32::try_from(service.slot_minutes).unwrap_or_default();
        let now = self.registry.store().now();
        let mut planned = plan(&windows, zone, each, is_holiday, (from, to));
        planned.retain(|slot| slot.start > now);
        // What begins on the days before is not this plan's to close.
        let first = from.pred_opt().map_or(now, |eve| midnight(eve, zone)).max(now);
        let there = self.there(service, first, midnight(to, zone)).await?;
        let missing = planned.iter().filter(|slot| !there.contains_key(&slot.start));
        let wanted: Vec<DateTime<Utc>> = planned.iter().map(|slot| slot.start).collect();
        let made = futures::stream::iter(missing.map(|slot| self.make(service, slot)).collect::<Vec<_>>());
        let made: Vec<bool> = made.buffer_unordered(AT_ONCE).try_collect().await?;
        let surplus = there
            .iter()
            .filter(|(start, (_, standing))| *standing == Standing::OpenByPlan && wanted.binary_search(start).is_err());
        let mut changed = 0;
        for (_, (name, _)) in surplus {
            changed += usize::from(self.shut(name).await?);
        }
        let again = planned.iter().filter_map(|slot| there.get(&slot.start));
        for (name, _) in again.filter(|(_, standing)| *standing == Standing::ShutByPlan) {
            changed += usize::from(self.open_again(name).await?);
        }
        Ok(made.into_iter().filter(|made| *made).count() + changed)
    }

    /// The slots that begin between two instants, each with how it stands to the opening hours.
    async fn there(
        &self,
        service: &AppointmentService,
        from: DateTime<Utc>,
        to: DateTime<Utc>,
    ) -> Result<BTreeMap<DateTime<Utc>, (String, Standing)>, Fault> {
        let text = "select start_time, name, origin = 'PLAN' and state = 'OPEN', \
                    state = 'CLOSED' and doc->>'closedBy' = 'PLAN' from appointment_slots \
                    where service = $1 and start_time >= $2 and start_time < $3";
        let rows = sqlx::query(text).bind(&service.name).bind(from).bind(to).fetch_all(self.registry.store().pool());
        let rows = rows.await.map_err(pg::fault)?;
        let slot = |row: &sqlx::postgres::PgRow| {
            let standing = match (row.try_get(2)?, row.try_get(3)?) {
                (true, _) => Standing::OpenByPlan,
                (_, true) => Standing::ShutByPlan,
                _ => Standing::ByStaff,
            };
            Ok((row.try_get(0)?, (row.try_get(1)?, standing)))
        };
        rows.iter().map(slot).collect::<Result<_, sqlx::Error>>().map_err(pg::fault)
    }

    /// Makes one slot; not if another did meanwhile.
    async fn make(&self, service: &AppointmentService, planned: &Planned) -> Result<bool, Fault> {
        let slot = AppointmentSlot {
            service: service.name.clone(),
            start_time: Some(timestamp(planned.start)),
            capacity: planned.capacity,
            ..AppointmentSlot::default()
        };
        let ask = CreateAppointmentSlotRequest { appointment_slot: Some(slot), ..Default::default() };
        match self.add(by_planner(ask, "CreateAppointmentSlot")?).await {
            Ok(_) => Ok(true),
            Err(status) if Fault::from(&status).reason() == House::AlreadyExists.name() => Ok(false),
            Err(status) => Err(Fault::from(&status)),
        }
    }

    /// Closes one slot; not if somebody did meanwhile.
    async fn shut(&self, name: &str) -> Result<bool, Fault> {
        let reason = "the opening hours no longer have it".to_owned();
        let ask = CloseAppointmentSlotRequest { name: name.to_owned(), reason, ..Default::default() };
        match self.registry.act_with(by_planner(ask, "CloseAppointmentSlot")?, concerned, close).await {
            Ok(_) => Ok(true),
            Err(status) if Fault::from(&status).reason() == House::WrongState.name() => Ok(false),
            Err(status) => Err(Fault::from(&status)),
        }
    }

    /// Opens one slot again; not if somebody of the post did, or closed it, meanwhile.
    async fn open_again(&self, name: &str) -> Result<bool, Fault> {
        let reason = "the opening hours have it again".to_owned();
        let ask = ReopenAppointmentSlotRequest { name: name.to_owned(), reason, ..Default::default() };
        match self.registry.act_with(by_planner(ask, "ReopenAppointmentSlot")?, waiting, reopen).await {
            Ok(_) => Ok(true),
            Err(status) if Fault::from(&status).reason() == House::WrongState.name() => Ok(false),
            Err(status) => Err(Fault::from(&status)),
        }
    }

    async fn add(&self, request: Request<CreateAppointmentSlotRequest>) -> Answer<AppointmentSlot> {
        let service = async |reader: &mut Reader<'_>, slot: &AppointmentSlot| {
            reader.share::<AppointmentService>(&slot.service).await
        };
        self.registry.create_with(request, service, open).await
    }

    async fn find(&self, request: Request<FindFreeSlotsRequest>) -> Answer<FindFreeSlotsResponse> {
        let ask = request.into_inner();
        registry::check(&ask)?;
        let unknown = || Fault::new(House::NotFound, format!("there is no {}", ask.service));
        let service = self.services.load(&ask.service).await?.ok_or_else(unknown)?;
        if service.state() != appointment_service::State::Offered {
            return Ok(Response::new(FindFreeSlotsResponse::default()));
        }
        let today = self.today(&service);
        let from = ask.from_date.parse().unwrap_or(today).max(today);
        let to = ask.to_date.parse().unwrap_or(from + Days::new(14));
        let most = i64::from(practice().appointments.search_days);
        let words = format!("free times are looked for on {most} days at once");
        refuse_if((to - from).num_days() > most, Reason::RangeTooLong, words)?;
        let to = to.min(horizon(&service, today));
        self.lay(&service, from, to).await?;
        let soonest = self.registry.store().now() + TimeDelta::minutes(service.lead_minutes.into());
        let zone = zone(&service);
        let start = from.pred_opt().map_or(soonest, |eve| midnight(eve, zone)).max(soonest);
        let rows = sqlx::query(FREE).bind(&service.name).bind(start).bind(midnight(to, zone));
        let rows = rows.fetch_all(self.registry.store().pool()).await.map_err(pg::fault)?;
        let free = |row: &sqlx::postgres::PgRow| {
            Ok(FreeSlot {
                slot: row.try_get("name")?,
                start_time: Some(timestamp(row.try_get("start_time")?)),
                end_time: Some(timestamp(row.try_get("end_time")?)),
                local_time: row.try_get("local_time")?,
                free_seats: row.try_get("free")?,
            })
        };
        let slots = rows.iter().map(free).collect::<Result<_, sqlx::Error>>().map_err(pg::fault)?;
        Ok(Response::new(FindFreeSlotsResponse { slots }))
    }
}

/// A request of nobody in person.
fn by_planner<R>(ask: R, method: &str) -> Result<Request<R>, Fault> {
    let path = format!("/legation.consular.v1.AppointmentSlotService/{method}");
    let missing = || Fault::new(House::Internal, "the contract has no method to make slots by");
    let method = proto::contract::contract().method(&path).ok_or_else(missing)?;
    let mut request = Request::new(ask);
    let principal = Arc::new(Principal::timer(PLANNER));
    request.extensions_mut().insert(Called { principal, method, deadline: None, traceparent: String::new() });
    Ok(request)
}

/// The zone of the service's post; it was checked when the service was made.
fn zone(service: &AppointmentService) -> Tz {
    service.time_zone.parse().unwrap_or(Tz::UTC)
}

/// The last date that can be booked.
fn horizon(service: &AppointmentService, today: NaiveDate) -> NaiveDate {
    today + Days::new(u64::try_from(service.horizon_days).unwrap_or_default())
}

/// The end of a date.
fn midnight(date: NaiveDate, zone: Tz) -> DateTime<Utc> {
    calendar::WorkingDays::of([], zone).end_of(date)
}

/// The slot is named by its service and time, so that the same is never made twice.
fn open(slot: &mut AppointmentSlot, service: Option<AppointmentService>, call: &mut Call) -> Result<(), Fault> {
    let missing = || Fault::new(House::BrokenReference, "there is no such service");
    let service = service.ok_or_else(|| missing().at("appointmentSlot.service", "does not exist"))?;
    let unreadable =
        || Fault::new(House::InvalidFields, "1 field is wrong").at("appointmentSlot.startTime", "is no instant");
    let start = slot.start_time.as_ref().and_then(instant).ok_or_else(unreadable)?;
    let withdrawn = service.state() != appointment_service::State::Offered;
    refuse_if(withdrawn, Reason::ServiceWithdrawn, "the service is not offered at present")?;
    let id = service.name.rsplit('/').next().unwrap_or_default();
    slot.name = format!("appointmentSlots/{id}-{}", start.format("%Y%m%dt%H%M%Sz"));
    slot.end_time = Some(timestamp(start + TimeDelta::minutes(service.slot_minutes.into())));
    slot.local_time = start.with_timezone(&zone(&service)).format("%Y-%m-%dT%H:%M").to_string();
    slot.post = service.post;
    if slot.capacity == 0 {
        slot.capacity = service.capacity;
    }
    slot.set_origin(origin(call));
    Ok(())
}

fn origin(call: &Call) -> Origin {
    if &*call.principal().subject == "timers/slots" { Origin::Plan } else { Origin::Staff }
}

/// Whoever has or wants a seat is told, with the change.
async fn concerned(
    reader: &mut Reader<'_>,
    slot: &AppointmentSlot,
    _: &CloseAppointmentSlotRequest,
) -> Result<(), Fault> {
    tell_of_closure(reader, slot).await
}

fn close(slot: &mut AppointmentSlot, _: CloseAppointmentSlotRequest, (): (), call: &mut Call) -> Result<(), Fault> {
    slot.set_closed_by(origin(call));
    Ok(())
}

/// Whoever waits has the seats that were given back while it was closed.
async fn waiting(
    reader: &mut Reader<'_>,
    slot: &AppointmentSlot,
    _: &ReopenAppointmentSlotRequest,
) -> Result<Vec<Held<Bookings>>, Fault> {
    at_reopening(reader, slot).await
}

fn reopen(
    slot: &mut AppointmentSlot,
    _: ReopenAppointmentSlotRequest,
    waiting: Vec<Held<Bookings>>,
    call: &mut Call,
) -> Result<(), Fault> {
    if origin(call) == Origin::Plan {
        let by_staff = slot.closed_by() != Origin::Plan;
        refuse_if(by_staff, House::WrongState, "somebody of the post closed it, which the opening hours do not undo")?;
    } else {
        // Whoever opens it answers for it: the opening hours do not close it again.
        slot.set_origin(Origin::Staff);
    }
    slot.set_closed_by(Origin::Unspecified);
    waiting.into_iter().try_for_each(|one| offer(one, call))
}

#[tonic::async_trait]
impl AppointmentSlotService for AppointmentSlots {
    async fn get_appointment_slot(&self, request: Request<GetAppointmentSlotRequest>) -> Answer<AppointmentSlot> {
        self.registry.get(request).await
    }

    async fn list_appointment_slots(
        &self,
        request: Request<ListAppointmentSlotsRequest>,
    ) -> Answer<ListAppointmentSlotsResponse> {
        self.registry.list(request).await
    }

    async fn create_appointment_slot(&self, request: Request<CreateAppointmentSlotRequest>) -> Answer<AppointmentSlot> {
        self.add(request).await
    }

    async fn close_appointment_slot(&self, request: Request<CloseAppointmentSlotRequest>) -> Answer<AppointmentSlot> {
        self.registry.act_with(request, concerned, close).await
    }

    async fn reopen_appointment_slot(&self, request: Request<ReopenAppointmentSlotRequest>) -> Answer<AppointmentSlot> {
        self.registry.act_with(request, waiting, reopen).await
    }

    async fn find_free_slots(&self, request: Request<FindFreeSlotsRequest>) -> Answer<FindFreeSlotsResponse> {
        self.find(request).await
    }

    async fn list_appointment_slot_revisions(
        &self,
        request: Request<ListAppointmentSlotRevisionsRequest>,
    ) -> Answer<ListAppointmentSlotRevisionsResponse> {
        self.registry.revisions(request).await
    }

    type WatchAppointmentSlotsStream = Feed<WatchAppointmentSlotsResponse>;

    async fn watch_appointment_slots(
        &self,
        request: Request<WatchAppointmentSlotsRequest>,
    ) -> Answer<Self::WatchAppointmentSlotsStream> {
        self.registry.watch(request).await
    }
}

//! Opening hours of a service by appointment: each week, on a single date, or closed on one.

use crate::appointment_plan::minutes;
use fault::{Fault, refuse_if};
use identity::Principal;
use proto::consular::v1::appointment_window::{Kind, Weekday};
use proto::consular::v1::appointment_window_service_server::AppointmentWindowService;
use proto::consular::v1::{
    AppointmentService, AppointmentWindow, CreateAppointmentWindowRequest, DeleteAppointmentWindowRequest,
    GetAppointmentWindowRequest, ListAppointmentWindowRevisionsRequest, ListAppointmentWindowRevisionsResponse,
    ListAppointmentWindowsRequest, ListAppointmentWindowsResponse, Reason, WatchAppointmentWindowsRequest,
    WatchAppointmentWindowsResponse,
};
use proto::policy::v1::Reason as House;
use registry::{Answer, Call, Feed, Keep, Reader, Registry, Visible};
use tonic::Request;

/// The windows.
#[derive(Clone, Debug)]
pub struct AppointmentWindows {
    registry: Registry<Self>,
}

impl Keep for AppointmentWindows {
    type Record = AppointmentWindow;

    /// When a counter is open is no secret.
    fn visible(_: &Principal) -> Visible {
        Visible::All
    }

    fn admit(window: &mut AppointmentWindow, _: &mut Call) -> Result<(), Fault> {
        let (day, date) = (window.weekday() != Weekday::Unspecified, !window.date.is_empty());
        let hours = minutes(&window.open_time).zip(minutes(&window.close_time));
        let lasts = hours.is_some_and(|(open, close)| open < close);
        let none = window.open_time.is_empty() && window.close_time.is_empty();
        let fits = match window.kind() {
            Kind::Weekly => day && !date && lasts && (window.to_date.is_empty() || window.from_date <= window.to_date),
            Kind::Single => date && !day && lasts,
            Kind::Closed => date && !day && none,
            Kind::Unspecified => false,
        };
        let words = "hours of each week have a weekday, hours of a single date and closures a date; hours end after \
                     they begin, and a closure has none";
        refuse_if(!fits, Reason::HoursUnfit, words)
    }
}

impl AppointmentWindows {
    /// The windows that a registry keeps.
    pub fn new(registry: Registry<Self>) -> Self {
        Self { registry }
    }
}

type Beside = (Option<AppointmentService>, Vec<AppointmentWindow>);

/// The service and its other windows, of which none is added meanwhile.
async fn beside(reader: &mut Reader<'_>, window: &AppointmentWindow) -> Result<Beside, Fault> {
    reader.alone(&format!("hours of {}", window.service)).await?;
    let service = reader.share(&window.service).await?;
    Ok((service, reader.all(&[("service", &[window.service.as_str()])]).await?))
}

fn open(window: &mut AppointmentWindow, (service, others): Beside, _: &mut Call) -> Result<(), Fault> {
    let missing = || Fault::new(House::BrokenReference, "there is no such service");
    refuse_if(service.is_none(), House::BrokenReference, "there is no such service")
        .map_err(|_| missing().at("appointmentWindow.service", "does not exist"))?;
    let overlapping = others.iter().any(|other| overlap(window, other));
    refuse_if(overlapping, Reason::HoursOverlap, "the counter is open then already, or closed on that date already")
}

/// Whether two windows say something about the same time of the same day.
fn overlap(one: &AppointmentWindow, other: &AppointmentWindow) -> bool {
    let same_day = one.kind() == other.kind() && one.weekday() == other.weekday() && one.date == other.date;
    let apart = |one: &str, other: &str| !one.is_empty() && !other.is_empty() && one < other;
    let same_season = !apart(&one.to_date, &other.from_date) && !apart(&other.to_date, &one.from_date);
    let same_hours = one.open_time < other.close_time && other.open_time < one.close_time;
    same_day && same_season && (same_hours || one.kind() == Kind::Closed)
}

#[tonic::async_trait]
impl AppointmentWindowService for AppointmentWindows {
    async fn get_appointment_window(&self, request: Request<GetAppointmentWindowRequest>) -> Answer<AppointmentWindow> {
        self.registry.get(request).await
    }

    async fn list_appointment_windows(
        &self,
        request: Request<ListAppointmentWindowsRequest>,
    ) -> Answer<ListAppointmentWindowsResponse> {
        self.registry.list(request).await
    }

    async fn create_appointment_window(
        &self,
        request: Request<CreateAppointmentWindowRequest>,
    ) -> Answer<AppointmentWindow> {
        self.registry.create_with(request, beside, open).await
    }

    async fn delete_appointment_window(
        &self,
        request: Request<DeleteAppointmentWindowRequest>,
    ) -> Answer<AppointmentWindow> {
        self.registry.delete(request).await
    }

    async fn list_appointment_window_revisions(
        &self,
        request: Request<ListAppointmentWindowRevisionsRequest>,
    ) -> Answer<ListAppointmentWindowRevisionsResponse> {
        self.registry.revisions(request).await
    }

    type WatchAppointmentWindowsStream = Feed<WatchAppointmentWindowsResponse>;

    async fn watch_appointment_windows(
        &self,
        request: Request<WatchAppointmentWindowsRequest>,
    ) -> Answer<Self::WatchAppointmentWindowsStream> {
        self.registry.watch(request).await
    }
}

//! Services that posts give by appointment: how long each takes, how many are served at once, how far ahead one can book.

use chrono_tz::Tz;
use fault::{Fault, refuse_if};
use identity::Principal;
use proto::consular::v1::appointment_service_service_server::AppointmentServiceService;
use proto::consular::v1::{
    AppointmentService, CreateAppointmentServiceRequest, GetAppointmentServiceRequest,
    ListAppointmentServiceRevisionsRequest, ListAppointmentServiceRevisionsResponse, ListAppointmentServicesRequest,
    ListAppointmentServicesResponse, Reason, ReofferAppointmentServiceRequest, UpdateAppointmentServiceRequest,
    WatchAppointmentServicesRequest, WatchAppointmentServicesResponse, WithdrawAppointmentServiceRequest,
};
use registry::{Answer, Call, Feed, Keep, Registry, Visible};
use tonic::Request;

/// The services.
#[derive(Clone, Debug)]
pub struct AppointmentServices {
    registry: Registry<Self>,
}

impl Keep for AppointmentServices {
    type Record = AppointmentService;

    /// What a post offers is no secret.
    fn visible(_: &Principal) -> Visible {
        Visible::All
    }

    fn admit(service: &mut AppointmentService, _: &mut Call) -> Result<(), Fault> {
        let unknown = service.time_zone.parse::<Tz>().is_err();
        refuse_if(unknown, Reason::TimeZoneUnknown, "there is no such time zone")
            .map_err(|fault| fault.at("appointmentService.timeZone", "is no name of the IANA database"))
    }
}

impl AppointmentServices {
    /// The services that a registry keeps.
    pub fn new(registry: Registry<Self>) -> Self {
        Self { registry }
    }
}

#[tonic::async_trait]
impl AppointmentServiceService for AppointmentServices {
    async fn get_appointment_service(
        &self,
        request: Request<GetAppointmentServiceRequest>,
    ) -> Answer<AppointmentService> {
        self.registry.get(request).await
    }

    async fn list_appointment_services(
        &self,
        request: Request<ListAppointmentServicesRequest>,
    ) -> Answer<ListAppointmentServicesResponse> {
        self.registry.list(request).await
    }

    async fn create_appointment_service(
        &self,
        request: Request<CreateAppointmentServiceRequest>,
    ) -> Answer<AppointmentService> {
        self.registry.create(request).await
    }

    async fn update_appointment_service(
        &self,
        request: Request<UpdateAppointmentServiceRequest>,
    ) -> Answer<AppointmentService> {
        self.registry.update(request).await
    }

    async fn withdraw_appointment_service(
        &self,
        request: Request<WithdrawAppointmentServiceRequest>,
    ) -> Answer<AppointmentService> {
        self.registry.act(request, |_, _, _| Ok(())).await
    }

    async fn reoffer_appointment_service(
        &self,
        request: Request<ReofferAppointmentServiceRequest>,
    ) -> Answer<AppointmentService> {
        self.registry.act(request, |_, _, _| Ok(())).await
    }

    async fn list_appointment_service_revisions(
        &self,
        request: Request<ListAppointmentServiceRevisionsRequest>,
    ) -> Answer<ListAppointmentServiceRevisionsResponse> {
        self.registry.revisions(request).await
    }

    type WatchAppointmentServicesStream = Feed<WatchAppointmentServicesResponse>;

    async fn watch_appointment_services(
        &self,
        request: Request<WatchAppointmentServicesRequest>,
    ) -> Answer<Self::WatchAppointmentServicesStream> {
        self.registry.watch(request).await
    }
}

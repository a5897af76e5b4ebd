//! What missions ask of our agencies: routed by the table in `data/usage.toml`, answered within working days, escalated if not.

use crate::filing;
use crate::usage::{Route, usage};
use calendar::{Clock, Length, due};
use fault::{Fault, refuse_if};
use identity::Principal;
use proto::accreditation::v1::service_request_service_server::ServiceRequestService;
use proto::accreditation::v1::{
    AcceptServiceRequestRequest, AnswerServiceRequestRequest, AskMissionRequest, CancelServiceRequestRequest,
    CloseServiceRequestRequest, CreateServiceRequestRequest, GetServiceRequestRequest,
    ListServiceRequestRevisionsRequest, ListServiceRequestRevisionsResponse, ListServiceRequestsRequest,
    ListServiceRequestsResponse, Mission, Reason, ReopenServiceRequestRequest, ReplyToAgencyRequest,
    RerouteServiceRequestRequest, ServiceQuestion, ServiceRequest, WatchServiceRequestsRequest,
    WatchServiceRequestsResponse,
};
use registry::{Answer, Call, Feed, Keep, Reader, Registry, Visible, timestamp};
use tonic::Request;

/// The end of the time an agency has.
const DUE: &str = "due";

/// The requests.
#[derive(Clone, Debug)]
pub struct ServiceRequests {
    registry: Registry<Self>,
}

impl Keep for ServiceRequests {
    type Record = ServiceRequest;

    /// A mission's own staff see what their mission asks, an agency what it is asked; others who may read requests see
    /// all.
    fn visible(to: &Principal) -> Visible {
        match (&to.mission, &to.agency) {
            (Some(mission), _) => Visible::having("mission", mission),
            (None, Some(agency)) => Visible::having("agency", agency),
            (None, None) => Visible::All,
        }
    }

    /// The day has passed: it is brought before someone, and again each time as long passes without an answer, up to the
    /// last step of our practice.
    fn fire(request: &mut ServiceRequest, _: &str, call: &mut Call) -> Result<(), Fault> {
        escalate(request, call);
        Ok(())
    }
}

impl ServiceRequests {
    /// The requests that a registry keeps.
    pub fn new(registry: Registry<Self>) -> Self {
        Self { registry }
    }
}

#[tonic::async_trait]
impl ServiceRequestService for ServiceRequests {
    async fn get_service_request(&self, request: Request<GetServiceRequestRequest>) -> Answer<ServiceRequest> {
        self.registry.get(request).await
    }

    async fn list_service_requests(
        &self,
        request: Request<ListServiceRequestsRequest>,
    ) -> Answer<ListServiceRequestsResponse> {
        self.registry.list(request).await
    }

    async fn create_service_request(&self, request: Request<CreateServiceRequestRequest>) -> Answer<ServiceRequest> {
        self.registry.create_with(request, mission, file).await
    }

    async fn accept_service_request(&self, request: Request<AcceptServiceRequestRequest>) -> Answer<ServiceRequest> {
        self.registry.act(request, |_, _, _| Ok(())).await
    }

    async fn reroute_service_request(&self, request: Request<RerouteServiceRequestRequest>) -> Answer<ServiceRequest> {
        self.registry.act(request, reroute).await
    }

    async fn ask_mission(&self, request: Request<AskMissionRequest>) -> Answer<ServiceRequest> {
        self.registry.act(request, ask_mission).await
    }

    async fn reply_to_agency(&self, request: Request<ReplyToAgencyRequest>) -> Answer<ServiceRequest> {
        self.registry.act(request, reply).await
    }

    async fn answer_service_request(&self, request: Request<AnswerServiceRequestRequest>) -> Answer<ServiceRequest> {
        self.registry.act(request, answer).await
    }

    async fn reopen_service_request(&self, request: Request<ReopenServiceRequestRequest>) -> Answer<ServiceRequest> {
        self.registry.act(request, reopen).await
    }

    async fn close_service_request(&self, request: Request<CloseServiceRequestRequest>) -> Answer<ServiceRequest> {
        self.registry.act(request, |_, _, _| Ok(())).await
    }

    async fn cancel_service_request(&self, request: Request<CancelServiceRequestRequest>) -> Answer<ServiceRequest> {
        self.registry.act(request, cancel).await
    }

    async fn list_service_request_revisions(
        &self,
        request: Request<ListServiceRequestRevisionsRequest>,
    ) -> Answer<ListServiceRequestRevisionsResponse> {
        self.registry.revisions(request).await
    }

    type WatchServiceRequestsStream = Feed<WatchServiceRequestsResponse>;

    async fn watch_service_requests(
        &self,
        request: Request<WatchServiceRequestsRequest>,
    ) -> Answer<Self::WatchServiceRequestsStream> {
        self.registry.watch(request).await
    }
}

async fn mission(reader: &mut Reader<'_>, request: &ServiceRequest) -> Result<Option<Mission>, Fault> {
    reader.share(&request.mission).await
}

fn file(request: &mut ServiceRequest, mission: Option<Mission>, call: &mut Call) -> Result<(), Fault> {
    filing::own_at_work(mission, "serviceRequest.mission", call)?;
    let route = route(request)?;
    request.agency.clone_from(&route.agency);
    run(request, route, call);
    Ok(())
}

/// Where requests of this kind go. The table has a route for every kind: it was checked when it was read.
fn route(request: &ServiceRequest) -> Result<&'static Route, Fault> {
    let kind = request.kind().as_str_name();
    let found = usage().services.route.iter().find(|route| route.kind == kind);
    found.ok_or_else(|| Fault::new(proto::policy::v1::Reason::Internal, format!("there is no route for {kind}")))
}

/// Lets the agency's time run from now.
fn run(request: &mut ServiceRequest, route: &Route, call: &mut Call) {
    let clock = Clock::new(call.now(), Length::WorkingDays(route.working_days));
    call.timers().set(DUE, clock);
    request.escalated = false;
    request.escalation_level = 0;
    request.escalated_to.clear();
    show_due(request, call);
}

fn show_due(request: &mut ServiceRequest, call: &mut Call) {
    let clock = call.timers().get(DUE).cloned();
    request.due_time = clock.and_then(|clock| due(&clock, call.days())).map(timestamp);
}

fn escalate(request: &mut ServiceRequest, call: &mut Call) {
    let practice = &usage().services;
    request.escalated = true;
    request.escalation_level += 1;
    let level = request.escalation_level.unsigned_abs() as usize;
    let before = practice.escalation.get(level - 1).or(practice.escalation.last());
    request.escalated_to = before.cloned().unwrap_or_default();
    if level < practice.escalation.len() {
        let clock = Clock::new(call.now(), Length::WorkingDays(practice.escalation_working_days));
        call.timers().set(DUE, clock);
    }
    show_due(request, call);
}

fn reroute(request: &mut ServiceRequest, ask: RerouteServiceRequestRequest, call: &mut Call) -> Result<(), Fault> {
    let known = usage().services.route.iter().any(|route| route.agency == ask.agency);
    refuse_if(!known, Reason::AgencyUnknown, "no route leads to this agency")?;
    request.agency = ask.agency;
    run(request, route(request)?, call);
    Ok(())
}

/// The time stands still while the mission is asked. A day that has passed is escalated first, if its timer has not
/// fired yet: a question does not undo it. After the last step there is nothing to stop.
fn ask_mission(request: &mut ServiceRequest, ask: AskMissionRequest, call: &mut Call) -> Result<(), Fault> {
    let ask_time = Some(call.timestamp());
    request.questions.push(ServiceQuestion { question: ask.question, ask_time, ..ServiceQuestion::default() });
    let clock = call.timers().get(DUE).cloned();
    if clock.and_then(|clock| due(&clock, call.days())).is_some_and(|due| due <= call.now()) {
        call.timers().clear(DUE);
        escalate(request, call);
    }
    if call.timers().get(DUE).is_some() {
        call.timers().pause(DUE)?;
    }
    show_due(request, call);
    Ok(())
}

fn reply(request: &mut ServiceRequest, ask: ReplyToAgencyRequest, call: &mut Call) -> Result<(), Fault> {
    if let Some(question) = request.questions.last_mut() {
        question.answer = ask.answer;
        question.answer_time = Some(call.timestamp());
    }
    if call.timers().get(DUE).is_some_and(Clock::is_paused) {
        call.timers().resume(DUE)?;
    }
    show_due(request, call);
    Ok(())
}

fn answer(request: &mut ServiceRequest, ask: AnswerServiceRequestRequest, call: &mut Call) -> Result<(), Fault> {
    request.answer = ask.answer;
    request.agency_reference = ask.agency_reference;
    request.answer_time = Some(call.timestamp());
    stop(request, call);
    Ok(())
}

fn reopen(request: &mut ServiceRequest, _: ReopenServiceRequestRequest, call: &mut Call) -> Result<(), Fault> {
    run(request, route(request)?, call);
    Ok(())
}

fn cancel(request: &mut ServiceRequest, _: CancelServiceRequestRequest, call: &mut Call) -> Result<(), Fault> {
    stop(request, call);
    Ok(())
}

fn stop(request: &mut ServiceRequest, call: &mut Call) {
    call.timers().clear(DUE);
    request.due_time = None;
}

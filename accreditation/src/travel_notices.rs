//! Notices of journeys, meetings and events: held against the controls in force at once, decided, and reconciled with what
//! took place.

use crate::controls::{Case, breaches, held, owed};
use crate::filing;
use crate::usage::usage;
use fault::{Fault, refuse_if};
use identity::Principal;
use proto::accreditation::v1::control_rule::{Mode, Trigger};
use proto::accreditation::v1::travel_notice_service_server::TravelNoticeService;
use proto::accreditation::v1::{
    AcknowledgeTravelNoticeRequest, ApproveTravelNoticeRequest, CancelTravelNoticeRequest, ControlRule,
    CreateTravelNoticeRequest, DenyTravelNoticeRequest, GetTravelNoticeRequest, ListTravelNoticeRevisionsRequest,
    ListTravelNoticeRevisionsResponse, ListTravelNoticesRequest, ListTravelNoticesResponse, Member, Mission, Reason,
    ReconcileTravelNoticeRequest, RecordOccurrenceRequest, TravelNotice, WatchTravelNoticesRequest,
    WatchTravelNoticesResponse,
};
use proto::policy::v1::Reason as House;
use registry::{Answer, Call, Feed, Keep, Reader, Registry, Visible, instant, timestamp};
use tonic::Request;

/// States of rules that may bind at some instant.
const ENACTED: [&str; 2] = ["ENACTED", "REPEALED"];

/// The notices.
#[derive(Clone, Debug)]
pub struct TravelNotices {
    registry: Registry<Self>,
}

impl Keep for TravelNotices {
    type Record = TravelNotice;

    /// A mission's own staff see their members' notices; others who may read notices see all.
    fn visible(to: &Principal) -> Visible {
        to.mission.as_ref().map_or(Visible::All, |mission| Visible::having("mission", mission))
    }
}

impl TravelNotices {
    /// The notices that a registry keeps.
    pub fn new(registry: Registry<Self>) -> Self {
        Self { registry }
    }
}

#[tonic::async_trait]
impl TravelNoticeService for TravelNotices {
    async fn get_travel_notice(&self, request: Request<GetTravelNoticeRequest>) -> Answer<TravelNotice> {
        self.registry.get(request).await
    }

    async fn list_travel_notices(
        &self,
        request: Request<ListTravelNoticesRequest>,
    ) -> Answer<ListTravelNoticesResponse> {
        self.registry.list(request).await
    }

    async fn create_travel_notice(&self, request: Request<CreateTravelNoticeRequest>) -> Answer<TravelNotice> {
        self.registry.create_with(request, surroundings, submit).await
    }

    async fn acknowledge_travel_notice(
        &self,
        request: Request<AcknowledgeTravelNoticeRequest>,
    ) -> Answer<TravelNotice> {
        self.registry.act(request, |_, _, _| Ok(())).await
    }

    async fn approve_travel_notice(&self, request: Request<ApproveTravelNoticeRequest>) -> Answer<TravelNotice> {
        self.registry.act(request, |notice, _, _| needs_approval(notice)).await
    }

    async fn deny_travel_notice(&self, request: Request<DenyTravelNoticeRequest>) -> Answer<TravelNotice> {
        self.registry.act(request, |notice, _, _| needs_approval(notice)).await
    }

    async fn cancel_travel_notice(&self, request: Request<CancelTravelNoticeRequest>) -> Answer<TravelNotice> {
        self.registry.act(request, |_, _, _| Ok(())).await
    }

    async fn record_occurrence(&self, request: Request<RecordOccurrenceRequest>) -> Answer<TravelNotice> {
        self.registry.act(request, record_occurrence).await
    }

    async fn reconcile_travel_notice(&self, request: Request<ReconcileTravelNoticeRequest>) -> Answer<TravelNotice> {
        self.registry.act(request, reconcile).await
    }

    async fn list_travel_notice_revisions(
        &self,
        request: Request<ListTravelNoticeRevisionsRequest>,
    ) -> Answer<ListTravelNoticeRevisionsResponse> {
        self.registry.revisions(request).await
    }

    type WatchTravelNoticesStream = Feed<WatchTravelNoticesResponse>;

    async fn watch_travel_notices(
        &self,
        request: Request<WatchTravelNoticesRequest>,
    ) -> Answer<Self::WatchTravelNoticesStream> {
        self.registry.watch(request).await
    }
}

/// Who travels, and every rule there ever was in force.
#[derive(Debug)]
struct Surroundings {
    member: Option<Member>,
    mission: Option<Mission>,
    rules: Vec<ControlRule>,
}

async fn surroundings(reader: &mut Reader<'_>, notice: &TravelNotice) -> Result<Surroundings, Fault> {
    let member: Option<Member> = reader.share(&notice.member).await?;
    let mission = match &member {
        Some(member) => reader.share(&member.mission).await?,
        None => None,
    };
    let rules = reader.all::<ControlRule>(&[("state", &ENACTED)]).await?;
    Ok(Surroundings { member, mission, rules })
}

fn submit(notice: &mut TravelNotice, around: Surroundings, call: &mut Call) -> Result<(), Fault> {
    let mission = filing::own(around.mission, "travelNotice.member", call)?;
    let missing =
        || Fault::new(House::BrokenReference, "there is no such member").at("travelNotice.member", "does not exist");
    let member = around.member.ok_or_else(missing)?;
    let begin = notice.begin_time.as_ref().and_then(instant).unwrap_or_else(|| call.now());
    let ended = notice.end_time.as_ref().and_then(instant).is_some_and(|end| end < begin);
    refuse_if(ended, Reason::TimesImplausible, "it ends before it begins")?;
    let nowhere = notice.trigger() == Trigger::TravelRadius && notice.location.is_none();
    refuse_if(nowhere, Reason::ControlIncomplete, "a journey says where it leads")
        .map_err(|fault| fault.at("travelNotice.location", "is needed for a journey"))?;
    let case = Case {
        sending_state: &mission.sending_state,
        category: member.category(),
        trigger: notice.trigger(),
        location: notice.location,
        counterpart: notice.counterpart(),
        begin,
        told: call.now(),
    };
    notice.matches = held(&around.rules, &case, call.days());
    let (mode, late) = owed(&notice.matches);
    notice.set_mode(mode);
    notice.late = late;
    notice.submit_time = Some(call.timestamp());
    notice.mission = mission.name;
    Ok(())
}

/// What needs no approval can be neither approved nor denied.
fn needs_approval(notice: &TravelNotice) -> Result<(), Fault> {
    let words = "no rule that binds here asks for our approval";
    refuse_if(notice.mode() != Mode::Approve, Reason::ApprovalNotRequired, words)
}

fn record_occurrence(
    notice: &mut TravelNotice,
    request: RecordOccurrenceRequest,
    call: &mut Call,
) -> Result<(), Fault> {
    let planned = notice.begin_time.as_ref().and_then(instant);
    let began = request.occur_time.as_ref().and_then(instant).or(planned).unwrap_or_else(|| call.now());
    refuse_if(began > call.now(), Reason::TimesImplausible, "it has not begun yet")?;
    let tolerance = (usage().controls.same_place_metres, usage().controls.same_time_hours);
    let broken = breaches(notice, notice.state(), request.location.as_ref(), began, tolerance);
    notice.violation = !broken.is_empty();
    notice.breaches = broken.into_iter().map(Into::into).collect();
    notice.occur_time = Some(timestamp(began));
    Ok(())
}

fn reconcile(notice: &mut TravelNotice, request: ReconcileTravelNoticeRequest, _: &mut Call) -> Result<(), Fault> {
    notice.violation = !request.breaches.is_empty();
    notice.breaches = request.breaches;
    notice.finding = request.finding;
    Ok(())
}

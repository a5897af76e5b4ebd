//! Foreign missions in our country: consent, opening, restriction, suspension, closure, the break of relations
//! (VCDR art. 2, 11, 12, 45; VCCR art. 4, 20, 27).

use crate::closure::Unsettled;
use crate::ending::{self, Holdings, Leavers};
use crate::previews::{Concerned, concerned, effects, time_passes};
use crate::tenure::Tenures;
use crate::terms::Terms;
use calendar::{Clock, due};
use fault::{Fault, refuse_if};
use identity::Principal;
use proto::accreditation::v1::identity_card::RevocationCause;
use proto::accreditation::v1::member::EndCause;
use proto::accreditation::v1::mission::State;
use proto::accreditation::v1::mission::Type;
use proto::accreditation::v1::mission_service_server::MissionService;
use proto::accreditation::v1::{
    ApprovePremisesRequest, CloseRequest, CompleteClosureRequest, ConsentRequest, CreateMissionRequest,
    DeleteMissionRequest, ExportMissionsRequest, ExportMissionsResponse, GetMissionRequest, ImportMissionsRequest,
    ImportMissionsResponse, LiftRestrictionRequest, ListMissionRevisionsRequest, ListMissionRevisionsResponse,
    ListMissionsRequest, ListMissionsResponse, Mission, OpenRequest, PreviewCloseRequest, PreviewCloseResponse,
    PreviewSeverRequest, PreviewSeverResponse, Reason, RefuseRequest, RequestConsentRequest, RestrictRequest,
    ResumeRequest, SeverRequest, SuspendRequest, UpdateMissionRequest, WatchMissionsRequest, WatchMissionsResponse,
};
use registry::{Answer, Call, Feed, Keep, Reader, Registry, Visible, timestamp};
use std::sync::OnceLock;
use tonic::{Request, Response, Streaming};

/// The end of the time to leave after a break of relations.
const WITHDRAWAL_TIMER: &str = "withdrawal";

/// The missions.
#[derive(Clone, Debug)]
pub struct Missions {
    registry: Registry<Self>,
}

impl Keep for Missions {
    type Record = Mission;

    /// A mission's own staff see their mission; others who may read missions see all.
    fn visible(to: &Principal) -> Visible {
        to.mission.as_ref().map_or(Visible::All, |mission| Visible::having("name", mission))
    }

    fn admit(mission: &mut Mission, call: &mut Call) -> Result<(), Fault> {
        let ours = mission.sending_state == call.home().state;
        refuse_if(ours, Reason::SendingStateIsOurs, "a foreign mission is sent by another state")?;
        let by_organisation = !mission.organization.is_empty();
        let twofold = by_organisation != mission.sending_state.is_empty();
        let words = "a mission is sent by a state, or an office by an international organisation";
        refuse_if(twofold || by_organisation && mission.r#type() != Type::IoOffice, Reason::SenderMismatch, words)
    }

    /// With the time to leave ends what the mission itself holds of us.
    async fn fire_with(mission: &mut Mission, _: &str, reader: &mut Reader<'_>, call: &mut Call) -> Result<(), Fault> {
        let own = Holdings::of_mission(reader, &mission.name).await?;
        own.end(RevocationCause::FunctionsEnded, call)
    }
}

impl Missions {
    /// The missions that a registry keeps.
    pub fn new(registry: Registry<Self>) -> Self {
        Self { registry }
    }
}

#[tonic::async_trait]
impl MissionService for Missions {
    async fn get_mission(&self, request: Request<GetMissionRequest>) -> Answer<Mission> {
        self.registry.get(request).await
    }

    async fn list_missions(&self, request: Request<ListMissionsRequest>) -> Answer<ListMissionsResponse> {
        self.registry.list(request).await
    }

    async fn create_mission(&self, request: Request<CreateMissionRequest>) -> Answer<Mission> {
        self.registry.create(request).await
    }

    async fn update_mission(&self, request: Request<UpdateMissionRequest>) -> Answer<Mission> {
        self.registry.update(request).await
    }

    async fn delete_mission(&self, request: Request<DeleteMissionRequest>) -> Answer<Mission> {
        self.registry.delete(request).await
    }

    async fn request_consent(&self, request: Request<RequestConsentRequest>) -> Answer<Mission> {
        self.registry.act(request, |_, _, _| Ok(())).await
    }

    async fn consent(&self, request: Request<ConsentRequest>) -> Answer<Mission> {
        self.registry.act(request, |_, _, _| Ok(())).await
    }

    async fn refuse(&self, request: Request<RefuseRequest>) -> Answer<Mission> {
        self.registry.act(request, refuse).await
    }

    async fn approve_premises(&self, request: Request<ApprovePremisesRequest>) -> Answer<Mission> {
        self.registry.act(request, approve_premises).await
    }

    async fn open(&self, request: Request<OpenRequest>) -> Answer<Mission> {
        self.registry.act(request, open).await
    }

    async fn restrict(&self, request: Request<RestrictRequest>) -> Answer<Mission> {
        self.registry.act(request, restrict).await
    }

    async fn lift_restriction(&self, request: Request<LiftRestrictionRequest>) -> Answer<Mission> {
        self.registry.act(request, lift_restriction).await
    }

    async fn suspend(&self, request: Request<SuspendRequest>) -> Answer<Mission> {
        self.registry.act(request, |_, _, _| Ok(())).await
    }

    async fn resume(&self, request: Request<ResumeRequest>) -> Answer<Mission> {
        self.registry.act(request, |_, _, _| Ok(())).await
    }

    async fn close(&self, request: Request<CloseRequest>) -> Answer<Mission> {
        self.registry.act_with(request, everyone, close).await
    }

    async fn complete_closure(&self, request: Request<CompleteClosureRequest>) -> Answer<Mission> {
        self.registry.act_with(request, unsettled, complete_closure).await
    }

    async fn sever(&self, request: Request<SeverRequest>) -> Answer<Mission> {
        self.registry.act_with(request, everyone, sever).await
    }

    async fn preview_close(&self, request: Request<PreviewCloseRequest>) -> Answer<PreviewCloseResponse> {
        let unsettled = OnceLock::new();
        let closed = |mission: &mut Mission, _, concerned: Concerned, call: &mut Call| {
            unsettled.get_or_init(|| concerned.unsettled.names());
            let (everyone, holdings, _) = concerned.split();
            close(mission, CloseRequest::default(), everyone, call)?;
            time_passes(holdings, call)
        };
        let rehearsed = self.registry.rehearse(request, concerned, closed).await?;
        let (effects, affected) = effects(&rehearsed)?;
        let unsettled = unsettled.into_inner().unwrap_or_default();
        Ok(Response::new(PreviewCloseResponse { state: State::Closing.into(), effects, affected, unsettled }))
    }

    async fn preview_sever(&self, request: Request<PreviewSeverRequest>) -> Answer<PreviewSeverResponse> {
        let severed = |mission: &mut Mission, ask: PreviewSeverRequest, concerned: Concerned, call: &mut Call| {
            let PreviewSeverRequest { protecting_power, in_custody, .. } = ask;
            let (everyone, holdings, own) = concerned.split();
            let request = SeverRequest { protecting_power, in_custody, ..SeverRequest::default() };
            sever(mission, request, everyone, call)?;
            time_passes(holdings, call)?;
            time_passes(own, call)
        };
        let rehearsed = self.registry.rehearse(request, concerned, severed).await?;
        let (effects, affected) = effects(&rehearsed)?;
        Ok(Response::new(PreviewSeverResponse { state: State::Severed.into(), effects, affected }))
    }

    async fn list_mission_revisions(
        &self,
        request: Request<ListMissionRevisionsRequest>,
    ) -> Answer<ListMissionRevisionsResponse> {
        self.registry.revisions(request).await
    }

    type WatchMissionsStream = Feed<WatchMissionsResponse>;

    async fn watch_missions(&self, request: Request<WatchMissionsRequest>) -> Answer<Self::WatchMissionsStream> {
        self.registry.watch(request).await
    }

    type ImportMissionsStream = Feed<ImportMissionsResponse>;

    async fn import_missions(
        &self,
        request: Request<Streaming<ImportMissionsRequest>>,
    ) -> Answer<Self::ImportMissionsStream> {
        self.registry.import(request, established).await
    }

    type ExportMissionsStream = Feed<ExportMissionsResponse>;

    async fn export_missions(&self, request: Request<ExportMissionsRequest>) -> Answer<Self::ExportMissionsStream> {
        self.registry.export(request).await
    }
}

/// After a break of relations premises, property and interests stay protected as they were (art. 45), and it may be
/// asked again.
fn refuse(mission: &mut Mission, _: RefuseRequest, _: &mut Call) -> Result<(), Fault> {
    let broken = !mission.protecting_power.is_empty() || mission.in_custody;
    mission.set_state(if broken { State::Severed } else { State::Refused });
    Ok(())
}

/// A mission that is to work again keeps what it held, and looks after it itself.
fn approve_premises(mission: &mut Mission, request: ApprovePremisesRequest, call: &mut Call) -> Result<(), Fault> {
    mission.protecting_power.clear();
    mission.in_custody = false;
    mission.withdraw_end_time = None;
    call.timers().clear(WITHDRAWAL_TIMER);
    if request.address.is_some() {
        mission.address = request.address;
    }
    Ok(())
}

fn open(mission: &mut Mission, request: OpenRequest, call: &mut Call) -> Result<(), Fault> {
    let opened = request.open_time.as_ref().and_then(registry::instant).unwrap_or_else(|| call.now());
    refuse_if(opened > call.now(), Reason::DatesImplausible, "the opening is a fact and lies in the past")?;
    mission.open_time = Some(registry::timestamp(opened));
    Ok(())
}

/// We may ask that the size of a mission be kept within what we consider reasonable and normal (art. 11.1).
fn restrict(mission: &mut Mission, request: RestrictRequest, _: &mut Call) -> Result<(), Fault> {
    mission.size_limit = request.size_limit;
    mission.category_limits = request.category_limits;
    Ok(())
}

fn lift_restriction(mission: &mut Mission, _: LiftRestrictionRequest, _: &mut Call) -> Result<(), Fault> {
    mission.size_limit = 0;
    mission.category_limits.clear();
    Ok(())
}

async fn unsettled<R>(reader: &mut Reader<'_>, mission: &Mission, _: &R) -> Result<Unsettled, Fault> {
    Unsettled::of(reader, &mission.name).await
}

fn complete_closure(
    mission: &mut Mission,
    _: CompleteClosureRequest,
    unsettled: Unsettled,
    call: &mut Call,
) -> Result<(), Fault> {
    unsettled.settled()?;
    mission.close_time = Some(call.timestamp());
    Ok(())
}

/// Its members, and what they were charged with.
pub(crate) type Everyone = (Leavers, Tenures);

pub(crate) async fn everyone<R>(reader: &mut Reader<'_>, mission: &Mission, _: &R) -> Result<Everyone, Fault> {
    let members = ending::everyone(reader, mission).await?;
    let tenures = Tenures::of(reader, members.members()).await?;
    Ok((members, tenures))
}

/// Nobody is a member of a mission that is being wound up; all have time to leave.
fn close(_: &mut Mission, _: CloseRequest, (members, tenures): Everyone, call: &mut Call) -> Result<(), Fault> {
    let now = call.now();
    members.end("endWithMission", EndCause::MissionEnded, now, call)?;
    tenures.end(now, call)
}

/// Even then premises, property and archives are respected and protected: by us, or by a third state acceptable to us
/// (art. 45). The members have time to leave (art. 44), and the mission itself has the same to wind up.
fn sever(
    mission: &mut Mission,
    request: SeverRequest,
    (members, tenures): Everyone,
    call: &mut Call,
) -> Result<(), Fault> {
    let power = request.protecting_power;
    let words = "name the protecting power or take the premises into custody; one of them, not both";
    refuse_if(power.is_empty() != request.in_custody, Reason::ProtectionNotSettled, words)?;
    let unfit = !power.is_empty() && (power == mission.sending_state || power == call.home().state);
    refuse_if(unfit, Reason::ProtectingPowerUnfit, "the protecting power is a third state")?;
    mission.protecting_power = power;
    mission.in_custody = request.in_custody;
    mission.size_limit = 0;
    mission.category_limits.clear();
    let now = call.now();
    let clock = Clock::new(now, call.data::<Terms>().grace);
    mission.withdraw_end_time = due(&clock, call.days()).map(timestamp);
    call.timers().set(WITHDRAWAL_TIMER, clock);
    members.end("endWithMission", EndCause::MissionEnded, now, call)?;
    tenures.end(now, call)
}

/// What is imported was established before the register was kept.
fn established(mission: &mut Mission, call: &mut Call) -> Result<(), Fault> {
    if mission.open_time.is_none() {
        mission.open_time = Some(call.timestamp());
    }
    Ok(())
}

//! Courtesies of the port: asked for by embassies, one traveller a request, granted by rank (practice in
//! `data/usage.toml`).

use crate::courtesy_claims::{claims, covers};
use crate::filing;
use crate::usage::usage;
use fault::{Fault, refuse_if};
use identity::Principal;
use proto::accreditation::v1::mission::Type;
use proto::accreditation::v1::port_courtesy_service_server::PortCourtesyService;
use proto::accreditation::v1::{
    ApprovePortCourtesyRequest, CancelPortCourtesyRequest, CompletePortCourtesyRequest, CreatePortCourtesyRequest,
    DenyPortCourtesyRequest, GetPortCourtesyRequest, ListPortCourtesiesRequest, ListPortCourtesiesResponse,
    ListPortCourtesyRevisionsRequest, ListPortCourtesyRevisionsResponse, Mission, PortCourtesy, Reason,
    RecordNoShowRequest, SubmitPortCourtesyRequest, UpdatePortCourtesyRequest, WatchPortCourtesiesRequest,
    WatchPortCourtesiesResponse,
};
use registry::{Answer, Call, Feed, Keep, Reader, Registry, Visible, instant};
use tonic::Request;

/// The requests.
#[derive(Clone, Debug)]
pub struct PortCourtesies {
    registry: Registry<Self>,
}

impl Keep for PortCourtesies {
    type Record = PortCourtesy;

    /// A mission's own staff see their mission's requests; others who may read them see all.
    fn visible(to: &Principal) -> Visible {
        to.mission.as_ref().map_or(Visible::All, |mission| Visible::having("mission", mission))
    }

    fn constraint(name: &str) -> Option<Fault> {
        let words = "there is a request for this traveller's journey already";
        (name == "port_courtesies_one_live").then(|| Fault::new(Reason::CourtesyAlreadyRequested, words))
    }
}

impl PortCourtesies {
    /// The requests that a registry keeps.
    pub fn new(registry: Registry<Self>) -> Self {
        Self { registry }
    }
}

#[tonic::async_trait]
impl PortCourtesyService for PortCourtesies {
    async fn get_port_courtesy(&self, request: Request<GetPortCourtesyRequest>) -> Answer<PortCourtesy> {
        self.registry.get(request).await
    }

    async fn list_port_courtesies(
        &self,
        request: Request<ListPortCourtesiesRequest>,
    ) -> Answer<ListPortCourtesiesResponse> {
        self.registry.list(request).await
    }

    async fn create_port_courtesy(&self, request: Request<CreatePortCourtesyRequest>) -> Answer<PortCourtesy> {
        self.registry.create_with(request, mission, prepare).await
    }

    async fn update_port_courtesy(&self, request: Request<UpdatePortCourtesyRequest>) -> Answer<PortCourtesy> {
        self.registry.update(request).await
    }

    async fn submit_port_courtesy(&self, request: Request<SubmitPortCourtesyRequest>) -> Answer<PortCourtesy> {
        self.registry.act(request, submit).await
    }

    async fn approve_port_courtesy(&self, request: Request<ApprovePortCourtesyRequest>) -> Answer<PortCourtesy> {
        self.registry.act(request, approve).await
    }

    async fn deny_port_courtesy(&self, request: Request<DenyPortCourtesyRequest>) -> Answer<PortCourtesy> {
        self.registry.act(request, deny).await
    }

    async fn complete_port_courtesy(&self, request: Request<CompletePortCourtesyRequest>) -> Answer<PortCourtesy> {
        self.registry.act(request, |courtesy, _, call| gone(courtesy, call)).await
    }

    async fn cancel_port_courtesy(&self, request: Request<CancelPortCourtesyRequest>) -> Answer<PortCourtesy> {
        self.registry.act(request, |_, _, _| Ok(())).await
    }

    async fn record_no_show(&self, request: Request<RecordNoShowRequest>) -> Answer<PortCourtesy> {
        self.registry.act(request, |courtesy, _, call| gone(courtesy, call)).await
    }

    async fn list_port_courtesy_revisions(
        &self,
        request: Request<ListPortCourtesyRevisionsRequest>,
    ) -> Answer<ListPortCourtesyRevisionsResponse> {
        self.registry.revisions(request).await
    }

    type WatchPortCourtesiesStream = Feed<WatchPortCourtesiesResponse>;

    async fn watch_port_courtesies(
        &self,
        request: Request<WatchPortCourtesiesRequest>,
    ) -> Answer<Self::WatchPortCourtesiesStream> {
        self.registry.watch(request).await
    }
}

async fn mission(reader: &mut Reader<'_>, courtesy: &PortCourtesy) -> Result<Option<Mission>, Fault> {
    reader.share(&courtesy.mission).await
}

/// Consular posts ask through their embassy.
fn prepare(_: &mut PortCourtesy, mission: Option<Mission>, call: &mut Call) -> Result<(), Fault> {
    let mission = filing::own_at_work(mission, "portCourtesy.mission", call)?;
    let post = matches!(
        mission.r#type(),
        Type::ConsulateGeneral | Type::Consulate | Type::ViceConsulate | Type::ConsularAgency | Type::HonoraryPost
    );
    refuse_if(post, Reason::CourtesyNotForPosts, "consular posts cannot ask for courtesies of the port")?;
    Ok(())
}

/// The claims are those of the day of submission; what changes later does not take them away.
fn submit(courtesy: &mut PortCourtesy, _: SubmitPortCourtesyRequest, call: &mut Call) -> Result<(), Fault> {
    let practice = &usage().courtesies;
    let Some(scheduled) = courtesy.scheduled_time.as_ref().and_then(instant) else { return Ok(()) };
    let (today, day) = (call.days().date(call.now()), call.days().date(scheduled));
    courtesy.late = call.days().between(today, day) < practice.lead_working_days;
    courtesy.submit_time = Some(call.timestamp());
    courtesy.claims = claims(courtesy, practice);
    for companion in &mut courtesy.companions {
        companion.covered = covers(companion, day, practice);
    }
    Ok(())
}

/// Only what was asked for and goes with the rank is granted, and weapons only with a clearance.
fn approve(courtesy: &mut PortCourtesy, request: ApprovePortCourtesyRequest, _: &mut Call) -> Result<(), Fault> {
    let claimed = |granted: i32| courtesy.claims.iter().any(|claim| claim.eligible && claim.courtesy == granted);
    let undue = request.granted().find(|granted| !claimed((*granted).into()));
    refuse_if(
        undue.is_some(),
        Reason::RankNotEligible,
        "the traveller's rank gives no claim to it, or it was not asked for",
    )
    .map_err(|fault| fault.with("courtesy", undue.unwrap_or_default().as_str_name()))?;
    let armed = !courtesy.weapons.is_empty();
    refuse_if(
        armed == request.weapons_clearance.is_empty(),
        Reason::WeaponsNotCleared,
        "weapons are brought in with a clearance, and a clearance is for weapons that were declared",
    )?;
    courtesy.granted = request.granted;
    courtesy.officer = request.officer;
    courtesy.lane = request.lane;
    courtesy.lounge = request.lounge;
    courtesy.weapons_clearance = request.weapons_clearance;
    Ok(())
}

fn deny(courtesy: &mut PortCourtesy, request: DenyPortCourtesyRequest, _: &mut Call) -> Result<(), Fault> {
    courtesy.denial_cause = request.cause;
    Ok(())
}

/// What became of the journey is known once its hour has come.
fn gone(courtesy: &PortCourtesy, call: &Call) -> Result<(), Fault> {
    let ahead = courtesy.scheduled_time.as_ref().and_then(instant).is_some_and(|hour| hour > call.now());
    refuse_if(ahead, Reason::TimesImplausible, "the journey still lies ahead")
}

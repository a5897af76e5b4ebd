//! Incidents: what agencies report of members who met the law; a serious one opens a request for a waiver and, if that comes
//! to nothing, a declaration of persona non grata (VCDR art. 9, 32, 41; VCCR art. 23, 45, 55).

use crate::persona_non_grata::Unwanted;
use crate::usage::usage;
use crate::waivers::{self, Waivers};
use fault::{Fault, refuse_if};
use identity::Principal;
use proto::accreditation::v1::incident::{Proposal, WaiverOutcome};
use proto::accreditation::v1::incident_service_server::IncidentService;
use proto::accreditation::v1::{
    CloseIncidentRequest, ConfirmIncidentRequest, CreateIncidentRequest, Determination, DismissIncidentRequest,
    GetIncidentRequest, Incident, LinkDeterminationRequest, ListIncidentRevisionsRequest,
    ListIncidentRevisionsResponse, ListIncidentsRequest, ListIncidentsResponse, Member, Reason,
    RecordWaiverOutcomeRequest, StateChargeRequest, Waiver, WaiverScope, WatchIncidentsRequest, WatchIncidentsResponse,
    waiver,
};
use proto::policy::v1::Reason as House;
use registry::{Answer, Call, Feed, Keep, Reader, Registry, Visible, instant};
use tonic::Request;

/// The incidents.
#[derive(Clone, Debug)]
pub struct Incidents {
    registry: Registry<Self>,
}

impl Keep for Incidents {
    type Record = Incident;

    /// An agency sees what it reported itself; those of ours who may read incidents see all. To a mission they are told
    /// by note: its staff see none.
    fn visible(to: &Principal) -> Visible {
        match &to.agency {
            _ if to.mission.is_some() => Visible::None,
            Some(agency) => Visible::having("agency", agency),
            None => Visible::All,
        }
    }
}

impl Incidents {
    /// The incidents that a registry keeps.
    pub fn new(registry: Registry<Self>) -> Self {
        Self { registry }
    }
}

#[tonic::async_trait]
impl IncidentService for Incidents {
    async fn get_incident(&self, request: Request<GetIncidentRequest>) -> Answer<Incident> {
        self.registry.get(request).await
    }

    async fn list_incidents(&self, request: Request<ListIncidentsRequest>) -> Answer<ListIncidentsResponse> {
        self.registry.list(request).await
    }

    async fn create_incident(&self, request: Request<CreateIncidentRequest>) -> Answer<Incident> {
        self.registry.create_with(request, surroundings, report).await
    }

    async fn confirm_incident(&self, request: Request<ConfirmIncidentRequest>) -> Answer<Incident> {
        self.registry.act(request, |_, _, _| Ok(())).await
    }

    async fn dismiss_incident(&self, request: Request<DismissIncidentRequest>) -> Answer<Incident> {
        self.registry.act(request, |_, _, _| Ok(())).await
    }

    async fn link_determination(&self, request: Request<LinkDeterminationRequest>) -> Answer<Incident> {
        self.registry.act_with(request, determination, link_determination).await
    }

    async fn state_charge(&self, request: Request<StateChargeRequest>) -> Answer<Incident> {
        self.registry.act_with(request, asked_already, state_charge).await
    }

    async fn record_waiver_outcome(&self, request: Request<RecordWaiverOutcomeRequest>) -> Answer<Incident> {
        self.registry.act_with(request, answer, record_waiver_outcome).await
    }

    async fn close_incident(&self, request: Request<CloseIncidentRequest>) -> Answer<Incident> {
        self.registry.act(request, close).await
    }

    async fn list_incident_revisions(
        &self,
        request: Request<ListIncidentRevisionsRequest>,
    ) -> Answer<ListIncidentRevisionsResponse> {
        self.registry.revisions(request).await
    }

    type WatchIncidentsStream = Feed<WatchIncidentsResponse>;

    async fn watch_incidents(&self, request: Request<WatchIncidentsRequest>) -> Answer<Self::WatchIncidentsStream> {
        self.registry.watch(request).await
    }
}

async fn surroundings(reader: &mut Reader<'_>, incident: &Incident) -> Result<Option<Member>, Fault> {
    reader.share(&incident.member).await
}

fn report(incident: &mut Incident, member: Option<Member>, call: &mut Call) -> Result<(), Fault> {
    let missing = || Fault::new(House::BrokenReference, "there is no such member");
    let member = member.ok_or_else(|| missing().at("incident.member", "does not exist"))?;
    let ahead = incident.occur_time.as_ref().and_then(instant).is_some_and(|at| at > call.now());
    refuse_if(ahead, Reason::TimesImplausible, "what is reported has happened")
        .map_err(|fault| fault.at("incident.occurTime", "lies in the future"))?;
    if let Some(agency) = &call.principal().agency {
        incident.agency = agency.to_string();
    }
    incident.mission = member.mission;
    incident.serious = is_serious(incident);
    Ok(())
}

/// Any felony, and any crime of violence, is serious.
fn is_serious(incident: &Incident) -> bool {
    let practice = &usage().incidents;
    let class = incident.offence_class().as_str_name();
    practice.serious_classes.iter().any(|serious| serious == class)
        || (practice.violence_is_serious && incident.violent)
}

async fn determination(
    reader: &mut Reader<'_>,
    _: &Incident,
    request: &LinkDeterminationRequest,
) -> Result<Option<Determination>, Fault> {
    reader.share(&request.determination).await
}

fn link_determination(
    incident: &mut Incident,
    request: LinkDeterminationRequest,
    answer: Option<Determination>,
    _: &mut Call,
) -> Result<(), Fault> {
    let about_member = answer.is_some_and(|answer| answer.member == incident.member);
    refuse_if(!about_member, Reason::DeterminationUnrelated, "there is no such answer about this member")
        .map_err(|fault| fault.at("determination", "is not about the incident's member"))?;
    incident.determination = request.determination;
    Ok(())
}

/// The proceedings a waiver would be for: as the prosecutor names them, or the agency, or we.
fn proceedings<'a>(incident: &'a Incident, request: &'a StateChargeRequest) -> &'a str {
    let names = [request.proceedings.as_str(), incident.agency_reference.as_str(), incident.name.as_str()];
    names.into_iter().find(|name| !name.is_empty()).unwrap_or_default()
}

/// The request that is before the sending state already, for the same proceedings.
async fn asked_already(
    reader: &mut Reader<'_>,
    incident: &Incident,
    request: &StateChargeRequest,
) -> Result<Option<Waiver>, Fault> {
    let (member, scope) = ([incident.member.as_str()], [WaiverScope::Criminal.as_str_name()]);
    let proceedings = [proceedings(incident, request)];
    let fields: [(&str, &[&str]); 4] =
        [("member", &member), ("scope", &scope), ("proceedings", &proceedings), ("state", &waivers::UNANSWERED)];
    Ok(reader.all::<Waiver>(&fields).await?.into_iter().next())
}

/// A prosecutor who would charge but for immunity is what a request for a waiver rests on. Of a serious offence it is opened
/// here, unless the sending state is being asked already; who states the charge drafts it, and another sends it.
fn state_charge(
    incident: &mut Incident,
    request: StateChargeRequest,
    asked: Option<Waiver>,
    call: &mut Call,
) -> Result<(), Fault> {
    if incident.serious {
        incident.proposals = vec![Proposal::WaiverRequest.into()];
        incident.waiver = match asked {
            Some(waiver) => waiver.name,
            None => {
                let waiver = Waiver {
                    member: incident.member.clone(),
                    mission: incident.mission.clone(),
                    scope: WaiverScope::Criminal.into(),
                    proceedings: proceedings(incident, &request).to_owned(),
                    offence: incident.offence.clone(),
                    serious: true,
                    incident: incident.name.clone(),
                    ..Waiver::default()
                };
                call.open::<Waivers>(waiver, |_, _| Ok(()))?
            }
        };
    }
    incident.prosecutor = request.prosecutor;
    incident.charges = request.charges;
    incident.charge_time = Some(call.timestamp());
    Ok(())
}

/// Where the request that is linked stands, and the member.
async fn answer(
    reader: &mut Reader<'_>,
    incident: &Incident,
    _: &RecordWaiverOutcomeRequest,
) -> Result<(Option<Waiver>, Unwanted), Fault> {
    let waiver = match incident.waiver.as_str() {
        "" => None,
        name => reader.share(name).await?,
    };
    Ok((waiver, Unwanted::of(reader, &incident.member).await?))
}

fn record_waiver_outcome(
    incident: &mut Incident,
    request: RecordWaiverOutcomeRequest,
    (waiver, mut unwanted): (Option<Waiver>, Unwanted),
    call: &mut Call,
) -> Result<(), Fault> {
    let silent = request.outcome() == WaiverOutcome::WaiverNotAnswered;
    let told = waiver.is_none_or(|waiver| silent && waiver.state() == waiver::State::NoReply);
    refuse_if(!told, Reason::WaiverPending, "the request for a waiver that is linked says what was answered")?;
    learn(incident, request.outcome(), &mut unwanted, call)
}

/// Where immunity stays, the member who would be charged with a serious offence has to leave.
pub(crate) fn learn(
    incident: &mut Incident,
    outcome: WaiverOutcome,
    unwanted: &mut Unwanted,
    call: &mut Call,
) -> Result<(), Fault> {
    incident.set_waiver_outcome(outcome);
    if incident.serious && outcome != WaiverOutcome::WaiverGranted {
        incident.proposals.push(Proposal::PersonaNonGrata.into());
        let grounds = format!("{}: the immunity for a serious offence was not waived.", incident.name);
        incident.declaration = unwanted.declare(&incident.name, grounds, call)?;
    }
    Ok(())
}

fn close(incident: &mut Incident, request: CloseIncidentRequest, _: &mut Call) -> Result<(), Fault> {
    incident.close_cause = request.cause;
    Ok(())
}

//! Findings that a mission or a member does not keep to what binds it: a warning first, then a remedy or a measure (VCDR art.
//! 9, 41, 42, 47; VCCR art. 23, 55, 57, 72).

use crate::filing;
use crate::persona_non_grata::Unwanted;
use crate::tax_cards::{self, TaxCards};
use crate::usage::usage;
use calendar::{Clock, Length, due};
use fault::{Fault, refuse_if};
use identity::Principal;
use proto::accreditation::v1::compliance_finding::Measure;
use proto::accreditation::v1::compliance_finding_service_server::ComplianceFindingService;
use proto::accreditation::v1::{
    AddEvidenceRequest, CloseComplianceFindingRequest, ComplianceFinding, CreateComplianceFindingRequest, Debt,
    EscalateComplianceFindingRequest, Evidence, GetComplianceFindingRequest, Incident,
    ListComplianceFindingRevisionsRequest, ListComplianceFindingRevisionsResponse, ListComplianceFindingsRequest,
    ListComplianceFindingsResponse, Member, Mission, Property, Reason, RecordRemedyRequest, TrafficViolation,
    TravelNotice, WarnMissionRequest, WatchComplianceFindingsRequest, WatchComplianceFindingsResponse,
};
use registry::{Answer, Call, Feed, Held, Keep, Reader, Registry, Visible, timestamp};
use tonic::Request;

/// The end of the time to remedy a breach.
const REMEDY: &str = "remedy";

/// The findings.
#[derive(Clone, Debug)]
pub struct ComplianceFindings {
    registry: Registry<Self>,
}

impl Keep for ComplianceFindings {
    type Record = ComplianceFinding;

    /// A mission is warned by note: its staff see none of what we hold against it.
    fn visible(to: &Principal) -> Visible {
        if to.mission.is_some() { Visible::None } else { Visible::All }
    }

    fn fire(finding: &mut ComplianceFinding, _: &str, _: &mut Call) -> Result<(), Fault> {
        finding.overdue = true;
        Ok(())
    }
}

impl ComplianceFindings {
    /// The findings that a registry keeps.
    pub fn new(registry: Registry<Self>) -> Self {
        Self { registry }
    }
}

#[tonic::async_trait]
impl ComplianceFindingService for ComplianceFindings {
    async fn get_compliance_finding(&self, request: Request<GetComplianceFindingRequest>) -> Answer<ComplianceFinding> {
        self.registry.get(request).await
    }

    async fn list_compliance_findings(
        &self,
        request: Request<ListComplianceFindingsRequest>,
    ) -> Answer<ListComplianceFindingsResponse> {
        self.registry.list(request).await
    }

    async fn create_compliance_finding(
        &self,
        request: Request<CreateComplianceFindingRequest>,
    ) -> Answer<ComplianceFinding> {
        self.registry.create_with(request, surroundings, open).await
    }

    async fn add_evidence(&self, request: Request<AddEvidenceRequest>) -> Answer<ComplianceFinding> {
        self.registry.act_with(request, shown, add_evidence).await
    }

    async fn warn_mission(&self, request: Request<WarnMissionRequest>) -> Answer<ComplianceFinding> {
        self.registry.act(request, warn).await
    }

    async fn record_remedy(&self, request: Request<RecordRemedyRequest>) -> Answer<ComplianceFinding> {
        self.registry.act_with(request, withheld, record_remedy).await
    }

    async fn escalate_compliance_finding(
        &self,
        request: Request<EscalateComplianceFindingRequest>,
    ) -> Answer<ComplianceFinding> {
        self.registry.act_with(request, within_reach, escalate).await
    }

    async fn close_compliance_finding(
        &self,
        request: Request<CloseComplianceFindingRequest>,
    ) -> Answer<ComplianceFinding> {
        self.registry.act(request, close).await
    }

    async fn list_compliance_finding_revisions(
        &self,
        request: Request<ListComplianceFindingRevisionsRequest>,
    ) -> Answer<ListComplianceFindingRevisionsResponse> {
        self.registry.revisions(request).await
    }

    type WatchComplianceFindingsStream = Feed<WatchComplianceFindingsResponse>;

    async fn watch_compliance_findings(
        &self,
        request: Request<WatchComplianceFindingsRequest>,
    ) -> Answer<Self::WatchComplianceFindingsStream> {
        self.registry.watch(request).await
    }
}

/// The mission and the member, and whose the records are that are named as evidence.
struct Surroundings {
    mission: Option<Mission>,
    member: Option<Member>,
    related: Vec<bool>,
}

async fn surroundings(reader: &mut Reader<'_>, finding: &ComplianceFinding) -> Result<Surroundings, Fault> {
    let mission = reader.share(&finding.mission).await?;
    let member = match finding.member.as_str() {
        "" => None,
        name => reader.share(name).await?,
    };
    let mut related = Vec::new();
    for evidence in &finding.evidence {
        related.push(is_related(reader, &finding.mission, evidence).await?);
    }
    Ok(Surroundings { mission, member, related })
}

/// Whether evidence names a record about this mission, or none.
async fn is_related(reader: &mut Reader<'_>, mission: &str, evidence: &Evidence) -> Result<bool, Fault> {
    let name = evidence.record.as_str();
    let about = match name.split_once('/').map_or(name, |(collection, _)| collection) {
        "" => return Ok(true),
        "incidents" => reader.glance::<Incident>(name).await?.map(|incident| incident.mission),
        "travelNotices" => reader.glance::<TravelNotice>(name).await?.map(|notice| notice.mission),
        "trafficViolations" => reader.glance::<TrafficViolation>(name).await?.map(|violation| violation.mission),
        "debts" => reader.glance::<Debt>(name).await?.map(|debt| debt.mission),
        "properties" => reader.glance::<Property>(name).await?.map(|property| property.mission),
        _ => None,
    };
    Ok(about.is_some_and(|about| about == mission))
}

fn open(finding: &mut ComplianceFinding, around: Surroundings, call: &mut Call) -> Result<(), Fault> {
    let mission = filing::own(around.mission, "complianceFinding.mission", call)?;
    filing::of_mission(&finding.member, around.member.as_ref(), &mission, "complianceFinding.member")?;
    let unrelated = around.related.iter().position(|related| !related);
    refuse_if(unrelated.is_some(), Reason::EvidenceUnrelated, "there is no such record about this mission").map_err(
        |fault| {
            let at = unrelated.unwrap_or_default();
            fault.at(format!("complianceFinding.evidence[{at}].record"), "is no record about this mission")
        },
    )
}

async fn shown(
    reader: &mut Reader<'_>,
    finding: &ComplianceFinding,
    request: &AddEvidenceRequest,
) -> Result<bool, Fault> {
    is_related(reader, &finding.mission, request.evidence.as_ref().unwrap_or(&Evidence::default())).await
}

fn add_evidence(
    finding: &mut ComplianceFinding,
    request: AddEvidenceRequest,
    related: bool,
    _: &mut Call,
) -> Result<(), Fault> {
    refuse_if(!related, Reason::EvidenceUnrelated, "there is no such record about this mission")
        .map_err(|fault| fault.at("evidence.record", "is no record about this mission"))?;
    finding.evidence.extend(request.evidence);
    Ok(())
}

fn warn(finding: &mut ComplianceFinding, request: WarnMissionRequest, call: &mut Call) -> Result<(), Fault> {
    let clock = Clock::new(call.now(), Length::WorkingDays(usage().compliance.remedy_working_days));
    finding.note = request.note;
    finding.warn_time = Some(call.timestamp());
    finding.remedy_due_time = due(&clock, call.days()).map(timestamp);
    call.timers().set(REMEDY, clock);
    Ok(())
}

/// The cards that are withheld for this finding.
async fn withheld<R>(
    reader: &mut Reader<'_>,
    finding: &ComplianceFinding,
    _: &R,
) -> Result<Vec<Held<TaxCards>>, Fault> {
    let names: Vec<_> = finding.withheld.iter().map(String::as_str).collect();
    let mut held: Vec<Held<TaxCards>> = reader.hold(&[("name", &names), ("state", &["SUSPENDED"])]).await?;
    held.retain(|card| tax_cards::is_withheld(card));
    Ok(held)
}

fn record_remedy(
    finding: &mut ComplianceFinding,
    request: RecordRemedyRequest,
    withheld: Vec<Held<TaxCards>>,
    call: &mut Call,
) -> Result<(), Fault> {
    finding.remedy = request.remedy;
    finding.overdue = false;
    call.timers().clear(REMEDY);
    withheld.into_iter().try_for_each(|card| {
        call.follow(card, "beRestored", |card, _| {
            tax_cards::restore(card);
            Ok(())
        })
    })
}

/// What a measure could touch: the good tax cards, and the member.
async fn within_reach(
    reader: &mut Reader<'_>,
    finding: &ComplianceFinding,
    request: &EscalateComplianceFindingRequest,
) -> Result<(Vec<Held<TaxCards>>, Unwanted), Fault> {
    match request.measure() {
        Measure::BenefitsWithheld => {
            let fields: [(&str, &[&str]); 3] =
                [("mission", &[&finding.mission]), ("member", &[&finding.member]), ("state", &["ISSUED"])];
            Ok((reader.hold(&fields).await?, Unwanted::default()))
        }
        _ if finding.member.is_empty() => Ok((Vec::new(), Unwanted::default())),
        _ => Ok((Vec::new(), Unwanted::of(reader, &finding.member).await?)),
    }
}

/// The mission was warned and has had its time, or refuses.
fn escalate(
    finding: &mut ComplianceFinding,
    request: EscalateComplianceFindingRequest,
    (cards, mut unwanted): (Vec<Held<TaxCards>>, Unwanted),
    call: &mut Call,
) -> Result<(), Fault> {
    let early = !finding.overdue && !request.remedy_refused;
    refuse_if(early, Reason::RemedyTimeRuns, "the mission may still remedy the breach in its time")?;
    finding.set_measure(request.measure());
    call.timers().clear(REMEDY);
    if request.measure() == Measure::DeclarationOpened {
        let words = "the finding names no member with a status here";
        refuse_if(!unwanted.is_here(), Reason::FindingWithoutMember, words)?;
        let grounds = format!("{}: a breach that was not remedied after our warning {}.", finding.name, finding.note);
        finding.declaration = unwanted.declare("", grounds, call)?;
        return Ok(());
    }
    refuse_if(cards.is_empty(), Reason::NothingToWithhold, "no good tax card is held that could be withheld")?;
    finding.withheld = cards.iter().map(|card| card.name.clone()).collect();
    cards.into_iter().try_for_each(|card| {
        call.follow(card, "beWithheld", |card, _| {
            tax_cards::withhold(card);
            Ok(())
        })
    })
}

fn close(finding: &mut ComplianceFinding, request: CloseComplianceFindingRequest, _: &mut Call) -> Result<(), Fault> {
    finding.close_cause = request.cause;
    Ok(())
}

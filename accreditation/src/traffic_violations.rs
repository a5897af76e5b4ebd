//! Traffic violations: each recorded once, with the points of our practice; with it the licence is counted again.

use crate::benefits::{DrivingPractice, Practice};
use crate::driver_licences::{DriverLicences, OUT, suspend};
use crate::points::{self, Consequence, Offence};
use fault::{Fault, refuse_if};
use identity::Principal;
use proto::accreditation::v1::driver_licence;
use proto::accreditation::v1::traffic_violation::State;
use proto::accreditation::v1::traffic_violation_service_server::TrafficViolationService;
use proto::accreditation::v1::{
    CreateTrafficViolationRequest, GetTrafficViolationRequest, ListTrafficViolationRevisionsRequest,
    ListTrafficViolationRevisionsResponse, ListTrafficViolationsRequest, ListTrafficViolationsResponse, Reason,
    TrafficViolation, VoidTrafficViolationRequest, WatchTrafficViolationsRequest, WatchTrafficViolationsResponse,
};
use registry::{Answer, Call, Feed, Held, Keep, Reader, Registry, Visible, instant};
use std::sync::Arc;
use tonic::Request;

/// The state of violations that count while their window runs.
pub(crate) const RECORDED: [&str; 1] = ["RECORDED"];

/// The violations.
#[derive(Clone, Debug)]
pub struct TrafficViolations {
    registry: Registry<Self>,
    practice: Arc<Practice>,
}

/// The licence, locked, and what stands against it.
#[derive(Debug)]
struct Record {
    licence: Option<Held<DriverLicences>>,
    violations: Vec<TrafficViolation>,
}

impl Keep for TrafficViolations {
    type Record = TrafficViolation;

    /// A mission's own staff see those of its members; others who may read violations see all.
    fn visible(to: &Principal) -> Visible {
        to.mission.as_ref().map_or(Visible::All, |mission| Visible::having("mission", mission))
    }
}

impl TrafficViolations {
    /// The violations that a registry keeps.
    pub fn new(registry: Registry<Self>, practice: Arc<Practice>) -> Self {
        Self { registry, practice }
    }

    fn record(&self, violation: &mut TrafficViolation, mut record: Record, call: &mut Call) -> Result<(), Fault> {
        let Some(licence) = record.licence.take() else {
            let fault = Fault::new(Reason::LicenceNotOut, "there is no such licence, or it is not out");
            return Err(fault.at("trafficViolation.licence", "is no licence that is out"));
        };
        let happened = violation.violation_time.as_ref().and_then(instant);
        let future = happened.is_none_or(|at| call.now() < at);
        refuse_if(future, Reason::DatesImplausible, "the violation is a fact and lies in the past")?;
        let Some(offence) = self.practice.driving.offence(&violation.offence) else {
            let fault = Fault::new(Reason::OffenceUnknown, "our practice knows no such offence");
            return Err(fault.at("trafficViolation.offence", "is no offence of our practice"));
        };
        violation.mission.clone_from(&licence.mission);
        violation.points = offence.points;
        violation.suspends = offence.suspends;
        violation.set_state(State::Recorded);
        record.violations.push(violation.clone());
        count(licence, &record.violations, &self.practice.driving, call)
    }

    fn void(&self, violation: &mut TrafficViolation, record: Record, call: &mut Call) -> Result<(), Fault> {
        violation.void_time = Some(call.timestamp());
        let others: Vec<_> = record.violations.into_iter().filter(|other| other.name != violation.name).collect();
        match record.licence {
            Some(licence) => count(licence, &others, &self.practice.driving, call),
            None => Ok(()),
        }
    }
}

/// Counts the points that stand against a licence, and does to it what they lead to. What was suspended stays so until it
/// is reinstated.
fn count(
    licence: Held<DriverLicences>,
    violations: &[TrafficViolation],
    practice: &DrivingPractice,
    call: &mut Call,
) -> Result<(), Fault> {
    use driver_licence::State as Of;
    let offences = offences(violations);
    let standing = points::standing(&offences, call.now(), practice);
    let verb = match (points::consequence(&offences, call.now(), practice), licence.state()) {
        (Consequence::Suspension, Of::Issued | Of::Review | Of::Reinstated) => "beSuspended",
        (Consequence::Review, Of::Issued | Of::Reinstated) => "comeUnderReview",
        _ => return Ok(()),
    };
    call.follow(licence, verb, |licence, call| {
        licence.points = standing;
        if verb == "beSuspended" { suspend(licence, call) } else { Ok(()) }
    })
}

/// Violations as the count knows them.
pub(crate) fn offences(violations: &[TrafficViolation]) -> Vec<Offence> {
    let offence = |violation: &TrafficViolation| {
        Some(Offence {
            at: violation.violation_time.as_ref().and_then(instant)?,
            points: violation.points,
            suspends: violation.suspends,
            voided: violation.state() == State::Voided,
        })
    };
    violations.iter().filter_map(offence).collect()
}

/// The licence is locked: of two violations at once the second counts the first.
async fn of_licence(reader: &mut Reader<'_>, licence: &str) -> Result<Record, Fault> {
    let held = reader.hold::<DriverLicences>(&[("name", &[licence]), ("state", &OUT)]).await?;
    let violations = reader.all(&[("licence", &[licence]), ("state", &RECORDED)]).await?;
    Ok(Record { licence: held.into_iter().next(), violations })
}

#[tonic::async_trait]
impl TrafficViolationService for TrafficViolations {
    async fn get_traffic_violation(&self, request: Request<GetTrafficViolationRequest>) -> Answer<TrafficViolation> {
        self.registry.get(request).await
    }

    async fn list_traffic_violations(
        &self,
        request: Request<ListTrafficViolationsRequest>,
    ) -> Answer<ListTrafficViolationsResponse> {
        self.registry.list(request).await
    }

    async fn create_traffic_violation(
        &self,
        request: Request<CreateTrafficViolationRequest>,
    ) -> Answer<TrafficViolation> {
        let record =
            async |reader: &mut Reader<'_>, violation: &TrafficViolation| of_licence(reader, &violation.licence).await;
        let admit = |violation: &mut TrafficViolation, record, call: &mut Call| self.record(violation, record, call);
        self.registry.create_with(request, record, admit).await
    }

    async fn void_traffic_violation(&self, request: Request<VoidTrafficViolationRequest>) -> Answer<TrafficViolation> {
        let record = async |reader: &mut Reader<'_>, violation: &TrafficViolation, _: &VoidTrafficViolationRequest| {
            of_licence(reader, &violation.licence).await
        };
        let void = |violation: &mut TrafficViolation, _, record, call: &mut Call| self.void(violation, record, call);
        self.registry.act_with(request, record, void).await
    }

    async fn list_traffic_violation_revisions(
        &self,
        request: Request<ListTrafficViolationRevisionsRequest>,
    ) -> Answer<ListTrafficViolationRevisionsResponse> {
        self.registry.revisions(request).await
    }

    type WatchTrafficViolationsStream = Feed<WatchTrafficViolationsResponse>;

    async fn watch_traffic_violations(
        &self,
        request: Request<WatchTrafficViolationsRequest>,
    ) -> Answer<Self::WatchTrafficViolationsStream> {
        self.registry.watch(request).await
    }
}

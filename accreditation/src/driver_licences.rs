//! Licences to drive: issued to accredited members, reviewed and suspended by points, reinstated, revoked.

use crate::benefits::Practice;
use crate::card_number;
use crate::holder::{Holder, Holders};
use crate::immunity::Rules;
use crate::points::{self, Consequence};
use crate::tax_card_age::birthday;
use crate::traffic_violations::{RECORDED, offences};
use calendar::{Clock, Length, due};
use fault::{Fault, refuse_if};
use identity::{Called, Principal};
use proto::accreditation::v1::driver_licence::State;
use proto::accreditation::v1::driver_licence_service_server::DriverLicenceService;
use proto::accreditation::v1::{
    CloseLicenceReviewRequest, CreateDriverLicenceRequest, DeclineDriverLicenceRequest, DriverLicence,
    GetDriverLicenceRequest, IssueDriverLicenceRequest, ListDriverLicenceRevisionsRequest,
    ListDriverLicenceRevisionsResponse, ListDriverLicencesRequest, ListDriverLicencesResponse, Member, Reason,
    ReinstateDriverLicenceRequest, ReviewDriverLicenceRequest, RevokeDriverLicenceRequest, SuspendDriverLicenceRequest,
    TrafficViolation, VerifyDriverLicenceRequest, VerifyDriverLicenceResponse, WatchDriverLicencesRequest,
    WatchDriverLicencesResponse,
};
use registry::{Answer, Call, Feed, Keep, Reader, Registry, Visible, instant, timestamp};
use std::sync::Arc;
use tonic::{Request, Response};

/// The states of licences that violations count against.
pub(crate) const OUT: [&str; 4] = ["ISSUED", "REVIEW", "SUSPENDED", "REINSTATED"];
/// The end of a licence's validity.
const EXPIRY: &str = "expiry";

/// The licences.
#[derive(Clone, Debug)]
pub struct DriverLicences {
    registry: Registry<Self>,
    holders: Holders,
    rules: Arc<Rules>,
    practice: Arc<Practice>,
}

impl Keep for DriverLicences {
    type Record = DriverLicence;

    /// A mission's own staff see its members' licences; others who may read licences see all.
    fn visible(to: &Principal) -> Visible {
        to.mission.as_ref().map_or(Visible::All, |mission| Visible::having("mission", mission))
    }

    /// The licence's last day is over; the contract says what that does.
    fn fire(_: &mut DriverLicence, _: &str, _: &mut Call) -> Result<(), Fault> {
        Ok(())
    }

    fn constraint(name: &str) -> Option<Fault> {
        let words = "the member has a licence, or has applied for one";
        (name == "driver_licences_one_live").then(|| Fault::new(Reason::LicenceAlreadyLive, words))
    }
}

impl DriverLicences {
    /// The licences that a registry keeps.
    pub fn new(registry: Registry<Self>, holders: Holders, rules: Arc<Rules>, practice: Arc<Practice>) -> Self {
        Self { registry, holders, rules, practice }
    }

    fn apply(&self, licence: &mut DriverLicence, holder: Option<Holder>, call: &mut Call) -> Result<(), Fault> {
        let mission = holder.as_ref().map(|holder| holder.mission.name.clone()).unwrap_or_default();
        let theirs = call.principal().mission.as_deref().is_none_or(|own| own == mission);
        // The licence names the member alone, so that is the field at fault whatever hides the member.
        let Some(holder) = holder.filter(|_| theirs) else {
            let fault = Fault::new(proto::policy::v1::Reason::BrokenReference, "there is no such member");
            return Err(fault.at("driverLicence.member", "does not exist"));
        };
        self.fits(&holder, call)?;
        licence.name = format!("driverLicences/{}", card_number::generate());
        licence.mission = mission;
        Ok(())
    }

    fn fits(&self, holder: &Holder, call: &Call) -> Result<(), Fault> {
        holder.may_receive(&self.rules, call.now())?;
        let least = self.practice.driving.least_age;
        let grown = holder.member().and_then(|member| birthday(member, least)).is_some_and(|day| day <= call.now());
        refuse_if(!grown, Reason::HolderAgeUnfit, format!("licences are issued from the age of {least} years"))
    }

    fn issue(&self, licence: &mut DriverLicence, holder: Option<Holder>, call: &mut Call) -> Result<(), Fault> {
        self.fits(&holder.ok_or_else(orphan)?, call)?;
        let clock = Clock::new(call.now(), Length::Months(self.practice.driving.validity_months));
        licence.issue_time = Some(call.timestamp());
        licence.expire_time = due(&clock, call.days()).map(timestamp);
        call.timers().set(EXPIRY, clock);
        Ok(())
    }

    /// Given back once the points that stand no longer suspend it.
    fn reinstate(
        &self,
        licence: &mut DriverLicence,
        violations: &[TrafficViolation],
        call: &mut Call,
    ) -> Result<(), Fault> {
        let offences = offences(violations);
        let practice = &self.practice.driving;
        let still = points::consequence(&offences, call.now(), practice) == Consequence::Suspension;
        refuse_if(still, Reason::PointsStillStand, "the points that stand would suspend the licence again")?;
        licence.points = points::standing(&offences, call.now(), practice);
        licence.reinstate_time = Some(call.timestamp());
        Ok(())
    }

    /// What the licence with this number is worth now.
    async fn verify(&self, name: &str) -> Result<VerifyDriverLicenceResponse, Fault> {
        let now = self.registry.store().now();
        let number = name.strip_prefix("driverLicences/").unwrap_or_default().to_ascii_uppercase();
        let nothing = VerifyDriverLicenceResponse::default();
        if !card_number::is_well_read(&number) {
            return Ok(nothing);
        }
        let Some(licence) = self.registry.load(&format!("driverLicences/{number}")).await? else { return Ok(nothing) };
        let out = matches!(licence.state(), State::Issued | State::Review | State::Reinstated);
        let runs = licence.expire_time.as_ref().and_then(instant).is_some_and(|expiry| now < expiry);
        let holder = self.holders.of(&licence.mission, &licence.member).await?.ok_or_else(orphan)?;
        if !out || !runs || !holder.keeps(&self.rules, now) {
            return Ok(nothing);
        }
        Ok(VerifyDriverLicenceResponse { valid: true, classes: licence.classes, member: licence.member })
    }
}

#[tonic::async_trait]
impl DriverLicenceService for DriverLicences {
    async fn get_driver_licence(&self, request: Request<GetDriverLicenceRequest>) -> Answer<DriverLicence> {
        self.registry.get(request).await
    }

    async fn list_driver_licences(
        &self,
        request: Request<ListDriverLicencesRequest>,
    ) -> Answer<ListDriverLicencesResponse> {
        self.registry.list(request).await
    }

    async fn create_driver_licence(&self, request: Request<CreateDriverLicenceRequest>) -> Answer<DriverLicence> {
        let holder = async |reader: &mut Reader<'_>, licence: &DriverLicence| of_member(reader, &licence.member).await;
        let apply = |licence: &mut DriverLicence, holder, call: &mut Call| self.apply(licence, holder, call);
        self.registry.create_with(request, holder, apply).await
    }

    async fn issue_driver_licence(&self, request: Request<IssueDriverLicenceRequest>) -> Answer<DriverLicence> {
        let holder = async |reader: &mut Reader<'_>, licence: &DriverLicence, _: &IssueDriverLicenceRequest| {
            of_member(reader, &licence.member).await
        };
        let issue = |licence: &mut DriverLicence, _, holder, call: &mut Call| self.issue(licence, holder, call);
        self.registry.act_with(request, holder, issue).await
    }

    async fn decline_driver_licence(&self, request: Request<DeclineDriverLicenceRequest>) -> Answer<DriverLicence> {
        self.registry.act(request, |_, _, _| Ok(())).await
    }

    async fn review_driver_licence(&self, request: Request<ReviewDriverLicenceRequest>) -> Answer<DriverLicence> {
        self.registry.act(request, |_, _, _| Ok(())).await
    }

    async fn close_licence_review(&self, request: Request<CloseLicenceReviewRequest>) -> Answer<DriverLicence> {
        self.registry.act(request, |_, _, _| Ok(())).await
    }

    async fn suspend_driver_licence(&self, request: Request<SuspendDriverLicenceRequest>) -> Answer<DriverLicence> {
        self.registry.act(request, |licence, _, call| suspend(licence, call)).await
    }

    async fn reinstate_driver_licence(&self, request: Request<ReinstateDriverLicenceRequest>) -> Answer<DriverLicence> {
        // The licence is locked: whoever records a violation against it waits, and counts after this.
        let violations = async |reader: &mut Reader<'_>, licence: &DriverLicence, _: &ReinstateDriverLicenceRequest| {
            reader.all::<TrafficViolation>(&[("licence", &[&licence.name]), ("state", &RECORDED)]).await
        };
        let reinstate = |licence: &mut DriverLicence, _, violations: Vec<TrafficViolation>, call: &mut Call| {
            self.reinstate(licence, &violations, call)
        };
        self.registry.act_with(request, violations, reinstate).await
    }

    async fn revoke_driver_licence(&self, request: Request<RevokeDriverLicenceRequest>) -> Answer<DriverLicence> {
        self.registry.act(request, revoke).await
    }

    async fn verify_driver_licence(
        &self,
        request: Request<VerifyDriverLicenceRequest>,
    ) -> Answer<VerifyDriverLicenceResponse> {
        let called = Called::of(&request)?.clone();
        let ask = request.into_inner();
        registry::check(&ask)?;
        let answer = self.verify(&ask.name).await?;
        self.registry.audit_read(&called, &ask).await?;
        Ok(Response::new(answer))
    }

    async fn list_driver_licence_revisions(
        &self,
        request: Request<ListDriverLicenceRevisionsRequest>,
    ) -> Answer<ListDriverLicenceRevisionsResponse> {
        self.registry.revisions(request).await
    }

    type WatchDriverLicencesStream = Feed<WatchDriverLicencesResponse>;

    async fn watch_driver_licences(
        &self,
        request: Request<WatchDriverLicencesRequest>,
    ) -> Answer<Self::WatchDriverLicencesStream> {
        self.registry.watch(request).await
    }
}

/// The member as holder; the member's mission is in the record.
async fn of_member(reader: &mut Reader<'_>, name: &str) -> Result<Option<Holder>, Fault> {
    if reader.share::<Member>(name).await?.is_none() {
        return Ok(None);
    }
    Holder::share(reader, "", name).await
}

/// By our decision or by points: the holder may not drive from now on.
pub(crate) fn suspend(licence: &mut DriverLicence, call: &mut Call) -> Result<(), Fault> {
    licence.suspension_time = Some(call.timestamp());
    licence.reinstate_time = None;
    Ok(())
}

fn revoke(licence: &mut DriverLicence, _: RevokeDriverLicenceRequest, call: &mut Call) -> Result<(), Fault> {
    end(licence, call);
    Ok(())
}

/// Ends a licence with the privileges of its holder.
pub(crate) fn end(_: &mut DriverLicence, call: &mut Call) {
    call.timers().clear(EXPIRY);
}

fn orphan() -> Fault {
    Fault::new(proto::policy::v1::Reason::Internal, "a licence is kept without its holder")
}

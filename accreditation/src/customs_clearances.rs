//! Customs clearances: shipments let in free of duty, after their arrival, within the quota of the rule in force
//! (VCDR art. 36.1; VCCR art. 50.1).

use crate::air_waybill;
use crate::benefits::Practice;
use crate::holder::Holder;
use crate::immunity::Rules;
use crate::quota;
use crate::reciprocity::{bearing_on, granted};
use calendar::{Clock, Length, due};
use chrono::{Datelike as _, TimeDelta};
use fault::{Fault, refuse_if};
use identity::Principal;
use proto::accreditation::v1::customs_clearance::State;
use proto::accreditation::v1::customs_clearance_service_server::CustomsClearanceService;
use proto::accreditation::v1::reciprocity_rule::Benefit;
use proto::accreditation::v1::{
    CertifyCustomsClearanceRequest, CreateCustomsClearanceRequest, CustomsClearance, GetCustomsClearanceRequest,
    ListCustomsClearanceRevisionsRequest, ListCustomsClearanceRevisionsResponse, ListCustomsClearancesRequest,
    ListCustomsClearancesResponse, Member, Mission, Reason, ReciprocityRule, RecordShipmentArrivalRequest,
    RejectCustomsClearanceRequest, WatchCustomsClearancesRequest, WatchCustomsClearancesResponse,
};
use registry::{Answer, Call, Feed, Keep, Reader, Registry, Visible, instant, timestamp};
use std::sync::Arc;
use tonic::Request;

/// The working days in which a clearance is decided.
const DECISION: &str = "decision";
/// How many years after it was filed a clearance can be certified.
const YEARS_OPEN: i64 = 2;
/// As many records as the reader gives at once: more would not be counted.
const MOST_A_YEAR: usize = 1_000;
/// The benefit, as the register writes it.
const CUSTOMS: [&str; 1] = ["CUSTOMS_CLEARANCE"];

/// The clearances.
#[derive(Clone, Debug)]
pub struct CustomsClearances {
    registry: Registry<Self>,
    rules: Arc<Rules>,
    practice: Arc<Practice>,
}

/// What a clearance is held against.
#[derive(Clone, Debug)]
struct Grounds {
    holder: Option<Holder>,
    reciprocity: Vec<ReciprocityRule>,
    /// What was certified for the holder in these months.
    certified: Vec<CustomsClearance>,
    months: Vec<String>,
}

impl Keep for CustomsClearances {
    type Record = CustomsClearance;

    /// A mission's own staff see its clearances; others who may read clearances see all.
    fn visible(to: &Principal) -> Visible {
        to.mission.as_ref().map_or(Visible::All, |mission| Visible::having("mission", mission))
    }

    fn fire(clearance: &mut CustomsClearance, _: &str, _: &mut Call) -> Result<(), Fault> {
        clearance.overdue = true;
        Ok(())
    }

    fn constraint(name: &str) -> Option<Fault> {
        let words = "a clearance for this air waybill is filed or certified";
        (name == "customs_clearances_one_shipment").then(|| Fault::new(Reason::AirWaybillAlreadyFiled, words))
    }
}

impl CustomsClearances {
    /// The clearances that a registry keeps.
    pub fn new(registry: Registry<Self>, rules: Arc<Rules>, practice: Arc<Practice>) -> Self {
        Self { registry, rules, practice }
    }

    fn submit(&self, clearance: &mut CustomsClearance, holder: Option<Holder>, call: &mut Call) -> Result<(), Fault> {
        let holder = Holder::named(holder, &clearance.mission, "customsClearance", call)?;
        holder.may_receive(&self.rules, call.now())?;
        let Some(number) = air_waybill::read(&clearance.air_waybill) else {
            let fault = Fault::new(Reason::AirWaybillUnreadable, "the check digit of the air waybill is wrong");
            return Err(fault.at("customsClearance.airWaybill", "does not fit its check digit"));
        };
        let seeker = holder.seeker(&self.rules, call.now());
        clearance.air_waybill = number;
        clearance.sending_state = seeker.state.to_owned();
        clearance.set_category(seeker.category);
        let clock = Clock::new(call.now(), Length::WorkingDays(self.practice.customs.decision_working_days));
        clearance.due_time = due(&clock, call.days()).map(timestamp);
        call.timers().set(DECISION, clock);
        Ok(())
    }

    /// Certified is what has arrived, for one in standing, by a rule in force, while the period's quota has room.
    fn certify(&self, clearance: &mut CustomsClearance, grounds: &Grounds, call: &mut Call) -> Result<(), Fault> {
        let now = call.now();
        let arrived = clearance.arrival_time.as_ref().and_then(instant).is_some_and(|arrival| arrival <= now);
        refuse_if(!arrived, Reason::GoodsNotArrived, "nothing is certified before it has arrived")?;
        let holder = grounds.holder.as_ref().ok_or_else(orphan)?;
        holder.may_receive(&self.rules, now)?;
        let seeker = holder.seeker(&self.rules, now);
        let rule = granted(&grounds.reciprocity, &seeker, Benefit::CustomsClearance, now).ok_or_else(|| {
            let fault = Fault::new(Reason::BenefitNotReciprocated, "no rule in force lets them import free of duty");
            fault.with("state", seeker.state).with("category", seeker.category.as_str_name())
        })?;
        let room = match &rule.quota {
            None => true,
            Some(quota) => {
                let months = quota::months(quota, now, call.days());
                let known = months.iter().all(|month| grounds.months.contains(month));
                refuse_if(!known, Reason::ClearanceTooOld, "the clearance was filed too long ago to be certified")?;
                let within = |earlier: &&CustomsClearance| months.contains(&earlier.month);
                let used = grounds.certified.iter().filter(within).map(|earlier| i64::from(earlier.quantity)).sum();
                quota::has_room(quota, used, clearance.quantity.into())
            }
        };
        clearance.set_state(if room { State::Certified } else { State::QuotaExceeded });
        clearance.rule.clone_from(&rule.name);
        clearance.month = quota::month(now, call.days());
        decided(clearance, call);
        Ok(())
    }
}

#[tonic::async_trait]
impl CustomsClearanceService for CustomsClearances {
    async fn get_customs_clearance(&self, request: Request<GetCustomsClearanceRequest>) -> Answer<CustomsClearance> {
        self.registry.get(request).await
    }

    async fn list_customs_clearances(
        &self,
        request: Request<ListCustomsClearancesRequest>,
    ) -> Answer<ListCustomsClearancesResponse> {
        self.registry.list(request).await
    }

    async fn create_customs_clearance(
        &self,
        request: Request<CreateCustomsClearanceRequest>,
    ) -> Answer<CustomsClearance> {
        let holder = async |reader: &mut Reader<'_>, clearance: &CustomsClearance| {
            Holder::share(reader, &clearance.mission, &clearance.member).await
        };
        let submit = |clearance: &mut CustomsClearance, holder, call: &mut Call| self.submit(clearance, holder, call);
        self.registry.create_with(request, holder, submit).await
    }

    async fn record_shipment_arrival(
        &self,
        request: Request<RecordShipmentArrivalRequest>,
    ) -> Answer<CustomsClearance> {
        self.registry.act(request, record_arrival).await
    }

    async fn certify_customs_clearance(
        &self,
        request: Request<CertifyCustomsClearanceRequest>,
    ) -> Answer<CustomsClearance> {
        let certify = |clearance: &mut CustomsClearance, _, grounds: Grounds, call: &mut Call| {
            self.certify(clearance, &grounds, call)
        };
        self.registry.act_with(request, grounds, certify).await
    }

    async fn reject_customs_clearance(
        &self,
        request: Request<RejectCustomsClearanceRequest>,
    ) -> Answer<CustomsClearance> {
        self.registry.act(request, reject).await
    }

    async fn list_customs_clearance_revisions(
        &self,
        request: Request<ListCustomsClearanceRevisionsRequest>,
    ) -> Answer<ListCustomsClearanceRevisionsResponse> {
        self.registry.revisions(request).await
    }

    type WatchCustomsClearancesStream = Feed<WatchCustomsClearancesResponse>;

    async fn watch_customs_clearances(
        &self,
        request: Request<WatchCustomsClearancesRequest>,
    ) -> Answer<Self::WatchCustomsClearancesStream> {
        self.registry.watch(request).await
    }
}

/// What a clearance is held against. Whoever holds the quota is locked: of two shipments at once the second sees what
/// the first has used. Without this lock both would find the same room.
async fn grounds(
    reader: &mut Reader<'_>,
    clearance: &CustomsClearance,
    _: &CertifyCustomsClearanceRequest,
) -> Result<Grounds, Fault> {
    if clearance.member.is_empty() {
        reader.lock::<Mission>(&clearance.mission).await?;
    } else {
        reader.lock::<Member>(&clearance.member).await?;
    }
    let holder = Holder::share(reader, &clearance.mission, &clearance.member).await?;
    let (countries, category) = ([clearance.sending_state.as_str(), ""], [clearance.category().as_str_name()]);
    let reciprocity = reader.all(&bearing_on(&countries, &category, &CUSTOMS)).await?;
    let filed = clearance.create_time.as_ref().and_then(instant).unwrap_or_default();
    let (mut certified, mut months) = (Vec::new(), Vec::new());
    // It is certified in the year it was filed or soon after; what day it is where is the rule's to say.
    for year in (filed - TimeDelta::days(1)).year()..=(filed + TimeDelta::days(YEARS_OPEN * 365)).year() {
        let of_year = quota::of_year(year);
        let names: Vec<&str> = of_year.iter().map(String::as_str).collect();
        let (mission, member) = (clearance.mission.as_str(), clearance.member.as_str());
        let found: Vec<CustomsClearance> = reader
            .all(&[("mission", &[mission]), ("member", &[member]), ("state", &["CERTIFIED"]), ("month", &names)])
            .await?;
        let words = "more shipments were certified for one holder in a year than can be counted";
        refuse_if(found.len() >= MOST_A_YEAR, proto::policy::v1::Reason::Internal, words)?;
        certified.extend(found);
        months.extend(of_year);
    }
    Ok(Grounds { holder, reciprocity, certified, months })
}

fn record_arrival(
    clearance: &mut CustomsClearance,
    request: RecordShipmentArrivalRequest,
    call: &mut Call,
) -> Result<(), Fault> {
    let arrived = request.arrival_time.as_ref().and_then(instant).unwrap_or_else(|| call.now());
    refuse_if(arrived > call.now(), Reason::DatesImplausible, "the arrival is a fact and lies in the past")?;
    clearance.arrival_notice = request.arrival_notice;
    clearance.arrival_time = Some(timestamp(arrived));
    Ok(())
}

fn reject(
    clearance: &mut CustomsClearance,
    request: RejectCustomsClearanceRequest,
    call: &mut Call,
) -> Result<(), Fault> {
    clearance.grounds = request.grounds;
    decided(clearance, call);
    Ok(())
}

fn decided(clearance: &mut CustomsClearance, call: &mut Call) {
    clearance.decide_time = Some(call.timestamp());
    call.timers().clear(DECISION);
}

fn orphan() -> Fault {
    Fault::new(proto::policy::v1::Reason::Internal, "a clearance is kept without its holder")
}

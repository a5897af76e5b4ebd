//! Who acts for a head of mission: chargés d'affaires ad interim, and members in charge of current administrative affairs
//! (VCDR art. 19).

use chrono::{DateTime, Utc};
use fault::{Fault, refuse_if};
use identity::Principal;
use proto::accreditation::v1::charge::{Cause, Scope};
use proto::accreditation::v1::charge_service_server::ChargeService;
use proto::accreditation::v1::{
    Category, Charge, CreateChargeRequest, Credential, EndChargeRequest, GetChargeRequest, ListChargeRevisionsRequest,
    ListChargeRevisionsResponse, ListChargesRequest, ListChargesResponse, Member, Mission, Reason, WatchChargesRequest,
    WatchChargesResponse,
};
use proto::policy::v1::Reason as House;
use registry::{Answer, Call, Feed, Keep, Reader, Registry, Visible, instant, timestamp};
use tonic::Request;

/// States of members in functions.
const IN_FUNCTIONS: [&str; 2] = ["ACCREDITED", "CHANGE_REVIEW"];

/// The charges.
#[derive(Clone, Debug)]
pub struct Charges {
    registry: Registry<Self>,
}

impl Keep for Charges {
    type Record = Charge;

    /// A mission's own staff see its charges; others who may read charges see all.
    fn visible(to: &Principal) -> Visible {
        to.mission.as_ref().map_or(Visible::All, |mission| Visible::having("mission", mission))
    }

    fn constraint(name: &str) -> Option<Fault> {
        let words = "somebody acts for this head of mission already";
        (name == "charges_one_acting").then(|| Fault::new(Reason::ChargeAlreadyActing, words))
    }
}

impl Charges {
    /// The charges that a registry keeps.
    pub fn new(registry: Registry<Self>) -> Self {
        Self { registry }
    }
}

/// What a charge is held against.
struct Surroundings {
    mission: Option<Mission>,
    member: Option<Member>,
    /// Whether a head of the mission has taken up functions and not ended them.
    headed: bool,
    /// Whether the mission has diplomats in functions.
    diplomats: bool,
}

#[tonic::async_trait]
impl ChargeService for Charges {
    async fn get_charge(&self, request: Request<GetChargeRequest>) -> Answer<Charge> {
        self.registry.get(request).await
    }

    async fn list_charges(&self, request: Request<ListChargesRequest>) -> Answer<ListChargesResponse> {
        self.registry.list(request).await
    }

    async fn create_charge(&self, request: Request<CreateChargeRequest>) -> Answer<Charge> {
        self.registry.create_with(request, surroundings, begin).await
    }

    async fn end_charge(&self, request: Request<EndChargeRequest>) -> Answer<Charge> {
        self.registry.act(request, end).await
    }

    async fn list_charge_revisions(
        &self,
        request: Request<ListChargeRevisionsRequest>,
    ) -> Answer<ListChargeRevisionsResponse> {
        self.registry.revisions(request).await
    }

    type WatchChargesStream = Feed<WatchChargesResponse>;

    async fn watch_charges(&self, request: Request<WatchChargesRequest>) -> Answer<Self::WatchChargesStream> {
        self.registry.watch(request).await
    }
}

async fn surroundings(reader: &mut Reader<'_>, charge: &Charge) -> Result<Surroundings, Fault> {
    let at = [charge.mission.as_str()];
    let mission = reader.share(&charge.mission).await?;
    let member = reader.share(&charge.member).await?;
    let heads: Vec<Member> = in_category(reader, &at, &[Category::HeadOfMission]).await?;
    let letters: Vec<Credential> = reader.all(&[("mission", &at)]).await?;
    let took_up = |head: &Member| letters.iter().any(|one| one.member == head.name && one.functions_time.is_some());
    let headed = heads.iter().any(took_up);
    let diplomats = [Category::DiplomaticStaff, Category::ServiceAttache];
    let diplomats = !in_category(reader, &at, &diplomats).await?.is_empty();
    Ok(Surroundings { mission, member, headed, diplomats })
}

async fn in_category(reader: &mut Reader<'_>, mission: &[&str], categories: &[Category]) -> Result<Vec<Member>, Fault> {
    let categories: Vec<_> = categories.iter().map(Category::as_str_name).collect();
    reader.all(&[("mission", mission), ("category", &categories), ("state", &IN_FUNCTIONS)]).await
}

/// The name is notified by the head of mission or the sending state's ministry (art. 19.1).
fn begin(charge: &mut Charge, around: Surroundings, call: &mut Call) -> Result<(), Fault> {
    let own = |mission: &Mission| call.principal().mission.as_deref().is_none_or(|own| own == mission.name);
    if !around.mission.as_ref().is_some_and(own) {
        let fault = Fault::new(House::BrokenReference, "there is no such mission");
        return Err(fault.at("charge.mission", "does not exist"));
    }
    let vacant = charge.cause() == Cause::PostVacant;
    let words = "a head of the mission has taken up functions and not ended them";
    refuse_if(vacant && around.headed, Reason::HeadInFunctions, words)?;
    may_act(charge, &around)?;
    let begins = time(charge.begin_time.as_ref()).unwrap_or_else(|| call.now());
    refuse_if(begins > call.now(), Reason::DatesImplausible, "a charge is notified once it has begun")?;
    charge.begin_time = Some(timestamp(begins));
    Ok(())
}

/// A chargé is one of the mission's diplomats. Where none is in our country, a member of the administrative and
/// technical staff may, with our consent, run current administrative affairs (art. 19.2).
fn may_act(charge: &Charge, around: &Surroundings) -> Result<(), Fault> {
    let category = match &around.member {
        Some(member) if member.mission == charge.mission && IN_FUNCTIONS.contains(&member.state().as_str_name()) => {
            member.category()
        }
        _ => Category::Unspecified,
    };
    let fit = match charge.scope() {
        Scope::AdInterim => matches!(category, Category::DiplomaticStaff | Category::ServiceAttache),
        Scope::AdministrativeAffairs => category == Category::AdministrativeAndTechnicalStaff && !around.diplomats,
        Scope::Unspecified => false,
    };
    refuse_if(!fit, Reason::ChargeUnfit, "the member cannot be charged with this")
        .map_err(|fault| fault.at("charge.member", "cannot be charged with this"))
}

fn end(charge: &mut Charge, request: EndChargeRequest, call: &mut Call) -> Result<(), Fault> {
    let ended = time(request.end_time.as_ref()).unwrap_or_else(|| call.now());
    let implausible = ended > call.now() || Some(ended) < time(charge.begin_time.as_ref());
    refuse_if(implausible, Reason::DatesImplausible, "a charge ends after it has begun, and in the past")?;
    charge.end_time = Some(timestamp(ended));
    Ok(())
}

/// A charge that another event ends; never before it began.
pub(crate) fn end_at(charge: &mut Charge, at: DateTime<Utc>) -> Result<(), Fault> {
    let begun = time(charge.begin_time.as_ref()).unwrap_or(at);
    charge.end_time = Some(timestamp(at.max(begun)));
    Ok(())
}

fn time(time: Option<&prost_types::Timestamp>) -> Option<DateTime<Utc>> {
    time.and_then(instant)
}

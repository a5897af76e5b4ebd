//! Honorary consular officers: post and person approved each by itself, a term, and the certificate given again and again
//! (VCCR art. 4, 12, 25, 58-68).

use crate::ending::{self, IN_FUNCTIONS, Leavers};
use crate::members::Members;
use crate::practice::Practice;
use calendar::{Clock, Length, due};
use chrono::{DateTime, Utc};
use fault::{Fault, refuse_if};
use identity::Principal;
use proto::accreditation::v1::honorary_consul::State as Standing;
use proto::accreditation::v1::honorary_consul_service_server::HonoraryConsulService;
use proto::accreditation::v1::member::EndCause;
use proto::accreditation::v1::mission::{State, Type};
use proto::accreditation::v1::{
    ApprovePostRequest, BeginVettingRequest, Category, CreateHonoraryConsulRequest, DeclineHonoraryConsulRequest,
    EndHonoraryConsulRequest, GetHonoraryConsulRequest, HonoraryConsul, ListHonoraryConsulRevisionsRequest,
    ListHonoraryConsulRevisionsResponse, ListHonoraryConsulsRequest, ListHonoraryConsulsResponse, Member, Mission,
    Reason, RecertifyHonoraryConsulRequest, RecogniseHonoraryConsulRequest, UpdateHonoraryConsulRequest,
    WatchHonoraryConsulsRequest, WatchHonoraryConsulsResponse,
};
use proto::policy::v1::Reason as House;
use registry::{Answer, Call, Feed, Keep, Reader, Registry, Visible, instant, timestamp};
use tonic::Request;

/// When the sending state has to certify again.
const RECERTIFICATION_TIMER: &str = "recertification";
/// When the recognition ends for want of a certificate.
const CERTIFICATE_TIMER: &str = "certificate";
/// When the term ends.
const TERM_TIMER: &str = "term";

/// The states in which a recognition is in force.
pub(crate) const RECOGNISED: [&str; 2] = ["RECOGNISED", "RECERTIFICATION_DUE"];

/// The member who was notified under a recognition, and the household.
#[derive(Debug, Default)]
struct Served {
    member: Leavers,
    kin: Leavers,
}

/// The honorary consuls.
#[derive(Clone, Debug)]
pub struct HonoraryConsuls {
    registry: Registry<Self>,
}

impl Keep for HonoraryConsuls {
    type Record = HonoraryConsul;

    /// A mission's own staff see its honorary consuls; others who may read them see all.
    fn visible(to: &Principal) -> Visible {
        to.mission.as_ref().map_or(Visible::All, |mission| Visible::having("mission", mission))
    }

    fn amend(consul: &mut HonoraryConsul, _: &HonoraryConsul, call: &mut Call) -> Result<(), Fault> {
        accepted(consul, call)
    }

    /// A certificate that has fallen due is awaited for a while; with the term, or without one, it ends.
    async fn fire_with(
        consul: &mut HonoraryConsul,
        timer: &str,
        reader: &mut Reader<'_>,
        call: &mut Call,
    ) -> Result<(), Fault> {
        if timer == RECERTIFICATION_TIMER {
            let clock = Clock::new(call.now(), Length::Days(Practice::of(call.home()).recertify_within_days));
            call.timers().set(CERTIFICATE_TIMER, clock);
            return Ok(());
        }
        let served = served(reader, consul, &()).await?;
        end_all(consul, served, call)
    }
}

impl HonoraryConsuls {
    /// The honorary consuls that a registry keeps.
    pub fn new(registry: Registry<Self>) -> Self {
        Self { registry }
    }
}

#[tonic::async_trait]
impl HonoraryConsulService for HonoraryConsuls {
    async fn get_honorary_consul(&self, request: Request<GetHonoraryConsulRequest>) -> Answer<HonoraryConsul> {
        self.registry.get(request).await
    }

    async fn list_honorary_consuls(
        &self,
        request: Request<ListHonoraryConsulsRequest>,
    ) -> Answer<ListHonoraryConsulsResponse> {
        self.registry.list(request).await
    }

    async fn create_honorary_consul(&self, request: Request<CreateHonoraryConsulRequest>) -> Answer<HonoraryConsul> {
        self.registry.create_with(request, post, justify).await
    }

    async fn update_honorary_consul(&self, request: Request<UpdateHonoraryConsulRequest>) -> Answer<HonoraryConsul> {
        self.registry.update(request).await
    }

    async fn begin_vetting(&self, request: Request<BeginVettingRequest>) -> Answer<HonoraryConsul> {
        self.registry.act(request, |_, _, _| Ok(())).await
    }

    async fn approve_post(&self, request: Request<ApprovePostRequest>) -> Answer<HonoraryConsul> {
        self.registry.act(request, approve_post).await
    }

    async fn recognise_honorary_consul(
        &self,
        request: Request<RecogniseHonoraryConsulRequest>,
    ) -> Answer<HonoraryConsul> {
        self.registry.act(request, recognise).await
    }

    async fn decline_honorary_consul(&self, request: Request<DeclineHonoraryConsulRequest>) -> Answer<HonoraryConsul> {
        self.registry.act(request, decline).await
    }

    async fn recertify_honorary_consul(
        &self,
        request: Request<RecertifyHonoraryConsulRequest>,
    ) -> Answer<HonoraryConsul> {
        self.registry.act(request, recertify).await
    }

    async fn end_honorary_consul(&self, request: Request<EndHonoraryConsulRequest>) -> Answer<HonoraryConsul> {
        self.registry.act_with(request, served, end).await
    }

    async fn list_honorary_consul_revisions(
        &self,
        request: Request<ListHonoraryConsulRevisionsRequest>,
    ) -> Answer<ListHonoraryConsulRevisionsResponse> {
        self.registry.revisions(request).await
    }

    type WatchHonoraryConsulsStream = Feed<WatchHonoraryConsulsResponse>;

    async fn watch_honorary_consuls(
        &self,
        request: Request<WatchHonoraryConsulsRequest>,
    ) -> Answer<Self::WatchHonoraryConsulsStream> {
        self.registry.watch(request).await
    }
}

async fn post(reader: &mut Reader<'_>, consul: &HonoraryConsul) -> Result<Option<Mission>, Fault> {
    reader.share(&consul.mission).await
}

/// Asked for at a consular post that is there or is being established; its own staff ask for it alone.
fn justify(consul: &mut HonoraryConsul, post: Option<Mission>, call: &mut Call) -> Result<(), Fault> {
    let own = |post: &Mission| call.principal().mission.as_deref().is_none_or(|own| own == post.name);
    let Some(post) = post.filter(own) else {
        let fault = Fault::new(House::BrokenReference, "there is no such mission");
        return Err(fault.at("honoraryConsul.mission", "does not exist"));
    };
    let consular = matches!(
        post.r#type(),
        Type::ConsulateGeneral | Type::Consulate | Type::ViceConsulate | Type::ConsularAgency | Type::HonoraryPost
    );
    refuse_if(!consular, Reason::CategoryMismatch, "honorary consular officers serve at consular posts")?;
    let receives = matches!(post.state(), State::Establishing | State::Open | State::Restricted);
    refuse_if(!receives, Reason::MissionNotReceiving, "the post does not receive members in its present state")?;
    accepted(consul, call)
}

/// Each state is free to decide whether it receives honorary consular officers (art. 68), and whom.
fn accepted(consul: &HonoraryConsul, call: &Call) -> Result<(), Fault> {
    let practice = Practice::of(call.home());
    let class = consul.post_class().as_str_name();
    let closed = !practice.honorary_classes.iter().any(|open| open == class);
    refuse_if(closed, Reason::HonoraryClassClosed, "we receive no honorary consular officers of this class")?;
    let residence = consul.residence().as_str_name();
    let unfit = !practice.honorary_residence.iter().any(|fit| fit == residence);
    refuse_if(unfit, Reason::HonoraryResidenceUnfit, "we do not receive honorary consular officers of this status")
}

fn approve_post(consul: &mut HonoraryConsul, _: ApprovePostRequest, call: &mut Call) -> Result<(), Fault> {
    consul.post_approve_time = Some(call.timestamp());
    Ok(())
}

/// The consent to the post is one thing (art. 4), the admission of the person another (art. 12).
fn recognise(consul: &mut HonoraryConsul, _: RecogniseHonoraryConsulRequest, call: &mut Call) -> Result<(), Fault> {
    let term = Clock::new(call.now(), Length::Months(Practice::of(call.home()).honorary_term_months));
    consul.recognise_time = Some(call.timestamp());
    consul.term_end_time = due(&term, call.days()).map(timestamp);
    call.timers().set(TERM_TIMER, term);
    certify(consul, call);
    Ok(())
}

/// The certificate is good for a while, and never beyond the term.
fn certify(consul: &mut HonoraryConsul, call: &mut Call) {
    let clock = Clock::new(call.now(), Length::Months(Practice::of(call.home()).recertify_months));
    let due = due(&clock, call.days());
    let term = consul.term_end_time.as_ref().and_then(instant);
    consul.certify_time = Some(call.timestamp());
    consul.recertify_time = None;
    call.timers().clear(CERTIFICATE_TIMER);
    call.timers().clear(RECERTIFICATION_TIMER);
    if within(due, term) {
        consul.recertify_time = due.map(timestamp);
        call.timers().set(RECERTIFICATION_TIMER, clock);
    }
}

fn within(due: Option<DateTime<Utc>>, term: Option<DateTime<Utc>>) -> bool {
    due.zip(term).is_some_and(|(due, term)| due < term)
}

fn decline(consul: &mut HonoraryConsul, _: DeclineHonoraryConsulRequest, call: &mut Call) -> Result<(), Fault> {
    consul.decline_time = Some(call.timestamp());
    Ok(())
}

fn recertify(consul: &mut HonoraryConsul, _: RecertifyHonoraryConsulRequest, call: &mut Call) -> Result<(), Fault> {
    certify(consul, call);
    Ok(())
}

async fn served<R>(reader: &mut Reader<'_>, consul: &HonoraryConsul, _: &R) -> Result<Served, Fault> {
    if consul.member.is_empty() {
        return Ok(Served::default());
    }
    let fields: [(&str, &[&str]); 2] = [("name", &[&consul.member]), ("state", &IN_FUNCTIONS)];
    let Some(member) = reader.hold::<Members>(&fields).await?.pop() else { return Ok(Served::default()) };
    let kin = ending::kin(reader, &member).await?;
    let member = Leavers::of(reader, vec![member]).await?;
    Ok(Served { member, kin })
}

fn end(consul: &mut HonoraryConsul, _: EndHonoraryConsulRequest, served: Served, call: &mut Call) -> Result<(), Fault> {
    end_all(consul, served, call)
}

/// Whoever is no longer recognised is no longer a member of the post (art. 25, 58).
fn end_all(consul: &mut HonoraryConsul, served: Served, call: &mut Call) -> Result<(), Fault> {
    let now = call.now();
    finish(consul, now, call);
    served.member.end("endWithRecognition", EndCause::RecognitionEnded, now, call)?;
    served.kin.end("endWithPrincipal", EndCause::PrincipalEnded, now, call)
}

pub(crate) fn finish(consul: &mut HonoraryConsul, ended: DateTime<Utc>, call: &mut Call) {
    consul.end_time = Some(timestamp(ended));
    consul.recertify_time = None;
    call.timers().clear_all();
}

/// An honorary consular officer may be notified under a recognition in force of this very person at this post.
pub(crate) fn opens(member: &Member, consul: Option<&HonoraryConsul>) -> Result<(), Fault> {
    let same = |consul: &HonoraryConsul| {
        consul.mission == member.mission
            && consul.family_name.to_lowercase() == member.family_name.to_lowercase()
            && consul.birth_date == member.birth_date
    };
    let fits = match consul {
        Some(consul) => {
            let recognised = matches!(consul.state(), Standing::Recognised | Standing::RecertificationDue);
            member.category() == Category::HonoraryConsularOfficer && recognised && same(consul)
        }
        None => member.honorary_consul.is_empty(),
    };
    refuse_if(!fits, Reason::RecognitionUnfit, "no recognition of this name opens this notification")
        .map_err(|fault| fault.at("member.honoraryConsul", "does not open this notification"))
}

//! Commissions of heads of consular posts and our exequatur (VCCR art. 9-14, 23, 25).

use crate::ending::{self, IN_FUNCTIONS, Leavers};
use crate::members::Members;
use fault::{Fault, refuse_if};
use identity::Principal;
use proto::accreditation::v1::consular_commission_service_server::ConsularCommissionService;
use proto::accreditation::v1::member::EndCause;
use proto::accreditation::v1::{
    AdmitProvisionallyRequest, Category, ConsularCommission, CreateConsularCommissionRequest,
    EndConsularFunctionsRequest, GetConsularCommissionRequest, GrantExequaturRequest,
    ListConsularCommissionRevisionsRequest, ListConsularCommissionRevisionsResponse, ListConsularCommissionsRequest,
    ListConsularCommissionsResponse, Member, Reason, RefuseExequaturRequest, UpdateConsularCommissionRequest,
    WatchConsularCommissionsRequest, WatchConsularCommissionsResponse, WithdrawExequaturRequest, member,
};
use proto::policy::v1::Reason as House;
use registry::{Answer, Call, Feed, Keep, Reader, Registry, Visible, instant, timestamp};
use tonic::Request;

/// The commissions.
#[derive(Clone, Debug)]
pub struct ConsularCommissions {
    registry: Registry<Self>,
}

impl Keep for ConsularCommissions {
    type Record = ConsularCommission;

    /// A post's own staff see its commissions; others who may read commissions see all.
    fn visible(to: &Principal) -> Visible {
        to.mission.as_ref().map_or(Visible::All, |mission| Visible::having("mission", mission))
    }

    fn constraint(name: &str) -> Option<Fault> {
        let words = "this head of post has a commission before us, or is admitted";
        (name == "consular_commissions_one_live").then(|| Fault::new(Reason::CommissionAlreadyLive, words))
    }
}

impl ConsularCommissions {
    /// The commissions that a registry keeps.
    pub fn new(registry: Registry<Self>) -> Self {
        Self { registry }
    }
}

#[tonic::async_trait]
impl ConsularCommissionService for ConsularCommissions {
    async fn get_consular_commission(
        &self,
        request: Request<GetConsularCommissionRequest>,
    ) -> Answer<ConsularCommission> {
        self.registry.get(request).await
    }

    async fn list_consular_commissions(
        &self,
        request: Request<ListConsularCommissionsRequest>,
    ) -> Answer<ListConsularCommissionsResponse> {
        self.registry.list(request).await
    }

    async fn create_consular_commission(
        &self,
        request: Request<CreateConsularCommissionRequest>,
    ) -> Answer<ConsularCommission> {
        self.registry.create_with(request, head_of_post, receive).await
    }

    async fn update_consular_commission(
        &self,
        request: Request<UpdateConsularCommissionRequest>,
    ) -> Answer<ConsularCommission> {
        self.registry.update(request).await
    }

    async fn admit_provisionally(&self, request: Request<AdmitProvisionallyRequest>) -> Answer<ConsularCommission> {
        self.registry.act_with(request, bearer, admit_provisionally).await
    }

    async fn grant_exequatur(&self, request: Request<GrantExequaturRequest>) -> Answer<ConsularCommission> {
        self.registry.act_with(request, bearer, grant_exequatur).await
    }

    async fn refuse_exequatur(&self, request: Request<RefuseExequaturRequest>) -> Answer<ConsularCommission> {
        self.registry.act(request, refuse).await
    }

    async fn withdraw_exequatur(&self, request: Request<WithdrawExequaturRequest>) -> Answer<ConsularCommission> {
        self.registry.act_with(request, office, withdraw).await
    }

    async fn end_consular_functions(
        &self,
        request: Request<EndConsularFunctionsRequest>,
    ) -> Answer<ConsularCommission> {
        self.registry.act(request, end).await
    }

    async fn list_consular_commission_revisions(
        &self,
        request: Request<ListConsularCommissionRevisionsRequest>,
    ) -> Answer<ListConsularCommissionRevisionsResponse> {
        self.registry.revisions(request).await
    }

    type WatchConsularCommissionsStream = Feed<WatchConsularCommissionsResponse>;

    async fn watch_consular_commissions(
        &self,
        request: Request<WatchConsularCommissionsRequest>,
    ) -> Answer<Self::WatchConsularCommissionsStream> {
        self.registry.watch(request).await
    }
}

async fn head_of_post(reader: &mut Reader<'_>, commission: &ConsularCommission) -> Result<Option<Member>, Fault> {
    reader.share(&commission.member).await
}

async fn bearer<R>(reader: &mut Reader<'_>, commission: &ConsularCommission, _: &R) -> Result<Option<Member>, Fault> {
    reader.share(&commission.member).await
}

/// The sending state presents a commission for each appointment (art. 11.1); its own staff for their post alone.
fn receive(commission: &mut ConsularCommission, head: Option<Member>, call: &mut Call) -> Result<(), Fault> {
    let own = |head: &Member| call.principal().mission.as_deref().is_none_or(|own| own == head.mission);
    let Some(head) = head.filter(own) else {
        let fault = Fault::new(House::BrokenReference, "there is no such member");
        return Err(fault.at("consularCommission.member", "does not exist"));
    };
    in_office(&head)?;
    commission.mission = head.mission;
    commission.receive_time = Some(call.timestamp());
    Ok(())
}

/// A head of post who was not declined and whose functions have not ended.
fn in_office(head: &Member) -> Result<(), Fault> {
    use member::State;
    let over = matches!(head.state(), State::Declined | State::Grace | State::Ended | State::Unspecified);
    let unfit = head.category() != Category::HeadOfConsularPost || over;
    refuse_if(unfit, Reason::NotHeadOfPost, "the member is not a head of consular post in office")
}

fn admit_provisionally(
    commission: &mut ConsularCommission,
    _: AdmitProvisionallyRequest,
    head: Option<Member>,
    call: &mut Call,
) -> Result<(), Fault> {
    in_office(&head.unwrap_or_default())?;
    commission.provisional_time = Some(call.timestamp());
    Ok(())
}

fn grant_exequatur(
    commission: &mut ConsularCommission,
    _: GrantExequaturRequest,
    head: Option<Member>,
    call: &mut Call,
) -> Result<(), Fault> {
    in_office(&head.unwrap_or_default())?;
    commission.exequatur_time = Some(call.timestamp());
    Ok(())
}

/// We are not obliged to give reasons (art. 12.2), and there is nowhere to put them.
fn refuse(commission: &mut ConsularCommission, _: RefuseExequaturRequest, call: &mut Call) -> Result<(), Fault> {
    commission.refuse_time = Some(call.timestamp());
    Ok(())
}

/// The head of post, if still in functions, and the household.
async fn office<R>(
    reader: &mut Reader<'_>,
    commission: &ConsularCommission,
    _: &R,
) -> Result<(Leavers, Leavers), Fault> {
    let fields: [(&str, &[&str]); 2] = [("name", &[&commission.member]), ("state", &IN_FUNCTIONS)];
    let Some(head) = reader.hold::<Members>(&fields).await?.pop() else { return Ok(Default::default()) };
    let kin = ending::kin(reader, &head).await?;
    Ok((Leavers::of(reader, vec![head]).await?, kin))
}

/// The functions come to an end with the exequatur (art. 25(b)), and a reasonable period to leave begins (art. 53.3).
fn withdraw(
    commission: &mut ConsularCommission,
    _: WithdrawExequaturRequest,
    (head, kin): (Leavers, Leavers),
    call: &mut Call,
) -> Result<(), Fault> {
    commission.end_time = Some(call.timestamp());
    let now = call.now();
    head.end("endWithExequatur", EndCause::RecognitionEnded, now, call)?;
    kin.end("endWithPrincipal", EndCause::PrincipalEnded, now, call)
}

fn end(
    commission: &mut ConsularCommission,
    request: EndConsularFunctionsRequest,
    call: &mut Call,
) -> Result<(), Fault> {
    let ended = request.end_time.as_ref().and_then(instant).unwrap_or_else(|| call.now());
    let admitted = commission.provisional_time.as_ref().or(commission.exequatur_time.as_ref()).and_then(instant);
    let implausible = ended > call.now() || Some(ended) < admitted;
    refuse_if(implausible, Reason::DatesImplausible, "functions end after the admission, and in the past")?;
    commission.end_time = Some(timestamp(ended));
    Ok(())
}

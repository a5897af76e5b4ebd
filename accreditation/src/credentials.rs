//! Letters of credence of heads of mission, the taking up of functions, and the order of precedence (VCDR art. 13-18).

use crate::charges::{self, Charges};
use crate::order_of_precedence::OrderOfPrecedence;
use crate::practice::{FunctionsBegin, Practice};
use chrono::{DateTime, Utc};
use fault::{Fault, refuse_if};
use identity::{Called, Principal};
use proto::accreditation::v1::charge::Cause;
use proto::accreditation::v1::credential_service_server::CredentialService;
use proto::accreditation::v1::{
    AlterCredentialsRequest, CancelCredentialsRequest, Category, CreateCredentialRequest, Credential,
    GetCredentialRequest, GetPrecedenceRequest, GetPrecedenceResponse, ListCredentialRevisionsRequest,
    ListCredentialRevisionsResponse, ListCredentialsRequest, ListCredentialsResponse, Member, Mission,
    PresentCredentialsRequest, Reason, ReceiveWorkingCopyRequest, UpdateCredentialRequest, WatchCredentialsRequest,
    WatchCredentialsResponse, member,
};
use proto::policy::v1::Reason as House;
use registry::{Answer, Call, Feed, Held, Keep, Reader, Registry, Visible, instant, timestamp};
use tonic::{Request, Response};

/// The letters of credence.
#[derive(Clone, Debug)]
pub struct Credentials {
    registry: Registry<Self>,
    precedence: OrderOfPrecedence,
}

impl Keep for Credentials {
    type Record = Credential;

    /// A mission's own staff see its head's; others who may read letters see all.
    fn visible(to: &Principal) -> Visible {
        to.mission.as_ref().map_or(Visible::All, |mission| Visible::having("mission", mission))
    }

    fn constraint(name: &str) -> Option<Fault> {
        let words = "this head of mission has letters in this class already";
        (name == "credentials_one_in_class").then(|| Fault::new(Reason::CredentialsAlreadyLive, words))
    }
}

impl Credentials {
    /// The letters that a registry keeps, and the order that follows from them.
    pub fn new(registry: Registry<Self>, precedence: OrderOfPrecedence) -> Self {
        Self { registry, precedence }
    }
}

#[tonic::async_trait]
impl CredentialService for Credentials {
    async fn get_credential(&self, request: Request<GetCredentialRequest>) -> Answer<Credential> {
        self.registry.get(request).await
    }

    async fn list_credentials(&self, request: Request<ListCredentialsRequest>) -> Answer<ListCredentialsResponse> {
        self.registry.list(request).await
    }

    async fn create_credential(&self, request: Request<CreateCredentialRequest>) -> Answer<Credential> {
        self.registry.create_with(request, surroundings, schedule).await
    }

    async fn update_credential(&self, request: Request<UpdateCredentialRequest>) -> Answer<Credential> {
        self.registry.update(request).await
    }

    async fn receive_working_copy(&self, request: Request<ReceiveWorkingCopyRequest>) -> Answer<Credential> {
        self.registry.act_with(request, bearer, receive_working_copy).await
    }

    async fn present_credentials(&self, request: Request<PresentCredentialsRequest>) -> Answer<Credential> {
        self.registry.act_with(request, bearer, present).await
    }

    async fn alter_credentials(&self, request: Request<AlterCredentialsRequest>) -> Answer<Credential> {
        self.registry.act(request, alter).await
    }

    async fn cancel_credentials(&self, request: Request<CancelCredentialsRequest>) -> Answer<Credential> {
        self.registry.act(request, |_, _, _| Ok(())).await
    }

    async fn list_credential_revisions(
        &self,
        request: Request<ListCredentialRevisionsRequest>,
    ) -> Answer<ListCredentialRevisionsResponse> {
        self.registry.revisions(request).await
    }

    type WatchCredentialsStream = Feed<WatchCredentialsResponse>;

    async fn watch_credentials(
        &self,
        request: Request<WatchCredentialsRequest>,
    ) -> Answer<Self::WatchCredentialsStream> {
        self.registry.watch(request).await
    }

    async fn get_precedence(&self, request: Request<GetPrecedenceRequest>) -> Answer<GetPrecedenceResponse> {
        let called = Called::of(&request)?.clone();
        let ask = request.into_inner();
        registry::check(&ask)?;
        let now = self.registry.store().now();
        let at = ask.as_of.as_ref().and_then(instant).unwrap_or(now);
        let future = || Fault::new(House::InvalidFields, "1 field is wrong").at("asOf", "lies in the future");
        let at = Some(at).filter(|at| *at <= now).ok_or_else(future)?;
        let named = called.principal.may_read_personal("accreditation");
        let places = (1..).zip(self.precedence.at(at).await?).map(|(rank, place)| place.shown(rank, named)).collect();
        Ok(Response::new(GetPrecedenceResponse { as_of: Some(timestamp(at)), places }))
    }
}

/// The head of mission, who cannot leave meanwhile.
async fn surroundings(reader: &mut Reader<'_>, credential: &Credential) -> Result<Option<Member>, Fault> {
    reader.share(&credential.member).await
}

/// The head of mission, and who acts for the mission meanwhile: what the taking up of functions bears upon. The mission is
/// locked, which a charge shares: none begins for a post as vacant while its head takes up functions.
async fn bearer<R>(reader: &mut Reader<'_>, credential: &Credential, _: &R) -> Result<Bearer, Fault> {
    reader.lock::<Mission>(&credential.mission).await?;
    let head = reader.share(&credential.member).await?;
    let acting = reader.hold(&[("mission", &[credential.mission.as_str()]), ("state", &["ACTING"])]).await?;
    Ok(Bearer { head: head.unwrap_or_default(), acting })
}

struct Bearer {
    head: Member,
    acting: Vec<Held<Charges>>,
}

fn schedule(credential: &mut Credential, head: Option<Member>, _: &mut Call) -> Result<(), Fault> {
    let Some(head) = head else {
        let fault = Fault::new(House::BrokenReference, "there is no such member");
        return Err(fault.at("credential.member", "does not exist"));
    };
    in_office(&head)?;
    refuse_if(credential.predecessor == head.name, Reason::NotHeadOfMission, "nobody recalls himself")?;
    credential.arrival_time = head.arrival_time;
    credential.mission = head.mission;
    Ok(())
}

/// A head of mission who was not declined and whose functions have not ended.
fn in_office(head: &Member) -> Result<(), Fault> {
    use member::State;
    let over = matches!(head.state(), State::Declined | State::Grace | State::Ended | State::Unspecified);
    let unfit = head.category() != Category::HeadOfMission || over;
    refuse_if(unfit, Reason::NotHeadOfMission, "the member is not a head of mission in office")
}

/// Functions are taken up on the notified arrival and the true copy, where that is our practice (art. 13.1).
fn receive_working_copy(
    credential: &mut Credential,
    request: ReceiveWorkingCopyRequest,
    bearer: Bearer,
    call: &mut Call,
) -> Result<(), Fault> {
    let Bearer { head, acting } = bearer;
    in_office(&head)?;
    let arrived = head.arrival_time.as_ref().and_then(instant);
    let words = "the true copy follows the notified arrival";
    refuse_if(arrived.is_none(), Reason::ArrivalNotNotified, words)?;
    let received = request.receive_time.as_ref().and_then(instant).unwrap_or_else(|| call.now());
    let implausible = Some(received) < arrived || received > call.now();
    refuse_if(implausible, Reason::DatesImplausible, "the copy was handed over after the arrival, and in the past")?;
    credential.arrival_time = head.arrival_time;
    credential.working_copy_time = Some(timestamp(received));
    if Practice::of(call.home()).functions_begin == FunctionsBegin::TrueCopy {
        return take_up_functions(credential, received, acting, call);
    }
    Ok(())
}

/// The successor's letters are presented with those that recall the predecessor. Where presentation is our practice, it
/// is the taking up of functions (art. 13.1).
fn present(
    credential: &mut Credential,
    request: PresentCredentialsRequest,
    bearer: Bearer,
    call: &mut Call,
) -> Result<(), Fault> {
    in_office(&bearer.head)?;
    let unrecalled = !credential.predecessor.is_empty() && !request.letters_of_recall;
    refuse_if(unrecalled, Reason::PredecessorNotRecalled, "the predecessor's letters of recall are not presented")?;
    let presented = request.present_time.as_ref().and_then(instant).unwrap_or_else(|| call.now());
    let copied = credential.working_copy_time.as_ref().and_then(instant);
    let implausible = Some(presented) < copied || presented > call.now();
    refuse_if(implausible, Reason::DatesImplausible, "letters are presented after the true copy, and in the past")?;
    credential.present_time = Some(timestamp(presented));
    credential.letters_of_recall = request.letters_of_recall;
    if Practice::of(call.home()).functions_begin == FunctionsBegin::Presentation {
        return take_up_functions(credential, presented, bearer.acting, call);
    }
    Ok(())
}

/// The post is no longer vacant: who acted for that reason acts no longer. Who acts for an absent head goes on.
fn take_up_functions(
    credential: &mut Credential,
    at: DateTime<Utc>,
    acting: Vec<Held<Charges>>,
    call: &mut Call,
) -> Result<(), Fault> {
    credential.functions_time = Some(timestamp(at));
    let for_a_vacancy = acting.into_iter().filter(|charge| charge.cause() == Cause::PostVacant);
    for charge in for_a_vacancy {
        call.follow(charge, "endWithVacancy", |charge, _| charges::end_at(charge, at))?;
    }
    Ok(())
}

/// The place in the order of precedence is not affected (art. 16.2).
fn alter(credential: &mut Credential, _: AlterCredentialsRequest, call: &mut Call) -> Result<(), Fault> {
    credential.alter_time = Some(call.timestamp());
    Ok(())
}

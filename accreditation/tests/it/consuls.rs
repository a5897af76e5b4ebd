//! Consular posts in the test's register: heads of post, honorary consuls, and every verb on their way.

use crate::world::{Signed, World, consulate, registrar, secretary};
use identity::Principal;
use proto::accreditation::v1::consular_commission_service_client::ConsularCommissionServiceClient;
use proto::accreditation::v1::honorary_consul_service_client::HonoraryConsulServiceClient;
use proto::accreditation::v1::{
    self as pb, Category, ConsularCommission, HonoraryConsul, Member, PostClass, Residence, mission,
};
use tonic::{Response, Status};

/// The requests of verbs that need nothing but a name.
macro_rules! plain {
    ($client:expr, $name:expr, $method:ident, $request:ident) => {
        $client.$method(pb::$request { name: $name, ..Default::default() }).await
    };
}

/// A consul-general to be notified at this post.
pub(crate) fn consul_general(post: &str) -> Member {
    Member { category: Category::HeadOfConsularPost.into(), title: "Consul General".into(), ..secretary(post) }
}

/// A commission of this head of post.
pub(crate) fn commission(head: &Member) -> ConsularCommission {
    ConsularCommission {
        member: head.name.clone(),
        post_class: PostClass::ConsulGeneral.into(),
        district: "Illinois".into(),
        ..ConsularCommission::default()
    }
}

/// A person to be recognised at this post.
pub(crate) fn notary(post: &str) -> HonoraryConsul {
    HonoraryConsul {
        mission: post.into(),
        post_class: PostClass::Consul.into(),
        family_name: "Miller".into(),
        given_names: "Jean".into(),
        birth_date: "1961-07-08".into(),
        residence: Residence::PermanentResident.into(),
        occupation: "Notary".into(),
        district: "Iowa".into(),
        justification: "Four thousand nationals live there.".into(),
        ..HonoraryConsul::default()
    }
}

impl World {
    pub(crate) fn commissions(&self, by: &Principal) -> ConsularCommissionServiceClient<Signed> {
        ConsularCommissionServiceClient::new(self.signed(by))
    }

    pub(crate) fn honorary(&self, by: &Principal) -> HonoraryConsulServiceClient<Signed> {
        HonoraryConsulServiceClient::new(self.signed(by))
    }

    /// A consulate-general at work.
    pub(crate) async fn post(&self, state: &str) -> String {
        let id = format!("{}-chicago", state.to_lowercase());
        self.mission(&id, consulate(state), mission::State::Open).await
    }

    /// A head of a new post, accredited as a member.
    pub(crate) async fn consul_from(&self, state: &str) -> Member {
        let post = self.post(state).await;
        self.accredited(&format!("consul-{}", state.to_lowercase()), consul_general(&post)).await
    }

    pub(crate) async fn receive(&self, commission: ConsularCommission) -> Result<ConsularCommission, Status> {
        let request =
            pb::CreateConsularCommissionRequest { consular_commission: Some(commission), ..Default::default() };
        self.commissions(&registrar()).create_consular_commission(request).await.map(Response::into_inner)
    }

    pub(crate) async fn commission_step(
        &self,
        by: &Principal,
        verb: &str,
        name: &str,
    ) -> Result<ConsularCommission, Status> {
        let (mut client, name) = (self.commissions(by), name.to_owned());
        let answer = match verb {
            "admitProvisionally" => plain!(client, name, admit_provisionally, AdmitProvisionallyRequest),
            "grantExequatur" => plain!(client, name, grant_exequatur, GrantExequaturRequest),
            "refuse" => plain!(client, name, refuse_exequatur, RefuseExequaturRequest),
            "withdraw" => plain!(client, name, withdraw_exequatur, WithdrawExequaturRequest),
            "end" => plain!(client, name, end_consular_functions, EndConsularFunctionsRequest),
            _ => panic!("commissions have no verb {verb}"),
        };
        answer.map(Response::into_inner)
    }

    pub(crate) async fn justify(&self, consul: HonoraryConsul) -> Result<HonoraryConsul, Status> {
        let request = pb::CreateHonoraryConsulRequest { honorary_consul: Some(consul), ..Default::default() };
        self.honorary(&registrar()).create_honorary_consul(request).await.map(Response::into_inner)
    }

    pub(crate) async fn honorary_step(&self, by: &Principal, verb: &str, name: &str) -> Result<HonoraryConsul, Status> {
        let (mut client, name) = (self.honorary(by), name.to_owned());
        let answer = match verb {
            "beginVetting" => plain!(client, name, begin_vetting, BeginVettingRequest),
            "approvePost" => plain!(client, name, approve_post, ApprovePostRequest),
            "recognise" => plain!(client, name, recognise_honorary_consul, RecogniseHonoraryConsulRequest),
            "decline" => plain!(client, name, decline_honorary_consul, DeclineHonoraryConsulRequest),
            "recertify" => plain!(client, name, recertify_honorary_consul, RecertifyHonoraryConsulRequest),
            "end" => plain!(client, name, end_honorary_consul, EndHonoraryConsulRequest),
            _ => panic!("honorary consuls have no verb {verb}"),
        };
        answer.map(Response::into_inner)
    }

    pub(crate) async fn honorary_consul(&self, name: &str) -> HonoraryConsul {
        let request = pb::GetHonoraryConsulRequest { name: name.into(), as_of: None };
        self.honorary(&registrar()).get_honorary_consul(request).await.unwrap().into_inner()
    }
}

//! Heads of mission in the test's register: the agrément that opens their notification, and every verb on the way.

use crate::world::{Signed, World, decider, registrar, secretary};
use identity::Principal;
use proto::accreditation::v1::agrement_service_client::AgrementServiceClient;
use proto::accreditation::v1::charge::{Cause, Notifier, Scope};
use proto::accreditation::v1::charge_service_client::ChargeServiceClient;
use proto::accreditation::v1::credential_service_client::CredentialServiceClient;
use proto::accreditation::v1::{self as pb, Agrement, Category, Charge, Credential, HeadClass, Member};
use tonic::{Response, Status};

/// The requests of verbs that need nothing but a name.
macro_rules! plain {
    ($client:expr, $name:expr, $method:ident, $request:ident) => {
        $client.$method(pb::$request { name: $name, ..Default::default() }).await
    };
}

/// An ambassador to be notified, without an agrément yet.
pub(crate) fn head(mission: &str) -> Member {
    Member {
        category: Category::HeadOfMission.into(),
        title: "Ambassador".into(),
        birth_date: "1966-02-03".into(),
        ..secretary(mission)
    }
}

/// The letters of this head in this class.
pub(crate) fn letters(head: &Member, class: HeadClass) -> Credential {
    Credential { member: head.name.clone(), head_class: class.into(), ..Credential::default() }
}

/// A charge ad interim for this diplomat, the post being vacant.
pub(crate) fn charge(diplomat: &Member) -> Charge {
    Charge {
        mission: diplomat.mission.clone(),
        member: diplomat.name.clone(),
        scope: Scope::AdInterim.into(),
        cause: Cause::PostVacant.into(),
        notifier: Notifier::ForeignMinistry.into(),
        ..Charge::default()
    }
}

impl World {
    pub(crate) fn agrements(&self, by: &Principal) -> AgrementServiceClient<Signed> {
        AgrementServiceClient::new(self.signed(by))
    }

    /// Prepares a request for agrément to this person as head.
    pub(crate) async fn ask_for(&self, head: &Member, by: &Principal) -> Result<Agrement, Status> {
        let agrement = Agrement {
            mission: head.mission.clone(),
            head_class: HeadClass::Ambassador.into(),
            family_name: head.family_name.to_uppercase(),
            given_names: head.given_names.clone(),
            birth_date: head.birth_date.clone(),
            nationality: head.nationality.clone(),
            curriculum: "Thirty years in the service.".into(),
            ..Agrement::default()
        };
        let request = pb::CreateAgrementRequest { agrement: Some(agrement), ..Default::default() };
        self.agrements(by).create_agrement(request).await.map(Response::into_inner)
    }

    /// The name of a request in preparation.
    pub(crate) async fn draft(&self, head: &Member) -> String {
        self.ask_for(head, &registrar()).await.unwrap().name
    }

    pub(crate) async fn agrement_step(&self, by: &Principal, verb: &str, name: &str) -> Result<Agrement, Status> {
        let (mut client, name) = (self.agrements(by), name.to_owned());
        let answer = match verb {
            "submit" => {
                let note_reference = "2026/117".into();
                client.submit_agrement(pb::SubmitAgrementRequest { name, note_reference, ..Default::default() }).await
            }
            "consult" => plain!(client, name, consult_on_agrement, ConsultOnAgrementRequest),
            "grant" => plain!(client, name, grant_agrement, GrantAgrementRequest),
            "refuse" => plain!(client, name, refuse_agrement, RefuseAgrementRequest),
            "withdraw" => plain!(client, name, withdraw_agrement, WithdrawAgrementRequest),
            "announce" => plain!(client, name, announce_agrement, AnnounceAgrementRequest),
            "recordArrival" => plain!(client, name, record_nominee_arrival, RecordNomineeArrivalRequest),
            _ => panic!("agréments have no verb {verb}"),
        };
        answer.map(Response::into_inner)
    }

    pub(crate) async fn agrement(&self, name: &str) -> Agrement {
        let request = pb::GetAgrementRequest { name: name.into(), as_of: None };
        self.agrements(&registrar()).get_agrement(request).await.unwrap().into_inner()
    }

    /// A request under consultation.
    pub(crate) async fn consulted(&self, head: &Member) -> String {
        let name = self.draft(head).await;
        for verb in ["submit", "consult"] {
            self.agrement_step(&registrar(), verb, &name).await.unwrap();
        }
        name
    }

    pub(crate) fn credentials(&self, by: &Principal) -> CredentialServiceClient<Signed> {
        CredentialServiceClient::new(self.signed(by))
    }

    pub(crate) fn charges(&self, by: &Principal) -> ChargeServiceClient<Signed> {
        ChargeServiceClient::new(self.signed(by))
    }

    /// A head of mission, accredited as a member, of an embassy of this state.
    pub(crate) async fn head_from(&self, state: &str) -> Member {
        let mission = self.embassy(state).await;
        let head = self.agreed(head(&mission)).await;
        self.accredited(&format!("head-{}", state.to_lowercase()), head).await
    }

    pub(crate) async fn schedule(&self, credential: Credential) -> Result<Credential, Status> {
        let request = pb::CreateCredentialRequest { credential: Some(credential), ..Default::default() };
        self.credentials(&registrar()).create_credential(request).await.map(Response::into_inner)
    }

    pub(crate) async fn credential_step(&self, by: &Principal, verb: &str, name: &str) -> Result<Credential, Status> {
        let (mut client, name) = (self.credentials(by), name.to_owned());
        let answer = match verb {
            "receiveWorkingCopy" => plain!(client, name, receive_working_copy, ReceiveWorkingCopyRequest),
            "present" => plain!(client, name, present_credentials, PresentCredentialsRequest),
            "alter" => plain!(client, name, alter_credentials, AlterCredentialsRequest),
            "cancel" => plain!(client, name, cancel_credentials, CancelCredentialsRequest),
            _ => panic!("letters of credence have no verb {verb}"),
        };
        answer.map(Response::into_inner)
    }

    /// The letters of this head, presented now.
    pub(crate) async fn presented(&self, head: &Member, class: HeadClass) -> Credential {
        let name = self.schedule(letters(head, class)).await.unwrap().name;
        self.credential_step(&registrar(), "receiveWorkingCopy", &name).await.unwrap();
        self.credential_step(&registrar(), "present", &name).await.unwrap()
    }

    pub(crate) async fn begin_charge(&self, charge: Charge) -> Result<Charge, Status> {
        let request = pb::CreateChargeRequest { charge: Some(charge), ..Default::default() };
        self.charges(&registrar()).create_charge(request).await.map(Response::into_inner)
    }

    pub(crate) async fn charge_step(&self, by: &Principal, verb: &str, name: &str) -> Result<Charge, Status> {
        assert_eq!(verb, "end", "charges have no verb {verb}");
        let request = pb::EndChargeRequest { name: name.into(), ..Default::default() };
        self.charges(by).end_charge(request).await.map(Response::into_inner)
    }

    /// The head, who is to come, with an agrément that is granted and announced.
    pub(crate) async fn agreed_before_coming(&self, head: Member) -> Member {
        let name = self.consulted(&head).await;
        self.agrement_step(&decider(), "grant", &name).await.unwrap();
        self.agrement_step(&registrar(), "announce", &name).await.unwrap();
        Member { agrement: name, arrival_time: None, ..head }
    }

    /// The head, who has come, with an agrément that is granted and announced.
    pub(crate) async fn agreed(&self, head: Member) -> Member {
        let agreed = self.agreed_before_coming(head.clone()).await;
        self.agrement_step(&registrar(), "recordArrival", &agreed.agrement).await.unwrap();
        Member { arrival_time: head.arrival_time, ..agreed }
    }
}

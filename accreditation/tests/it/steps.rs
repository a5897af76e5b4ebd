//! Every verb by its name, with the least it needs to be done.

use crate::world::{World, stamp};
use identity::Principal;
use proto::accreditation::v1::{self as pb, IdentityCard, Member, Mission, Residence, identity_card, member};
use tonic::{Response, Status};

/// The requests of verbs that need nothing but a name.
macro_rules! plain {
    ($client:expr, $name:expr, $method:ident, $request:ident) => {
        $client.$method(pb::$request { name: $name, ..Default::default() }).await
    };
}

impl World {
    pub(crate) async fn mission_step(&self, by: &Principal, verb: &str, name: &str) -> Result<Mission, Status> {
        let (mut client, name) = (self.missions(by), name.to_owned());
        let answer = match verb {
            "requestConsent" => plain!(client, name, request_consent, RequestConsentRequest),
            "consent" => plain!(client, name, consent, ConsentRequest),
            "refuse" => plain!(client, name, refuse, RefuseRequest),
            "approvePremises" => plain!(client, name, approve_premises, ApprovePremisesRequest),
            "open" => plain!(client, name, open, OpenRequest),
            "restrict" => client.restrict(pb::RestrictRequest { name, size_limit: 5, ..Default::default() }).await,
            "liftRestriction" => plain!(client, name, lift_restriction, LiftRestrictionRequest),
            "suspend" => plain!(client, name, suspend, SuspendRequest),
            "resume" => plain!(client, name, resume, ResumeRequest),
            "close" => plain!(client, name, close, CloseRequest),
            "completeClosure" => plain!(client, name, complete_closure, CompleteClosureRequest),
            "sever" => client.sever(pb::SeverRequest { name, in_custody: true, ..Default::default() }).await,
            "delete" => plain!(client, name, delete_mission, DeleteMissionRequest),
            _ => panic!("missions have no verb {verb}"),
        };
        answer.map(Response::into_inner)
    }

    pub(crate) async fn member_step(&self, by: &Principal, verb: &str, name: &str) -> Result<Member, Status> {
        let (mut client, name) = (self.members(by), name.to_owned());
        let answer = match verb {
            "beginValidation" => plain!(client, name, begin_validation, BeginValidationRequest),
            "return" => {
                let correction = "the photograph is missing".into();
                client
                    .return_notification(pb::ReturnNotificationRequest { name, correction, ..Default::default() })
                    .await
            }
            "resubmit" => plain!(client, name, resubmit, ResubmitRequest),
            "passValidation" => plain!(client, name, pass_validation, PassValidationRequest),
            "accredit" => plain!(client, name, accredit, AccreditRequest),
            "decline" => plain!(client, name, decline, DeclineRequest),
            "notifyChange" => {
                let (effective_time, residence) = (stamp("2026-05-01T00:00:00Z"), Residence::PermanentResident.into());
                let change = Some(pb::Fact { effective_time, residence, title: "First Secretary".into() });
                client.notify_change(pb::NotifyChangeRequest { name, change, ..Default::default() }).await
            }
            "confirmChange" => plain!(client, name, confirm_change, ConfirmChangeRequest),
            "rejectChange" => plain!(client, name, reject_change, RejectChangeRequest),
            "recordArrival" => plain!(client, name, record_arrival, RecordArrivalRequest),
            "terminate" => {
                let cause = member::EndCause::Recalled.into();
                client.terminate(pb::TerminateRequest { name, cause, ..Default::default() }).await
            }
            "extendGrace" => plain!(client, name, extend_grace, ExtendGraceRequest),
            "linkPerson" => {
                let person = self.member(&name).await.person;
                client.link_person(pb::LinkPersonRequest { name, person, ..Default::default() }).await
            }
            "recordDeparture" => plain!(client, name, record_departure, RecordDepartureRequest),
            _ => panic!("members have no verb {verb}"),
        };
        answer.map(Response::into_inner)
    }

    pub(crate) async fn card_step(&self, by: &Principal, verb: &str, name: &str) -> Result<IdentityCard, Status> {
        if verb == "return" {
            let request = pb::ReturnIdentityCardRequest { name: name.to_owned(), ..Default::default() };
            return self.cards(by).return_identity_card(request).await.map(Response::into_inner);
        }
        assert_eq!(verb, "revoke", "cards have no verb {verb}");
        let (name, cause) = (name.to_owned(), identity_card::RevocationCause::Lost.into());
        let request = pb::RevokeIdentityCardRequest { name, cause, ..Default::default() };
        self.cards(by).revoke_identity_card(request).await.map(Response::into_inner)
    }
}

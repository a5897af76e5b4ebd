//! Emergency documents in other hands: two persons to each, a name check before it, urgency with its consultation after it, and
//! loss that is in force at once and for ever; and what the register says of whatever bears our seal.

use crate::emergency::{asked, due};
use crate::travel_bench::{CLERK, DECIDER};
use crate::world::{World, reason, world};
use proto::consular::v1::blank_book::Kind as Blank;
use proto::consular::v1::emergency_travel_document::{State, Step};
use proto::consular::v1::verify_seal_response::{Document, Finding};
use proto::consular::v1::{self as pb, EmergencyTravelDocument};
use tonic::Status;

macro_rules! about {
    ($request:ident, $name:expr) => {
        pb::$request { name: $name.to_owned(), ..Default::default() }
    };
}

impl World {
    /// Consulted and confirmed by the clerk, with a sticker in stock.
    async fn confirmed(&self, number: &str) -> (String, String) {
        let name = self.received(asked()).await.unwrap().name;
        let mut documents = self.emergency(CLERK);
        documents.consult_member_state(about!(ConsultMemberStateRequest, name)).await.unwrap();
        documents.confirm_nationality(about!(ConfirmNationalityRequest, name)).await.unwrap();
        (name, self.blank(Blank::EmergencySticker, number).await)
    }

    async fn issue_as(
        &self,
        by: &str,
        name: &str,
        blank: &str,
        screening: &str,
    ) -> Result<EmergencyTravelDocument, Status> {
        let issue = pb::IssueEmergencyTravelDocumentRequest {
            name: name.into(),
            blank: blank.into(),
            fee_receipt: self.emergency_paid(name).await,
            screening: screening.into(),
            ..Default::default()
        };
        Ok(self.emergency(by).issue_emergency_travel_document(issue).await?.into_inner())
    }

    async fn says(&self, seal: &[u8]) -> (bool, Document) {
        let ask = pb::VerifySealRequest { barcode: seal.to_vec(), json: String::new() };
        let told = self.verified_seal(ask).await;
        assert_eq!(told.finding(), Finding::Valid, "the seal itself stays what it is");
        (told.valid, told.document())
    }
}

#[tokio::test]
async fn who_confirms_or_receives_does_not_issue() {
    let world = world().await;
    world.list_of(&[("SAMPLE, Other", "")]).await;
    let (name, sticker) = world.confirmed("E00000001").await;
    let screening = world.emergency_checked().await;
    assert_eq!(reason(world.issue_as(CLERK, &name, &sticker, &screening).await), "SAME_PERSON");
    world.issue_as(DECIDER, &name, &sticker, &screening).await.unwrap();
    let urgent = world.received(asked()).await.unwrap().name;
    let own = pb::IssueUrgentlyRequest {
        name: urgent.clone(),
        blank: world.blank(Blank::EmergencySticker, "E00000002").await,
        fee_receipt: world.emergency_paid(&urgent).await,
        screening,
        urgency: "The flight leaves tonight.".into(),
        ..Default::default()
    };
    assert_eq!(reason(world.emergency(CLERK).issue_urgently(own).await), "SAME_PERSON");
}

#[tokio::test]
async fn nothing_is_issued_or_printed_against_a_hit() {
    let world = world().await;
    world.list_of(&[("EXAMPLE, Zoe", "DOB 31 Jan 1990.")]).await;
    let (name, sticker) = world.confirmed("E00000001").await;
    let other = world.screened("Somebody Else", "1990-01-31", "").await.name;
    assert_eq!(reason(world.issue_as(DECIDER, &name, &sticker, &other).await), "SCREENING_OF_ANOTHER");
    let screening = world.emergency_checked().await;
    assert_eq!(reason(world.issue_as(DECIDER, &name, &sticker, &screening).await), "HIT_UNRESOLVED");
    assert_eq!(reason(world.urgently(&name, &sticker).await), "WRONG_STATE", "confirmed is not urgent");
    world.cleared(&screening).await;
    world.issue_as(DECIDER, &name, &sticker, &screening).await.unwrap();
    let print = || pb::PrintEmergencyTravelDocumentRequest { name: name.clone() };
    world.emergency(DECIDER).print_emergency_travel_document(print()).await.unwrap();
    // The list changes, and has someone else of that name.
    world.list_of(&[("EXAMPLE, Zoe", "DOB 31 Jan 1990."), ("EXAMPLE, Zoë", "DOB 31 Jan 1990.")]).await;
    assert!(world.again().await > 0, "the new entry touches the holder");
    let refused = world.emergency(DECIDER).print_emergency_travel_document(print()).await;
    assert_eq!(reason(refused), "HIT_UNRESOLVED");
}

#[tokio::test]
async fn after_an_issue_in_urgency_the_member_state_is_consulted_and_both_clocks_run_on() {
    let world = world().await;
    world.list_of(&[("SAMPLE, Other", "")]).await;
    let name = world.received(asked()).await.unwrap().name;
    let sticker = world.blank(Blank::EmergencySticker, "E00000001").await;
    world.urgently(&name, &sticker).await.unwrap();
    let mut documents = world.emergency(CLERK);
    // Monday 4 May is a bank holiday where the post is: Tuesday and Wednesday to consult.
    world.clock.set("2026-05-07T04:00:00Z".parse().unwrap());
    assert_eq!(world.fired().await, 1, "nobody has consulted");
    let consulted = documents.consult_after_issue(about!(ConsultAfterIssueRequest, name)).await.unwrap().into_inner();
    assert_eq!((consulted.state(), consulted.late.as_slice()), (State::Issued, [Step::Consultation.into()].as_slice()));
    // Friday 8 May is a holiday in France: Monday, Tuesday, Wednesday.
    assert_eq!(due(consulted.answer_due_time.as_ref()), "2026-05-14T04:00:00Z");
    let again = documents.consult_after_issue(about!(ConsultAfterIssueRequest, name)).await;
    assert_eq!(reason(again), "CONSULTED_ALREADY");
    world.clock.set("2026-05-12T04:00:00Z".parse().unwrap());
    assert_eq!(world.fired().await, 1, "its validity is over");
    world.clock.set("2026-05-14T04:00:00Z".parse().unwrap());
    assert_eq!(world.fired().await, 1, "the Member State is late, whatever became of the document");
    let get = pb::GetEmergencyTravelDocumentRequest { name: name.clone(), as_of: None };
    let kept = documents.get_emergency_travel_document(get).await.unwrap().into_inner();
    assert_eq!((kept.state(), kept.late.len()), (State::Expired, 2));
    let confirmed = documents.confirm_after_issue(about!(ConfirmAfterIssueRequest, name)).await.unwrap().into_inner();
    assert!(confirmed.confirmed && confirmed.answer_time.is_some());
}

#[tokio::test]
async fn who_was_consulted_before_answers_after_the_issue_and_in_time() {
    let world = world().await;
    world.list_of(&[("SAMPLE, Other", "")]).await;
    let name = world.received(asked()).await.unwrap().name;
    let mut documents = world.emergency(CLERK);
    documents.consult_member_state(about!(ConsultMemberStateRequest, name)).await.unwrap();
    let sticker = world.blank(Blank::EmergencySticker, "E00000001").await;
    world.urgently(&name, &sticker).await.unwrap();
    let twice = documents.consult_after_issue(about!(ConsultAfterIssueRequest, name)).await;
    assert_eq!(reason(twice), "CONSULTED_ALREADY");
    let confirmed = documents.confirm_after_issue(about!(ConfirmAfterIssueRequest, name)).await.unwrap().into_inner();
    assert!(confirmed.late.is_empty());
    world.clock.set("2026-05-11T13:00:00Z".parse().unwrap());
    assert_eq!(world.fired().await, 0, "who has answered is late with nothing");
}

#[tokio::test]
async fn a_lost_emergency_document_is_stopped_at_once_and_for_ever() {
    let world = world().await;
    world.list_of(&[("SAMPLE, Other", "")]).await;
    let name = world.received(asked()).await.unwrap().name;
    let sticker = world.blank(Blank::EmergencySticker, "E00000001").await;
    let issued = world.urgently(&name, &sticker).await.unwrap();
    assert_eq!(world.says(&issued.seal).await, (true, Document::InForce));
    let mut documents = world.emergency(CLERK);
    let report = || pb::ReportEmergencyDocumentLossRequest {
        name: name.clone(),
        place: "At the station.".into(),
        ..Default::default()
    };
    let lost = documents.report_emergency_document_loss(report()).await.unwrap().into_inner();
    assert_eq!((lost.state(), lost.report_place.as_str()), (State::ReportedLost, "At the station."));
    assert_eq!(world.says(&issued.seal).await, (false, Document::ReportedLost), "the very next question");
    for undone in [
        reason(documents.report_emergency_document_loss(report()).await),
        reason(documents.report_emergency_document_theft(about!(ReportEmergencyDocumentTheftRequest, name)).await),
        reason(
            documents.take_back_emergency_travel_document(about!(TakeBackEmergencyTravelDocumentRequest, name)).await,
        ),
        reason(documents.confirm_after_issue(about!(ConfirmAfterIssueRequest, name)).await),
    ] {
        assert_eq!(undone, "WRONG_STATE");
    }
    // Not by the database either.
    let text = "update emergency_travel_documents set doc = jsonb_set(doc, '{state}', '\"ISSUED\"') where name = $1";
    let undone = sqlx::query(text).bind(&name).execute(&world.db.pool).await.unwrap_err();
    assert_eq!(pg::constraint(&undone), Some("emergency_travel_documents_irreversible"));
}

#[tokio::test]
async fn a_seal_says_nothing_for_a_document_that_is_out_of_use() {
    let world = world().await;
    world.list_of(&[("SAMPLE, Other", "")]).await;
    // Withdrawn upon an objection, and stolen.
    for (number, state) in [("E00000001", Document::Withdrawn), ("E00000002", Document::ReportedStolen)] {
        let name = world.received(asked()).await.unwrap().name;
        let sticker = world.blank(Blank::EmergencySticker, number).await;
        let seal = world.urgently(&name, &sticker).await.unwrap().seal;
        let mut documents = world.emergency(CLERK);
        if state == Document::Withdrawn {
            let objection = "No national of ours.".into();
            let object = pb::ObjectToIssueRequest { name, objection, ..Default::default() };
            documents.object_to_issue(object).await.unwrap();
        } else {
            documents.report_emergency_document_theft(about!(ReportEmergencyDocumentTheftRequest, name)).await.unwrap();
        }
        assert_eq!(world.says(&seal).await, (false, state));
    }
    let visa = world.visa_on("V00000001").await;
    let mut visas = world.visas(DECIDER);
    assert_eq!(world.says(&visa.seal).await, (false, Document::NotDelivered));
    visas.release_visa(about!(ReleaseVisaRequest, visa.name)).await.unwrap();
    assert_eq!(world.says(&visa.seal).await, (true, Document::InForce));
    let grounds = "The invitation was forged.".into();
    let revoke = pb::RevokeVisaRequest { name: visa.name.clone(), grounds, ..Default::default() };
    visas.revoke_visa(revoke).await.unwrap();
    assert_eq!(world.says(&visa.seal).await, (false, Document::Revoked));
    // What our key sealed and the register does not have is no document of ours.
    let text = "update visas set doc = doc - 'sealed'";
    sqlx::query(text).execute(&world.db.pool).await.unwrap();
    assert_eq!(world.says(&visa.seal).await, (false, Document::NotInRegister));
}

//! EU Emergency Travel Documents: the clocks of both sides, urgency, objection, validity, return and destruction.

use crate::travel_bench::{CLERK, DECIDER, POST};
use crate::world::{World, reason, world};
use proto::consular::v1::blank_book::{Kind as Blank, State as BlankState};
use proto::consular::v1::emergency_travel_document::{Need, Sex, State, Step};
use proto::consular::v1::{self as pb, EmergencyTravelDocument};
use registry::instant;
use tonic::Status;

/// Of a French national at a post in the United Kingdom.
pub(crate) fn asked() -> EmergencyTravelDocument {
    EmergencyTravelDocument {
        post: POST.into(),
        country: "GB".into(),
        nationality: "FR".into(),
        family_name: "Example".into(),
        given_names: "Zoé".into(),
        birth_date: "1990-01-31".into(),
        sex: Sex::Female.into(),
        need: Need::Stolen.into(),
        photo: "photos/1".into(),
        photo_live: true,
        destination: "FR".into(),
        journey_from: "2026-05-08".into(),
        journey_until: "2026-05-09".into(),
        ..EmergencyTravelDocument::default()
    }
}

macro_rules! about {
    ($request:ident, $name:expr) => {
        pb::$request { name: $name.to_owned(), ..Default::default() }
    };
}

impl World {
    pub(crate) async fn received(&self, document: EmergencyTravelDocument) -> Result<EmergencyTravelDocument, Status> {
        let create = pb::CreateEmergencyTravelDocumentRequest {
            emergency_travel_document: Some(document),
            ..Default::default()
        };
        Ok(self.emergency(CLERK).create_emergency_travel_document(create).await?.into_inner())
    }

    /// A receipt for the document.
    pub(crate) async fn emergency_paid(&self, name: &str) -> String {
        self.costs("EMERGENCY_DOCUMENT", 7_500).await;
        self.receipt_of("EMERGENCY_DOCUMENT", name, "", POST).await.name
    }

    /// A name check of who asked.
    pub(crate) async fn emergency_checked(&self) -> String {
        self.screened("Zoé EXAMPLE", "1990-01-31", "").await.name
    }

    pub(crate) async fn emergency_issued(&self, name: &str, blank: &str) -> Result<EmergencyTravelDocument, Status> {
        let issue = pb::IssueEmergencyTravelDocumentRequest {
            name: name.into(),
            blank: blank.into(),
            fee_receipt: self.emergency_paid(name).await,
            screening: self.emergency_checked().await,
            ..Default::default()
        };
        Ok(self.emergency(DECIDER).issue_emergency_travel_document(issue).await?.into_inner())
    }

    pub(crate) async fn urgently(&self, name: &str, blank: &str) -> Result<EmergencyTravelDocument, Status> {
        let issue = pb::IssueUrgentlyRequest {
            name: name.into(),
            blank: blank.into(),
            fee_receipt: self.emergency_paid(name).await,
            screening: self.emergency_checked().await,
            urgency: "The flight leaves tonight, for a funeral.".into(),
            ..Default::default()
        };
        Ok(self.emergency(DECIDER).issue_urgently(issue).await?.into_inner())
    }
}

pub(crate) fn due(time: Option<&prost_types::Timestamp>) -> String {
    time.and_then(instant).map(|time| time.to_rfc3339_opts(chrono::SecondsFormat::Secs, true)).unwrap_or_default()
}

#[tokio::test]
async fn each_side_counts_its_own_working_days() {
    let world = world().await;
    // Friday 22 May 2026: Monday 25 is Memorial Day with us and the spring bank holiday where the post is.
    world.clock.set("2026-05-22T15:00:00Z".parse().unwrap());
    let journey =
        EmergencyTravelDocument { journey_from: "2026-06-01".into(), journey_until: "2026-06-02".into(), ..asked() };
    let received = world.received(journey).await.unwrap();
    assert_eq!(due(received.consult_due_time.as_ref()), "2026-05-28T04:00:00Z", "to the end of Wednesday 27");
    let mut documents = world.emergency(CLERK);
    let consulted = documents.consult_member_state(about!(ConsultMemberStateRequest, received.name)).await.unwrap();
    // Monday 25 is Pentecost Monday in France: Tuesday, Wednesday, Thursday.
    assert_eq!(due(consulted.into_inner().answer_due_time.as_ref()), "2026-05-29T04:00:00Z");
    world.clock.set("2026-05-29T04:00:00Z".parse().unwrap());
    assert_eq!(world.fired().await, 1);
    let confirmed = documents.confirm_nationality(about!(ConfirmNationalityRequest, received.name)).await.unwrap();
    let confirmed = confirmed.into_inner();
    assert_eq!(confirmed.late, [i32::from(Step::Answer)]);
    assert_eq!(due(confirmed.issue_due_time.as_ref()), "2026-06-03T04:00:00Z", "Monday and Tuesday");
}

#[tokio::test]
async fn a_step_that_comes_too_late_is_noted_and_stops_nothing() {
    let world = world().await;
    let name = world.received(asked()).await.unwrap().name;
    // Monday 4 May is the early May bank holiday where the post is: Tuesday and Wednesday.
    world.clock.set("2026-05-07T03:59:59Z".parse().unwrap());
    assert_eq!(world.fired().await, 0);
    world.clock.set("2026-05-07T04:00:00Z".parse().unwrap());
    assert_eq!(world.fired().await, 1);
    let consulted = world.emergency(CLERK).consult_member_state(about!(ConsultMemberStateRequest, name)).await.unwrap();
    let consulted = consulted.into_inner();
    assert_eq!(
        (consulted.state(), consulted.late.as_slice()),
        (State::Consulted, [i32::from(Step::Consultation)].as_slice())
    );
}

#[tokio::test]
async fn the_document_is_for_the_journey_given_back_and_destroyed_by_another() {
    let world = world().await;
    world.list_of(&[("SAMPLE, Other", "")]).await;
    let name = world.received(asked()).await.unwrap().name;
    let sticker = world.blank(Blank::EmergencySticker, "E00000001").await;
    assert_eq!(reason(world.emergency_issued(&name, &sticker).await), "WRONG_STATE", "nobody has confirmed");
    let mut documents = world.emergency(CLERK);
    documents.consult_member_state(about!(ConsultMemberStateRequest, name)).await.unwrap();
    documents.confirm_nationality(about!(ConfirmNationalityRequest, name)).await.unwrap();
    let issued = world.emergency_issued(&name, &sticker).await.unwrap();
    assert_eq!((issued.state(), issued.expire_date.as_str()), (State::Issued, "2026-05-11"), "two days of grace");
    let window = mrz::Window::on("2026-05-04".parse().unwrap());
    let zone = mrz::parse(&issued.zone.join("\n"), &window).unwrap();
    assert_eq!((zone.issuer.as_str(), zone.nationality.as_str(), zone.secondary.as_str()), ("USA", "FRA", "ZOE"));
    assert_eq!(world.blank_now(&sticker).await.document, name);
    world.clock.set("2026-05-12T04:00:00Z".parse().unwrap());
    assert_eq!(world.fired().await, 1);
    let back = about!(TakeBackEmergencyTravelDocumentRequest, name);
    let back = documents.take_back_emergency_travel_document(back).await.unwrap().into_inner();
    assert_eq!(back.state(), State::Returned);
    let destroy = || about!(DestroyEmergencyTravelDocumentRequest, name);
    assert_eq!(reason(documents.destroy_emergency_travel_document(destroy()).await), "SAME_PERSON");
    let gone = world.emergency(DECIDER).destroy_emergency_travel_document(destroy()).await.unwrap().into_inner();
    assert_eq!(gone.state(), State::Destroyed);
}

#[tokio::test]
async fn an_objection_blocks_the_issue_and_withdraws_what_was_issued_in_urgency() {
    let world = world().await;
    world.list_of(&[("SAMPLE, Other", "")]).await;
    let sticker = world.blank(Blank::EmergencySticker, "E00000001").await;
    let object = |name: &str| pb::ObjectToIssueRequest {
        name: name.into(),
        objection: "No national of ours.".into(),
        ..Default::default()
    };
    let mut documents = world.emergency(CLERK);
    let first = world.received(asked()).await.unwrap().name;
    documents.consult_member_state(about!(ConsultMemberStateRequest, first)).await.unwrap();
    let objected = documents.object_to_issue(object(&first)).await.unwrap().into_inner();
    assert_eq!(objected.state(), State::Objected);
    assert_eq!(reason(world.emergency_issued(&first, &sticker).await), "WRONG_STATE");
    assert_eq!(reason(world.urgently(&first, &sticker).await), "WRONG_STATE");
    let second = world.received(asked()).await.unwrap().name;
    let issued = world.urgently(&second, &sticker).await.unwrap();
    assert_eq!((issued.state(), issued.confirmed), (State::Issued, false));
    let withdrawn = documents.object_to_issue(object(&second)).await.unwrap().into_inner();
    assert_eq!(withdrawn.state(), State::Withdrawn);
    let third = world.received(asked()).await.unwrap().name;
    let sticker = world.blank(Blank::EmergencySticker, "E00000002").await;
    world.urgently(&third, &sticker).await.unwrap();
    let confirm = || about!(ConfirmAfterIssueRequest, third);
    assert!(documents.confirm_after_issue(confirm()).await.unwrap().into_inner().confirmed);
    assert_eq!(reason(documents.confirm_after_issue(confirm()).await), "ANSWER_ALREADY_GIVEN");
    assert_eq!(reason(documents.object_to_issue(object(&third)).await), "ANSWER_ALREADY_GIVEN");
}

#[tokio::test]
async fn fifteen_days_are_the_rule_and_more_is_explained() {
    let world = world().await;
    world.list_of(&[("SAMPLE, Other", "")]).await;
    // Issued on 4 May, the fifteenth day is the 18th; the journey ends two days before.
    let until = |journey_until: &str, exceptional: &str| EmergencyTravelDocument {
        journey_until: journey_until.into(),
        exceptional: exceptional.into(),
        ..asked()
    };
    for (number, document, expected) in [
        ("E00000001", until("2026-05-16", ""), Ok("2026-05-18")),
        ("E00000002", until("2026-05-17", ""), Err("VALIDITY_EXCEPTIONAL")),
        ("E00000003", until("2026-05-17", "The only ship leaves late."), Ok("2026-05-19")),
    ] {
        let name = world.received(document).await.unwrap().name;
        let sticker = world.blank(Blank::EmergencySticker, number).await;
        let issued = world.urgently(&name, &sticker).await;
        match expected {
            Ok(last) => assert_eq!(issued.unwrap().expire_date, last),
            Err(why) => {
                assert_eq!(reason(issued), why);
                assert_eq!(world.blank_now(&sticker).await.state(), BlankState::Received);
            }
        }
    }
    let own = EmergencyTravelDocument { nationality: "US".into(), ..asked() };
    assert_eq!(reason(world.received(own).await), "NATIONALITY_UNFIT");
    let past = EmergencyTravelDocument { journey_from: "2026-04-01".into(), ..until("2026-05-03", "") };
    assert_eq!(reason(world.received(past).await), "JOURNEY_IMPLAUSIBLE");
}

#[tokio::test]
async fn a_state_that_objects_after_it_has_confirmed_is_heard() {
    let world = world().await;
    world.list_of(&[("SAMPLE, Other", "")]).await;
    let sticker = world.blank(Blank::EmergencySticker, "E00000001").await;
    let mut documents = world.emergency(CLERK);
    let name = world.received(asked()).await.unwrap().name;
    documents.consult_member_state(about!(ConsultMemberStateRequest, name)).await.unwrap();
    documents.confirm_nationality(about!(ConfirmNationalityRequest, name)).await.unwrap();
    let object = pb::ObjectToIssueRequest {
        name: name.clone(),
        objection: "The passport was found in another's hands.".into(),
        ..Default::default()
    };
    let objected = documents.object_to_issue(object).await.unwrap().into_inner();
    assert_eq!((objected.state(), objected.confirmed), (State::Objected, false));
    assert_eq!(reason(world.emergency_issued(&name, &sticker).await), "WRONG_STATE");
    world.clock.advance(chrono::TimeDelta::days(30));
    assert_eq!(world.fired().await, 0, "nobody is late with what is not to be issued");
}

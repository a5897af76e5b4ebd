//! Circulars: drafts unseen, numbered without gaps, confirmed once by each mission they ask.

use crate::world::{Signed, World, consulate, decider, reason, registrar, staff_of, stamp, world};
use chrono::TimeDelta;
use identity::{Permissions, Principal};
use proto::accreditation::v1::circular_receipt_service_client::CircularReceiptServiceClient;
use proto::accreditation::v1::circular_service_client::CircularServiceClient;
use proto::accreditation::v1::{self as pb, Circular, CircularReceipt, circular::State, mission};
use tonic::{Response, Status};

/// A mission's own staff, who read circulars.
pub(crate) fn reader_at(mission: &str) -> Principal {
    let permissions = ["circulars.read", "circularReceipts.read", "circularReceipts.confirm"];
    let permissions = permissions.map(|permission| format!("accreditation.{permission}"));
    Principal { permissions: Permissions::of(permissions), ..staff_of(mission) }
}

pub(crate) fn circular() -> Circular {
    Circular {
        language: "en".into(),
        subject: "Insurance of vehicles".into(),
        paragraphs: vec!["Proof of insurance is due each year.".into()],
        ..Circular::default()
    }
}

impl World {
    pub(crate) fn circulars(&self, by: &Principal) -> CircularServiceClient<Signed> {
        CircularServiceClient::new(self.signed(by))
    }

    pub(crate) fn receipts(&self, by: &Principal) -> CircularReceiptServiceClient<Signed> {
        CircularReceiptServiceClient::new(self.signed(by))
    }

    pub(crate) async fn drafted(&self, circular: Circular) -> Circular {
        let request = pb::CreateCircularRequest { circular: Some(circular), ..Default::default() };
        self.circulars(&registrar()).create_circular(request).await.unwrap().into_inner()
    }

    pub(crate) async fn issue_circular(&self, name: &str) -> Result<Circular, Status> {
        let request = pb::IssueCircularRequest { name: name.into(), ..Default::default() };
        self.circulars(&decider()).issue_circular(request).await.map(Response::into_inner)
    }

    pub(crate) async fn issued(&self, circular: Circular) -> Circular {
        let name = self.drafted(circular).await.name;
        self.issue_circular(&name).await.unwrap()
    }

    pub(crate) async fn confirm(
        &self,
        by: &Principal,
        circular: &str,
        mission: &str,
    ) -> Result<CircularReceipt, Status> {
        let receipt = CircularReceipt {
            circular: circular.into(),
            mission: mission.into(),
            reader: "Counsellor".into(),
            ..CircularReceipt::default()
        };
        let request = pb::CreateCircularReceiptRequest { circular_receipt: Some(receipt), ..Default::default() };
        self.receipts(by).create_circular_receipt(request).await.map(Response::into_inner)
    }

    pub(crate) async fn readings_of(&self, name: &str) -> pb::ReportCircularReceiptsResponse {
        let request = pb::ReportCircularReceiptsRequest { name: name.into() };
        self.circulars(&registrar()).report_circular_receipts(request).await.unwrap().into_inner()
    }
}

#[tokio::test]
async fn missions_read_what_was_issued_and_no_draft() {
    let world = world().await;
    world.embassy("FR").await;
    let draft = world.drafted(circular()).await.name;
    let get = || pb::GetCircularRequest { name: draft.clone(), as_of: None };
    let mut reader = world.circulars(&reader_at("fr"));
    assert_eq!(reason(reader.get_circular(get()).await), "NOT_FOUND");
    let issued = world.issue_circular(&draft).await.unwrap();
    assert_eq!((issued.state(), issued.reference.as_str()), (State::Issued, "1/2026"));
    assert_eq!(reader.get_circular(get()).await.unwrap().into_inner().subject, "Insurance of vehicles");
    let request = pb::WithdrawCircularRequest { name: draft.clone(), ..Default::default() };
    world.circulars(&decider()).withdraw_circular(request).await.unwrap();
    assert_eq!(reader.get_circular(get()).await.unwrap().into_inner().state(), State::Withdrawn);
}

#[tokio::test]
async fn circulars_issued_at_once_are_numbered_without_gaps() {
    let world = std::sync::Arc::new(world().await);
    let mut drafts = Vec::new();
    for _ in 0..8 {
        drafts.push(world.drafted(circular()).await.name);
    }
    let issues = drafts.into_iter().map(|name| {
        let world = std::sync::Arc::clone(&world);
        tokio::spawn(async move { world.issue_circular(&name).await })
    });
    let mut numbers = Vec::new();
    for issue in issues.collect::<Vec<_>>() {
        numbers.push(issue.await.unwrap().unwrap().number);
    }
    numbers.sort_unstable();
    assert_eq!(numbers, (1..=8).collect::<Vec<_>>());
}

#[tokio::test]
async fn each_mission_asked_confirms_once_and_for_itself() {
    let world = world().await;
    let (france, italy) = (world.embassy("FR").await, world.embassy("IT").await);
    let post = world.mission("fr-chi", consulate("FR"), mission::State::Open).await;
    let embassies = Circular { audience: vec![mission::Type::Embassy.into()], ..circular() };
    let name = world.issued(embassies.clone()).await.name;
    world.confirm(&reader_at("fr"), &name, &france).await.unwrap();
    assert_eq!(reason(world.confirm(&reader_at("fr"), &name, &france).await), "CIRCULAR_ALREADY_CONFIRMED");
    assert_eq!(reason(world.confirm(&reader_at("fr"), &name, &italy).await), "BROKEN_REFERENCE");
    assert_eq!(reason(world.confirm(&reader_at("fr-chi"), &name, &post).await), "CIRCULAR_NOT_FOR_MISSION");
    let draft = world.drafted(embassies).await.name;
    assert_eq!(reason(world.confirm(&reader_at("fr"), &draft, &france).await), "BROKEN_REFERENCE");
    assert_eq!(reason(world.confirm(&registrar(), &draft, &france).await), "CIRCULAR_NOT_FOR_MISSION");
    // A mission sees its own receipts alone.
    world.confirm(&registrar(), &name, &italy).await.unwrap();
    let list = pb::ListCircularReceiptsRequest::default();
    let own = world.receipts(&reader_at("fr")).list_circular_receipts(list.clone()).await.unwrap().into_inner();
    assert_eq!(own.circular_receipts.len(), 1);
    let all = world.receipts(&registrar()).list_circular_receipts(list).await.unwrap().into_inner();
    assert_eq!(all.circular_receipts.len(), 2);
}

#[tokio::test]
async fn the_ministry_sees_who_has_not_read_it_and_who_is_late() {
    let world = world().await;
    let (france, italy) = (world.embassy("FR").await, world.embassy("IT").await);
    world.mission("be", crate::world::embassy("BE"), mission::State::Closed).await;
    let name = world.issued(Circular { confirm_by: stamp("2026-05-11T13:00:00Z"), ..circular() }).await.name;
    world.confirm(&reader_at("fr"), &name, &france).await.unwrap();
    let read = |report: &pb::ReportCircularReceiptsResponse| -> Vec<(String, bool, bool)> {
        let one = |one: &pb::CircularReading| (one.mission.clone(), one.read_time.is_some(), one.late);
        report.readings.iter().map(one).collect()
    };
    let report = world.readings_of(&name).await;
    assert_eq!((report.read_count, report.unread_count), (1, 1), "a closed mission is not waited for");
    assert_eq!(read(&report), [(france.clone(), true, false), (italy.clone(), false, false)]);
    world.clock.advance(TimeDelta::days(8));
    assert_eq!(read(&world.readings_of(&name).await), [(france, true, false), (italy, false, true)]);
    let draft = world.drafted(circular()).await.name;
    assert_eq!(world.readings_of(&draft).await, pb::ReportCircularReceiptsResponse::default());
}

#[tokio::test]
async fn a_circular_is_in_a_language_of_ours_and_leaves_time_to_read_it() {
    let world = world().await;
    let strange = Circular { language: "tlh".into(), ..circular() };
    let request = pb::CreateCircularRequest { circular: Some(strange), ..Default::default() };
    assert_eq!(reason(world.circulars(&registrar()).create_circular(request).await), "NOTE_LANGUAGE_UNKNOWN");
    let over = world.drafted(Circular { confirm_by: stamp("2026-05-04T12:00:00Z"), ..circular() }).await.name;
    assert_eq!(reason(world.issue_circular(&over).await), "DATES_IMPLAUSIBLE");
}

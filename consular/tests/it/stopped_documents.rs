//! Lost, stolen and revoked travel documents, ours and other states', in every screening: by their number, however it is read.

use crate::travel_bench::{CLERK, DECIDER};
use crate::world::{Signed, World, officer, reason, world};
use proto::consular::v1::blank_book::Kind as Blank;
use proto::consular::v1::hit::Band;
use proto::consular::v1::passport_application::Type;
use proto::consular::v1::reported_document::{Kind, Loss};
use proto::consular::v1::reported_document_service_client::ReportedDocumentServiceClient;
use proto::consular::v1::screening::State;
use proto::consular::v1::subject::Kind as Who;
use proto::consular::v1::{self as pb, Hit, ReportedDocument, Screening, Subject};
use screening::document_alike;
use tonic::Status;

impl World {
    pub(crate) fn reports(&self, by: &str) -> ReportedDocumentServiceClient<Signed> {
        ReportedDocumentServiceClient::new(self.signed(&officer(by)))
    }

    pub(crate) async fn report(&self, number: &str, issuer: &str) -> Result<ReportedDocument, Status> {
        let report = ReportedDocument {
            number: number.into(),
            issuer: issuer.into(),
            kind: Kind::Passport.into(),
            loss: Loss::Stolen.into(),
            authority: "Example Police".into(),
            ..ReportedDocument::default()
        };
        let create = pb::CreateReportedDocumentRequest { reported_document: Some(report), ..Default::default() };
        Ok(self.reports(CLERK).create_reported_document(create).await?.into_inner())
    }

    pub(crate) async fn shows(&self, number: &str, nationality: &str) -> Screening {
        let subject = Subject {
            kind: Who::Person.into(),
            names: vec!["Somebody Else".into()],
            document_numbers: vec![number.into()],
            nationalities: vec![nationality.into()],
            ..Subject::default()
        };
        let screening = Screening { subject: Some(subject), occasion: "visa".into(), ..Screening::default() };
        let create = pb::CreateScreeningRequest { screening: Some(screening), ..Default::default() };
        self.screenings(&officer(CLERK)).create_screening(create).await.unwrap().into_inner()
    }
}

fn told(hit: &Hit) -> (i32, Band, Vec<&str>) {
    let by = hit.features.iter().map(|feature| feature.feature.as_str()).filter(|name| name.starts_with("document"));
    (hit.score, hit.band(), by.collect())
}

#[tokio::test]
async fn our_stolen_passport_is_found_from_the_report_on() {
    let world = world().await;
    world.list_of(&[("SAMPLE, Other", "")]).await;
    let application = world.approved(Type::First, "P-1", "").await;
    let blank = world.blank(Blank::PassportBook, "C01X00T47").await;
    let passport = world.produce(&application, &blank).await.unwrap().name;
    let pending = world.shows("C01X00T47", "US").await;
    assert_eq!(pending.state(), State::Clear, "nothing is wrong with it yet");
    let theft =
        pb::ReportTheftRequest { name: passport.clone(), place: "At the station.".into(), ..Default::default() };
    world.travel_documents(CLERK).report_theft(theft).await.unwrap();
    let found = world.shows("c01x 00t47", "US").await;
    let hit = &found.hits[0];
    assert_eq!(
        (hit.list.as_str(), &hit.entry, hit.programmes.as_slice()),
        ("documents", &passport, &["STOLEN".to_owned()][..])
    );
    assert_eq!(told(hit), (1000, Band::Strong, vec!["document"]));
    // Somebody typed the letter for the digit: to be looked at, not a match.
    assert_eq!(told(&world.shows("CO1XOOT47", "US").await.hits[0]), (700, Band::Possible, vec!["document_alike"]));
    // Another state may give the same number.
    assert_eq!(told(&world.shows("C01X00T47", "FR").await.hits[0]), (700, Band::Possible, vec!["document_alike"]));
    assert!(world.shows("C01X00T48", "US").await.hits.is_empty(), "another number");
    // Who was clear with it before is looked up again, once.
    assert_eq!(world.again().await, 1);
    assert_eq!(world.again().await, 0);
    let next = pb::ListScreeningsRequest { filter: format!("previous = \"{}\"", pending.name), ..Default::default() };
    let next = world.screenings(&officer(CLERK)).list_screenings(next).await.unwrap().into_inner().screenings;
    assert_eq!(next[0].state(), State::Open);
    let proof = pb::screening::Proof::DocumentNumber;
    let confirm = pb::ConfirmHitRequest {
        name: next[0].name.clone(),
        list: "documents".into(),
        entry: passport,
        proof: proof.into(),
        ..Default::default()
    };
    let confirmed = world.screenings(&officer(CLERK)).confirm_hit(confirm).await.unwrap().into_inner();
    assert_eq!(confirmed.state(), State::Confirmed);
}

#[tokio::test]
async fn what_another_state_reports_is_found_until_two_take_it_back() {
    let world = world().await;
    world.list_of(&[("SAMPLE, Other", "")]).await;
    let report = world.report("19-BX 12345", "FR").await.unwrap().name;
    assert_eq!(reason(world.report("19bx12345", "FR").await), "DOCUMENT_ALREADY_REPORTED");
    assert_eq!(reason(world.report("C01X00T47", "US").await), "DOCUMENT_IS_OURS");
    world.report("19BX12345", "BE").await.unwrap();
    let found = world.shows("19BX12345", "FR").await;
    assert_eq!(found.hits.len(), 2, "two states have given the number");
    assert_eq!(
        (found.hits[0].entry.as_str(), told(&found.hits[0])),
        (&*report, (1000, Band::Strong, vec!["document"]))
    );
    assert_eq!(told(&found.hits[1]), (700, Band::Possible, vec!["document_alike"]));
    let withdraw = || pb::WithdrawReportedDocumentRequest {
        name: report.clone(),
        grounds: "The number was misread.".into(),
        ..Default::default()
    };
    assert_eq!(reason(world.reports(CLERK).withdraw_reported_document(withdraw()).await), "SAME_PERSON");
    world.reports(DECIDER).withdraw_reported_document(withdraw()).await.unwrap();
    assert_eq!(world.shows("19BX12345", "FR").await.hits.len(), 1);
    world.report("19BX12345", "FR").await.expect("it can be reported anew");
}

#[tokio::test]
async fn one_report_of_many_at_once_is_kept() {
    let world = world().await;
    let all = futures::future::join_all((0..10).map(|_| world.report("19BX12345", "FR"))).await;
    assert_eq!(all.iter().filter(|one| one.is_ok()).count(), 1);
    let versions: i64 = sqlx::query_scalar("select version from own_lists where list = 'documents'")
        .fetch_one(&world.db.pool)
        .await
        .unwrap();
    assert_eq!(versions, 1, "what was refused has changed nothing");
}

#[tokio::test]
async fn the_database_looks_numbers_up_as_the_engine_does() {
    let world = world().await;
    for number in ["C01X00T47", "co1x-oot 47", "ISBZ", "ÄÖ12", "", "75 0123456", "ßpqd", "x/1.2-3"] {
        let found: String =
            sqlx::query_scalar("select document_alike($1)").bind(number).fetch_one(&world.db.pool).await.unwrap();
        assert_eq!(found, document_alike(number), "{number:?}");
    }
}

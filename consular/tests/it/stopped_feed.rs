//! The feed of documents out of use: everything once, in order, also what commits late; corrections as such; no names.

use crate::travel_bench::{CLERK, DECIDER};
use crate::world::{Signed, World, officer, reason, world};
use futures::StreamExt as _;
use identity::{Permissions, Principal};
use proto::consular::v1::passport_application::Type;
use proto::consular::v1::reported_document::{Kind, Loss};
use proto::consular::v1::stopped_document::Change;
use proto::consular::v1::stopped_document_service_client::StoppedDocumentServiceClient;
use proto::consular::v1::{self as pb, StoppedDocument};
use testkit::until;
use tonic::Status;

/// What one of our own applications holds that brings the feed to the exchange.
fn exchange() -> Principal {
    Principal { permissions: Permissions::of(["consular.stoppedDocuments.export"]), ..officer("people/exchange") }
}

impl World {
    /// What changed since, and where to go on.
    async fn stopped(&self, cursor: &str) -> Result<(Vec<StoppedDocument>, String), Status> {
        let mut feed: StoppedDocumentServiceClient<Signed> =
            StoppedDocumentServiceClient::new(self.signed(&exchange()));
        let ask = pb::ExportStoppedDocumentsRequest { cursor: cursor.into() };
        let mut lines = feed.export_stopped_documents(ask).await?.into_inner();
        let (mut documents, mut last) = (Vec::new(), None);
        while let Some(line) = lines.next().await {
            let line = line?;
            assert!(last.is_none(), "the line without a document is the last one");
            match line.document {
                Some(document) => documents.push(document),
                None => last = Some(line.cursor),
            }
        }
        Ok((documents, last.expect("the last line says where to go on")))
    }

    /// So many changes since, by as many calls as it takes, each going on from the one before; and where to go on. What commits
    /// while another transaction of the cluster is open comes with a later call.
    async fn stopped_in_all(&self, cursor: &str, count: usize) -> (Vec<StoppedDocument>, String) {
        let (mut found, mut place) = (Vec::new(), cursor.to_owned());
        let all = async || {
            let (more, next) = self.stopped(&place).await.unwrap();
            found.extend(more);
            place = next;
            found.len() >= count
        };
        until("the changes have come", all).await;
        (found, place)
    }
}

fn told(found: &[StoppedDocument]) -> Vec<(Change, &str, &str, Kind, Loss)> {
    let told = |one: &StoppedDocument| (one.change(), one.kind(), one.loss());
    let each = found.iter().map(|one| (told(one), one.number.as_str(), one.issuer.as_str()));
    each.map(|((change, kind, loss), number, issuer)| (change, number, issuer, kind, loss)).collect()
}

#[tokio::test]
async fn each_change_is_sent_once_and_a_correction_as_one() {
    let world = world().await;
    world.list_of(&[("SAMPLE, Other", "")]).await;
    let passport = world.delivered(Type::First, "P-1", "", "C01X00T47").await;
    world.delivered(Type::First, "P-2", "", "C01X00T48").await;
    let (none, start) = world.stopped("").await.unwrap();
    assert_eq!(none, [], "what is in use is in no feed");
    let theft =
        pb::ReportTheftRequest { name: passport.clone(), place: "At the station.".into(), ..Default::default() };
    let stolen = world.travel_documents(CLERK).report_theft(theft).await.unwrap().into_inner();
    let report = world.report("19BX12345", "FR").await.unwrap().name;
    let (first, next) = world.stopped_in_all(&start, 2).await;
    let ours = (Change::Entered, "C01X00T47", "US", Kind::Passport, Loss::Stolen);
    let theirs = (Change::Entered, "19BX12345", "FR", Kind::Passport, Loss::Stolen);
    assert_eq!(told(&first), [ours, theirs]);
    assert_eq!((&first[0].record, first[0].time), (&passport, stolen.report_time));
    assert_eq!(world.stopped(&next).await.unwrap().0, [], "nothing comes twice");
    // The authority was mistaken.
    let withdraw = pb::WithdrawReportedDocumentRequest {
        name: report,
        grounds: "The number was misread.".into(),
        ..Default::default()
    };
    world.reports(DECIDER).withdraw_reported_document(withdraw).await.unwrap();
    world.report("19BX12346", "FR").await.unwrap();
    let (second, _) = world.stopped_in_all(&next, 2).await;
    let taken_back = (Change::TakenBack, "19BX12345", "FR", Kind::Passport, Loss::Stolen);
    let anew = (Change::Entered, "19BX12346", "FR", Kind::Passport, Loss::Stolen);
    assert_eq!(told(&second), [taken_back, anew]);
    // Whoever begins anew learns the same, in the same order.
    assert_eq!(told(&world.stopped("").await.unwrap().0), [ours, theirs, taken_back, anew]);
    let lines =
        "audit where method like '%ExportStoppedDocuments' and actor = 'people/exchange' and records @> array['";
    assert_eq!(
        world.rows_of(&format!("{lines}{passport}'] and outcome = 'OK'")).await,
        2,
        "who was given it is on record"
    );
}

#[tokio::test]
async fn what_commits_late_is_not_lost_between_two_calls() {
    let world = world().await;
    let (_, start) = world.stopped("").await.unwrap();
    // A report that is being written while another one begins, commits and is asked for.
    let mut late = pg::begin(&world.db.pool).await.unwrap();
    let text = "insert into history (kind, name, version, verb, actor, at, doc) values ('reportedDocuments', \
        'reportedDocuments/late', 1, 'create', 'people/clerk', now(), '{\"number\": \"LATE1\", \"issuer\": \"FR\", \
        \"kind\": \"PASSPORT\", \"loss\": \"LOST\", \"state\": \"REPORTED\"}')";
    sqlx::query(text).execute(&mut *late).await.unwrap();
    world.report("19BX12345", "FR").await.unwrap();
    let (before, next) = world.stopped(&start).await.unwrap();
    late.commit().await.unwrap();
    let (after, end) = world.stopped_in_all(&next, 2 - before.len()).await;
    let mut numbers: Vec<_> = before.iter().chain(&after).map(|one| one.number.as_str()).collect();
    numbers.sort_unstable();
    assert_eq!(numbers, ["19BX12345", "LATE1"], "each once");
    assert_eq!(world.stopped(&end).await.unwrap().0, []);
}

#[tokio::test]
async fn a_feed_of_many_pages_goes_on_wherever_it_broke_off() {
    let world = world().await;
    let text = "insert into history (kind, name, version, verb, actor, at, doc) select 'reportedDocuments', \
        'reportedDocuments/' || n, 1, 'create', 'people/clerk', now(), jsonb_build_object('number', 'N' || n, \
        'issuer', 'FR', 'kind', 'IDENTITY_CARD', 'loss', 'LOST', 'state', 'REPORTED') from generate_series(1, 1200) n";
    sqlx::query(text).execute(&world.db.pool).await.unwrap();
    let (all, _) = world.stopped_in_all("", 1200).await;
    let expected: Vec<_> = (1..=1200).map(|n| format!("N{n}")).collect();
    assert_eq!(all.iter().map(|one| one.number.clone()).collect::<Vec<_>>(), expected);
    let mut feed = StoppedDocumentServiceClient::new(world.signed(&exchange()));
    let ask = pb::ExportStoppedDocumentsRequest::default();
    let mut lines = feed.export_stopped_documents(ask).await.unwrap().into_inner();
    let mut cursor = String::new();
    for _ in 0..700 {
        cursor = lines.next().await.unwrap().unwrap().cursor;
    }
    drop(lines);
    assert_eq!(world.stopped(&cursor).await.unwrap().0[0].number, "N701");
}

#[tokio::test]
async fn a_cursor_of_another_register_is_refused_as_is_who_may_not() {
    let world = world().await;
    assert_eq!(reason(world.stopped("999999999999-0").await), "INVALID_PAGE_TOKEN");
    assert_eq!(reason(world.stopped("somewhere").await), "INVALID_FIELDS");
    let other = Principal { permissions: Permissions::of(["consular.reportedDocuments.read"]), ..exchange() };
    let mut feed = StoppedDocumentServiceClient::new(world.signed(&other));
    let refused = feed.export_stopped_documents(pb::ExportStoppedDocumentsRequest::default()).await;
    assert_eq!(reason(refused.map(drop)), "PERMISSION_DENIED");
}

/// Without its index a call from the beginning walks through everything that ever happened, and takes longer than a
/// statement may.
#[tokio::test]
async fn a_call_reads_by_an_index_of_its_own_however_long_the_history_is() {
    let world = world().await;
    let others = "insert into history (kind, name, version, verb, actor, at, doc)
        select 'bookings', 'bookings/' || n, 1, 'create', 'people/a', now(), '{}' from generate_series(1, 20000) n";
    sqlx::query(others).execute(&world.db.pool).await.unwrap();
    sqlx::query("analyze history").execute(&world.db.pool).await.unwrap();
    let reads = "pg_stat_user_indexes where indexrelname = 'history_of_stopped_documents' and idx_scan > 0";
    let read = async || {
        world.stopped("").await.unwrap();
        world.count(reads).await == 1
    };
    until("the index is read", read).await;
}

//! Watchers: every change once, in the order of commits; histories; exports.

use crate::world::{World, asked, dawn, embassy, officer, reason, secretary, world};
use chrono::TimeDelta;
use fault::Fault;
use futures::{FutureExt as _, StreamExt as _};
use identity::Principal;
use proto::accreditation::v1::{
    ExportMissionsRequest, ExportMissionsResponse, ListMissionRevisionsRequest, ListMissionRevisionsResponse, Mission,
    RequestConsentRequest, WatchMembersRequest, WatchMembersResponse, WatchMissionsRequest, WatchMissionsResponse,
};
use registry::Feed;
use sqlx::Row as _;
use std::time::Duration;
use tonic::Status;

async fn watch(
    world: &World,
    by: &Principal,
    cursor: &str,
    filter: &str,
) -> Result<Feed<WatchMissionsResponse>, Status> {
    let request = WatchMissionsRequest { cursor: cursor.into(), filter: filter.into() };
    world.missions.watch(asked(by, "MissionService/WatchMissions", request)).await.map(tonic::Response::into_inner)
}

/// The next change; panics if none comes.
async fn next(feed: &mut Feed<WatchMissionsResponse>) -> WatchMissionsResponse {
    let next = tokio::time::timeout(Duration::from_secs(20), feed.next()).await;
    next.expect("a change comes").expect("the feed goes on").unwrap()
}

fn name(change: &WatchMissionsResponse) -> &str {
    change.mission.as_ref().unwrap().name.trim_start_matches("missions/")
}

#[tokio::test(flavor = "multi_thread")]
async fn changes_come_as_they_are_committed_and_go_on_from_a_cursor() {
    let (world, officer) = (world().await, officer());
    world.create(&officer, "before", embassy("BR")).await;
    let mut feed = watch(&world, &officer, "", "").await.unwrap();
    assert!(feed.next().now_or_never().is_none(), "what was before is not told");
    world.create(&officer, "fr", embassy("FR")).await;
    let first = next(&mut feed).await;
    assert_eq!((name(&first), first.revision.as_ref().unwrap().verb.as_str()), ("fr", "create"));
    // Another process hears of it too.
    let (_, elsewhere, ..) = world.elsewhere().await;
    let request = WatchMissionsRequest { cursor: first.cursor.clone(), filter: String::new() };
    let request = asked(&officer, "MissionService/WatchMissions", request);
    let mut other: Feed<WatchMissionsResponse> = elsewhere.watch(request).await.unwrap().into_inner();
    let verb = RequestConsentRequest { name: "missions/fr".into(), ..Default::default() };
    world.missions.act(asked(&officer, "MissionService/RequestConsent", verb), |_, _, _| Ok(())).await.unwrap();
    assert_eq!(next(&mut other).await.revision.unwrap().verb, "requestConsent");
    assert_eq!(next(&mut feed).await.revision.unwrap().version, 2);
    let mut again = watch(&world, &officer, &first.cursor, "").await.unwrap();
    assert_eq!(next(&mut again).await.revision.unwrap().verb, "requestConsent");
}

/// A change in a transaction of its own, which commits when the caller says.
async fn slow_change(world: &World, id: &str) -> pg::Tx {
    let mut tx = pg::begin(&world.db.pool).await.unwrap();
    let text = "insert into history (kind, name, version, verb, actor, at, doc)
                select 'missions', $1, 1, 'create', 'people/slow', now(), jsonb_build_object('name', $1) returning seq";
    sqlx::query(text).bind(format!("missions/{id}")).fetch_one(&mut *tx).await.unwrap();
    tx
}

#[tokio::test(flavor = "multi_thread")]
async fn transactions_that_commit_in_another_order_lose_nothing() {
    let (world, officer) = (world().await, officer());
    let mut feed = watch(&world, &officer, "", "").await.unwrap();
    let watcher = tokio::spawn(async move { [next(&mut feed).await, next(&mut feed).await] });
    let slow = slow_change(&world, "slow").await;
    world.create(&officer, "fast", embassy("FR")).await;
    // A reader that goes on behind the greatest number it has seen: it sees the fast one, and never the slow one.
    let seen = sqlx::query("select name, seq, clock_timestamp()::text from history order by seq");
    let seen = seen.fetch_all(&world.db.pool).await.unwrap();
    assert_eq!(seen.iter().map(|row| row.get(0)).collect::<Vec<&str>>(), ["missions/fast"]);
    let (last, now): (i64, &str) = (seen[0].get(1), seen[0].get(2));
    let looked = format!(
        "pg_stat_activity
         where datname = current_database() and query like 'select v.horizon%' and query_start > '{now}'"
    );
    testkit::until("the watcher has looked", async || world.count(&looked).await > 0).await;
    slow.commit().await.unwrap();
    assert_eq!(world.count(&format!("history where seq > {last}")).await, 0, "the naive reader has lost it");
    let [one, two] = watcher.await.unwrap();
    assert_eq!((name(&one), name(&two)), ("slow", "fast"));
    // And a watcher that joins in between goes on from the first without losing the second.
    let mut again = watch(&world, &officer, &one.cursor, "").await.unwrap();
    assert_eq!(name(&next(&mut again).await), "fast");
}

#[tokio::test(flavor = "multi_thread")]
async fn filters_and_visibility_hold_and_a_long_silence_is_skipped() {
    let (world, officer) = (world().await, officer());
    let french = Principal { mission: Some("missions/fr".into()), ..testkit::principal(["accreditation.*"]) };
    let mut theirs = watch(&world, &french, "", "").await.unwrap();
    let mut irish = watch(&world, &officer, "", "sendingState = IE").await.unwrap();
    for id in ["br", "fr", "ie", "de"] {
        world.create(&officer, id, embassy(&id.to_uppercase())).await;
    }
    assert_eq!(name(&next(&mut theirs).await), "fr");
    assert_eq!(name(&next(&mut irish).await), "ie");
    assert!(theirs.next().now_or_never().is_none());
    let bad = watch(&world, &officer, "", "address = \"x\"").await.map(tonic::Response::new);
    assert_eq!(bad.err().map(|status| Fault::from(&status).reason().to_owned()).unwrap(), "INVALID_FILTER");
    let lent = watch(&world, &french, &next_cursor(&world, &officer).await, "").await;
    assert_eq!(Fault::from(&lent.err().unwrap()).reason(), "INVALID_PAGE_TOKEN");
}

async fn next_cursor(world: &World, by: &Principal) -> String {
    let mut feed = watch(world, by, "", "").await.unwrap();
    world.create(by, "", embassy("SE")).await;
    next(&mut feed).await.cursor
}

#[tokio::test(flavor = "multi_thread")]
async fn watchers_read_no_personal_data_without_the_right() {
    let (world, officer) = (world().await, officer());
    world.create(&officer, "fr", embassy("FR")).await;
    let clerk = testkit::principal(["accreditation.members.read"]);
    let request = asked(&clerk, "MemberService/WatchMembers", WatchMembersRequest::default());
    let mut feed: Feed<WatchMembersResponse> = world.members.watch(request).await.unwrap().into_inner();
    world.notify(&officer, secretary("missions/fr")).await;
    let change = tokio::time::timeout(Duration::from_secs(20), feed.next()).await.unwrap().unwrap().unwrap();
    let member = change.member.unwrap();
    assert_eq!(member.family_name, "");
    // That the watch began is on record, and then, of each page, what it gave.
    assert_eq!(world.count("audit where method like '%WatchMembers'").await, 2);
    let given = format!("audit where method like '%WatchMembers' and records = array['{}']", member.name);
    assert_eq!(world.count(&given).await, 1);
}

#[tokio::test]
async fn histories_are_paged_newest_first_and_only_for_those_who_see_the_record() {
    let (world, officer) = (world().await, officer());
    world.create(&officer, "fr", embassy("FR")).await;
    let verb = RequestConsentRequest { name: "missions/fr".into(), reason: "note 3".into(), ..Default::default() };
    world.missions.act(asked(&officer, "MissionService/RequestConsent", verb), |_, _, _| Ok(())).await.unwrap();
    let revisions = async |by: &Principal, token: &str| {
        let request =
            ListMissionRevisionsRequest { name: "missions/fr".into(), page_size: 1, page_token: token.to_owned() };
        let answer = world.missions.revisions(asked(by, "MissionService/ListMissionRevisions", request)).await;
        answer.map(|answer: tonic::Response<ListMissionRevisionsResponse>| answer)
    };
    let newest = revisions(&officer, "").await.unwrap().into_inner();
    let step = newest.revisions[0].revision.as_ref().unwrap();
    assert_eq!((step.version, step.verb.as_str(), step.reason.as_str()), (2, "requestConsent", "note 3"));
    let first = revisions(&officer, &newest.next_page_token).await.unwrap().into_inner();
    assert_eq!(first.revisions[0].revision.as_ref().unwrap().verb, "create");
    assert_eq!(first.next_page_token, "");
    let german = Principal { mission: Some("missions/de".into()), ..testkit::principal(["accreditation.*"]) };
    assert_eq!(reason(revisions(&german, "").await), "NOT_FOUND");
}

#[tokio::test]
async fn an_export_sends_all_there_is_to_see() {
    let (world, officer) = (world().await, officer());
    for id in ["br", "de", "fr"] {
        world.create(&officer, id, embassy(&id.to_uppercase())).await;
    }
    let export = async |by: &Principal, filter: &str| {
        let request = ExportMissionsRequest { filter: filter.into() };
        let answer = world.missions.export(asked(by, "MissionService/ExportMissions", request)).await;
        let feed: Feed<ExportMissionsResponse> = answer.unwrap().into_inner();
        let lines: Vec<Mission> = feed.map(|line| line.unwrap().mission.unwrap()).collect().await;
        lines.into_iter().map(|mission| mission.name.trim_start_matches("missions/").to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(export(&officer, "").await, ["br", "de", "fr"]);
    assert_eq!(export(&officer, "sendingState > C").await, ["de", "fr"]);
    let french = Principal { mission: Some("missions/fr".into()), ..testkit::principal(["accreditation.*"]) };
    assert_eq!(export(&french, "").await, ["fr"]);
}

/// Who did what and why is in the history, which the contract gives to fewer than may read and watch.
#[tokio::test(flavor = "multi_thread")]
async fn watchers_without_the_right_to_the_history_are_not_told_who_and_why() {
    let (world, officer) = (world().await, officer());
    let reader = testkit::principal(["accreditation.missions.read", "accreditation.missions.requestConsent"]);
    let auditor = testkit::principal(["accreditation.missions.read", "accreditation.missions.history"]);
    let reader = Principal { subject: "people/reader".into(), ..reader };
    let agency = Principal { agency: Some("metropolitan-police".into()), ..auditor.clone() };
    world.create(&officer, "fr", embassy("FR")).await;
    world.create(&officer, "ie", embassy("IE")).await;
    let mut feeds = Vec::new();
    for who in [&auditor, &reader, &agency] {
        feeds.push(watch(&world, who, "", "").await.unwrap());
    }
    for (who, name) in [(&officer, "missions/fr"), (&reader, "missions/ie")] {
        let verb = RequestConsentRequest { name: name.into(), reason: "note 3".into(), ..Default::default() };
        world.missions.act(asked(who, "MissionService/RequestConsent", verb), |_, _, _| Ok(())).await.unwrap();
    }
    let mut told = Vec::new();
    for feed in &mut feeds {
        for _ in 0..2 {
            let revision = next(feed).await.revision.unwrap();
            assert_eq!(
                (revision.verb.as_str(), revision.version, revision.time.is_some()),
                ("requestConsent", 2, true)
            );
            told.push((revision.actor, revision.reason));
        }
    }
    let step = |actor: &str, reason: &str| (actor.to_owned(), reason.to_owned());
    let (by_officer, own) = (step(&officer.subject, "note 3"), step("people/reader", "note 3"));
    let blank = step("", "");
    // The history is for no partner, whatever it holds; what a watcher did itself is no news to it.
    let expected = [by_officer, own.clone(), blank.clone(), own, blank.clone(), blank];
    assert_eq!(told, expected);
}

#[tokio::test]
async fn a_watch_ends_with_its_callers_credential_also_while_changes_wait_to_be_read() {
    let world = world().await;
    let brief = Principal { expires: dawn().timestamp(), ..officer() };
    let mut feed = watch(&world, &brief, "", "").await.unwrap();
    for id in ["de", "fr"] {
        world.create(&brief, id, embassy(&id.to_uppercase())).await;
    }
    assert_eq!(name(&next(&mut feed).await), "de");
    world.pass(TimeDelta::seconds(1));
    let ended = feed.next().await.unwrap().unwrap_err();
    assert_eq!(Fault::from(&ended).reason(), "UNAUTHENTICATED");
    let request = ExportMissionsRequest::default();
    let answer = world.missions.export(asked(&brief, "MissionService/ExportMissions", request)).await;
    let mut lines: Feed<ExportMissionsResponse> = answer.unwrap().into_inner();
    assert_eq!(Fault::from(&lines.next().await.unwrap().unwrap_err()).reason(), "UNAUTHENTICATED");
}

//! Visas for posts at missions follow the member's accreditation: as its events come over a real stream, in whatever order.

use crate::travel_bench::{CLERK, DECIDER};
use crate::visa_applications::{single, tourist};
use crate::world::{World, reason, world};
use config::Env;
use consular::MissionMembers;
use consular::mission_members::{GROUP, TELLS};
use events::{Consumer, ConsumerSettings, Event, Handler as _, Relay, relay};
use proto::consular::v1::blank_book::Kind as Blank;
use proto::consular::v1::visa::{PostingEnd, Review, State};
use proto::consular::v1::visa_application::{Purpose, VisaClass};
use proto::consular::v1::{self as pb, Visa, VisaApplication};
use serde_json::json;
use std::time::Duration;
use testkit::{TestDb, TestRedis, until};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use tonic::Status;

const MEMBER: &str = "members/example";

macro_rules! about {
    ($request:ident, $name:expr) => {
        pb::$request { name: $name.to_owned(), ..Default::default() }
    };
}

/// Accreditation's database and the stream that its relay publishes to, heard by the consular service.
struct Stream {
    /// A register's outbox, which the relay of any service reads.
    outbox: TestDb,
    _redis: TestRedis,
    shutdown: CancellationToken,
    tasks: Vec<JoinHandle<()>>,
}

impl Stream {
    async fn to(world: &World) -> Self {
        let (outbox, redis) = (testkit::database(&[&registry::MIGRATIONS]).await, testkit::redis().await);
        let key = "07".repeat(32);
        let env =
            Env::from_iter([("RELAY_AUDIT_KEY", key.as_str()), ("RELAY_STANDBY", "20ms"), ("RELAY_POLL", "50ms")]);
        let settings: relay::Settings = config::read(&env, "RELAY").unwrap();
        let publishes = Relay::new(outbox.pool.clone(), &redis.url, TELLS, settings).unwrap();
        let hears = Consumer::new(world.db.pool.clone(), &redis.url, GROUP, &[TELLS]).unwrap();
        let hears = hears.with(ConsumerSettings { block: Duration::from_millis(200), ..ConsumerSettings::default() });
        let shutdown = CancellationToken::new();
        let tasks = vec![
            tokio::spawn(publishes.run(shutdown.clone())),
            tokio::spawn(hears.run(MissionMembers::new(&world.store), shutdown.clone())),
        ];
        Self { outbox, _redis: redis, shutdown, tasks }
    }

    /// Commits an event as accreditation does, and waits until it was taken in.
    async fn tells(&self, world: &World, version: i64, verb: &str, state: &str) {
        let insert = "insert into outbox (at, kind, name, version, verb, actor, doc)
            values (clock_timestamp(), 'members', $1, $2, $3, 'people/protocol', $4)";
        let doc = json!({ "name": MEMBER, "mission": "missions/example", "state": state, "unwantedTime": null });
        let insert = sqlx::query(insert).bind(MEMBER).bind(version).bind(verb).bind(sqlx::types::Json(doc));
        insert.execute(&self.outbox.pool).await.unwrap();
        until("the event is taken in", async || world.version_of(MEMBER).await == Some(version)).await;
    }

    async fn ends(self) {
        self.shutdown.cancel();
        for task in self.tasks {
            task.await.unwrap();
        }
    }
}

/// An event as it comes off the stream.
fn event(version: i64, state: &str, unwanted: bool) -> Event {
    let unwanted = unwanted.then_some("2026-05-04T13:00:00Z");
    let doc = json!({ "name": MEMBER, "state": state, "unwantedTime": unwanted }).to_string();
    Event {
        id: format!("{TELLS}:{version}:1"),
        kind: "members".into(),
        name: MEMBER.into(),
        version,
        verb: "update".into(),
        actor: "people/protocol".into(),
        at: crate::world::dawn(),
        doc: serde_json::value::RawValue::from_string(doc).unwrap(),
        traceparent: String::new(),
    }
}

impl World {
    /// Takes an event in by itself, as the consumer does.
    pub(crate) async fn heard(&self, version: i64, state: &str, unwanted: bool) {
        let mut tx = pg::begin(&self.db.pool).await.unwrap();
        MissionMembers::new(&self.store).handle(&mut tx, &event(version, state, unwanted)).await.unwrap();
        tx.commit().await.unwrap();
    }

    async fn version_of(&self, member: &str) -> Option<i64> {
        let query = sqlx::query_scalar("select version from mission_members where name = $1").bind(member);
        query.fetch_optional(&self.db.pool).await.unwrap()
    }

    async fn visa(&self, name: &str) -> Visa {
        let get = pb::GetVisaRequest { name: name.into(), as_of: None };
        self.visas(CLERK).get_visa(get).await.unwrap().into_inner()
    }

    /// Granted, for the member's post.
    async fn granted_posting(&self, person: &str) -> String {
        let name = self.in_checks(posting(person), &[]).await;
        self.granted(DECIDER, single(&name)).await.unwrap();
        name
    }

    async fn printed(&self, application: &str, number: &str) -> Result<Visa, Status> {
        let blank = self.blank(Blank::VisaSticker, number).await;
        let visa = Visa { application: application.into(), blank, ..Visa::default() };
        let create = pb::CreateVisaRequest { visa: Some(visa), ..Default::default() };
        Ok(self.visas("people/press").create_visa(create).await?.into_inner())
    }

    /// In its holder's hands.
    async fn visa_of_posting(&self, person: &str, number: &str) -> String {
        let application = self.granted_posting(person).await;
        let visa = self.printed(&application, number).await.unwrap();
        assert_eq!((visa.member.as_str(), visa.diplomatic), (MEMBER, true));
        self.visas("people/press").release_visa(about!(ReleaseVisaRequest, visa.name)).await.unwrap();
        visa.name
    }

    /// How many sessions wait for a lock.
    async fn waiting(&self) -> i64 {
        let query =
            "select count(*) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'";
        sqlx::query_scalar(query).fetch_one(&self.db.pool).await.unwrap()
    }
}

fn posting(person: &str) -> VisaApplication {
    VisaApplication {
        visa_class: VisaClass::D.into(),
        purpose: Purpose::MissionPosting.into(),
        note_verbale: "17/2026".into(),
        member: MEMBER.into(),
        ..tourist(person)
    }
}

#[tokio::test]
async fn an_application_for_a_post_waits_until_its_member_is_known() {
    let world = world().await;
    world.list_of(&[("SAMPLE, Other", "")]).await;
    let stream = Stream::to(&world).await;
    assert_eq!(reason(world.drafted(posting("T-1")).await), "MISSION_MEMBER_UNKNOWN");
    // Whoever comes for another purpose names no member, and is not asked about one.
    world.drafted(tourist("T-2")).await.unwrap();
    // What happens to other records there does not concern this service.
    let other = "insert into outbox (at, kind, name, version, verb, actor, doc)
        values (clock_timestamp(), 'missions', 'missions/example', 1, 'create', 'people/protocol', '{}')";
    sqlx::query(other).execute(&stream.outbox.pool).await.unwrap();
    stream.tells(&world, 1, "create", "NOTIFIED").await;
    let taken = sqlx::query_scalar::<_, i64>("select count(*) from inbox").fetch_one(&world.db.pool).await.unwrap();
    assert_eq!(taken, 1, "the member's event alone");
    let draft = world.drafted(posting("T-1")).await.unwrap();
    world.lodged_with(&draft, "").await.unwrap();
    let other = world.drafted(posting("T-3")).await.unwrap();
    stream.tells(&world, 2, "decline", "DECLINED").await;
    assert_eq!(reason(world.lodged_with(&other, "").await), "MISSION_MEMBER_ENDED", "drafted before");
    assert_eq!(reason(world.drafted(posting("T-4")).await), "MISSION_MEMBER_ENDED");
    stream.ends().await;
}

#[tokio::test]
async fn when_functions_end_nothing_is_granted_and_an_officer_decides_about_each_visa() {
    let world = world().await;
    world.list_of(&[("SAMPLE, Other", "")]).await;
    let stream = Stream::to(&world).await;
    stream.tells(&world, 1, "create", "NOTIFIED").await;
    stream.tells(&world, 2, "accredit", "ACCREDITED").await;
    let visa = world.visa_of_posting("T-1", "V00000001").await;
    let pending = world.in_checks(posting("T-2"), &[]).await;
    let granted = world.granted_posting("T-3").await;
    let tourist = world.visa_on("V00000002").await;

    stream.tells(&world, 3, "terminate", "GRACE").await;
    assert_eq!(reason(world.granted(DECIDER, single(&pending)).await), "MISSION_MEMBER_ENDED");
    assert_eq!(reason(world.printed(&granted, "V00000003").await), "MISSION_MEMBER_ENDED", "granted before");
    assert_eq!(world.fired().await, 1, "one visa is for this member");
    let noted = world.visa(&visa).await;
    assert_eq!(
        (noted.state(), noted.posting_end(), noted.review()),
        (State::Valid, PostingEnd::FunctionsEnded, Review::Due),
        "it stays in force until an officer decides"
    );
    assert!(noted.posting_end_time.is_some());
    assert_eq!(world.visa(&tourist.name).await.review(), Review::Unspecified);
    let list = pb::ListVisasRequest { filter: "review=\"REVIEW_DUE\"".into(), ..Default::default() };
    let due = world.visas(DECIDER).list_visas(list).await.unwrap().into_inner().visas;
    assert_eq!(due.iter().map(|visa| visa.name.as_str()).collect::<Vec<_>>(), [visa.as_str()]);
    let steps = pb::ListVisaRevisionsRequest { name: visa.clone(), ..Default::default() };
    let steps = world.visas(DECIDER).list_visa_revisions(steps).await.unwrap().into_inner().revisions;
    assert_eq!(steps[0].revision.as_ref().unwrap().verb, "notePostingEnd");

    let keep = pb::KeepVisaRequest {
        grounds: "The member leaves with it at the end of the month.".into(),
        ..about!(KeepVisaRequest, visa)
    };
    let kept = world.visas(DECIDER).keep_visa(keep).await.unwrap().into_inner();
    assert_eq!((kept.state(), kept.review()), (State::Valid, Review::Kept));
    // More time to leave changes nothing of it; the end does.
    stream.tells(&world, 4, "extendGrace", "GRACE").await;
    assert_eq!(world.fired().await, 0);
    assert_eq!(world.visa(&visa).await.review(), Review::Kept);
    stream.tells(&world, 5, "recordDeparture", "ENDED").await;
    assert_eq!(world.fired().await, 1);
    let noted = world.visa(&visa).await;
    assert_eq!((noted.posting_end(), noted.review()), (PostingEnd::StatusEnded, Review::Due));
    assert!(noted.review_grounds.is_empty());
    let revoke =
        pb::RevokeVisaRequest { grounds: "The member has left for good.".into(), ..about!(RevokeVisaRequest, visa) };
    let revoked = world.visas(DECIDER).revoke_visa(revoke).await.unwrap().into_inner();
    assert_eq!((revoked.state(), revoked.review()), (State::Revoked, Review::Unspecified));
    stream.ends().await;
}

#[tokio::test]
async fn a_sticker_of_one_who_is_unwanted_is_not_given_out() {
    let world = world().await;
    world.list_of(&[("SAMPLE, Other", "")]).await;
    world.heard(1, "ACCREDITED", false).await;
    let application = world.granted_posting("T-1").await;
    let visa = world.printed(&application, "V00000001").await.unwrap().name;
    world.heard(2, "ACCREDITED", true).await;
    assert_eq!(world.fired().await, 1);
    assert_eq!(world.visa(&visa).await.posting_end(), PostingEnd::PersonaNonGrata);
    let release = || about!(ReleaseVisaRequest, visa);
    assert_eq!(reason(world.visas("people/press").release_visa(release()).await), "VISA_UNDER_REVIEW");
    let fail = about!(FailVisaInspectionRequest, visa);
    let spoilt = world.visas("people/press").fail_visa_inspection(fail).await.unwrap().into_inner();
    assert_eq!(spoilt.state(), State::Spoilt);
    assert_eq!(reason(world.printed(&application, "V00000002").await), "MISSION_MEMBER_ENDED");
}

#[tokio::test]
async fn what_was_told_late_or_twice_changes_nothing() {
    let world = world().await;
    world.list_of(&[("SAMPLE, Other", "")]).await;
    world.heard(2, "ACCREDITED", false).await;
    let visa = world.visa_of_posting("T-1", "V00000001").await;
    world.heard(4, "ENDED", false).await;
    assert_eq!(world.fired().await, 1);
    // The same again, and what another process took in and was slow with.
    world.heard(4, "ENDED", false).await;
    world.heard(3, "ACCREDITED", false).await;
    assert_eq!(world.fired().await, 0);
    assert_eq!(world.version_of(MEMBER).await, Some(4));
    assert_eq!(reason(world.drafted(posting("T-2")).await), "MISSION_MEMBER_ENDED");
    assert_eq!(world.visa(&visa).await.posting_end(), PostingEnd::StatusEnded);
    // What is none of accreditation's states is not taken for one that allows a visa.
    let mut tx = pg::begin(&world.db.pool).await.unwrap();
    let unknown = MissionMembers::new(&world.store).handle(&mut tx, &event(5, "RETIRED", false)).await;
    assert!(unknown.unwrap_err().to_string().contains("not known here"));
    tx.rollback().await.unwrap();
}

#[tokio::test]
async fn whoever_prints_while_the_end_is_being_told_waits_and_is_refused() {
    let world = world().await;
    world.list_of(&[("SAMPLE, Other", "")]).await;
    world.heard(1, "ACCREDITED", false).await;
    let application = world.granted_posting("T-1").await;
    let blank = world.blank(Blank::VisaSticker, "V00000001").await;
    let mut tx = pg::begin(&world.db.pool).await.unwrap();
    MissionMembers::new(&world.store).handle(&mut tx, &event(2, "ENDED", false)).await.unwrap();
    let mut press = world.visas("people/press");
    let visa = Visa { application, blank, ..Visa::default() };
    let create = pb::CreateVisaRequest { visa: Some(visa), ..Default::default() };
    let print = tokio::spawn(async move { press.create_visa(create).await });
    until("the press waits", async || print.is_finished() || world.waiting().await > 0).await;
    tx.commit().await.unwrap();
    assert_eq!(reason(print.await.unwrap()), "MISSION_MEMBER_ENDED");
}

#[tokio::test]
async fn an_end_that_is_told_while_a_visa_is_being_printed_finds_it() {
    let world = world().await;
    world.list_of(&[("SAMPLE, Other", "")]).await;
    world.heard(1, "ACCREDITED", false).await;
    let application = world.granted_posting("T-1").await;
    let blank = world.blank(Blank::VisaSticker, "V00000001").await;
    // The press has decided, and cannot write yet.
    let mut hold = pg::begin(&world.db.pool).await.unwrap();
    sqlx::query("lock table visas in share mode").execute(&mut *hold).await.unwrap();
    let mut press = world.visas("people/press");
    let visa = Visa { application, blank, ..Visa::default() };
    let create = pb::CreateVisaRequest { visa: Some(visa), ..Default::default() };
    let print = tokio::spawn(async move { press.create_visa(create).await });
    until("the press waits", async || world.waiting().await == 1).await;
    let (pool, store) = (world.db.pool.clone(), world.store.clone());
    let told = tokio::spawn(async move {
        let mut tx = pg::begin(&pool).await.unwrap();
        MissionMembers::new(&store).handle(&mut tx, &event(2, "ENDED", false)).await.unwrap();
        tx.commit().await.unwrap();
    });
    until("the event waits or is through", async || told.is_finished() || world.waiting().await == 2).await;
    hold.rollback().await.unwrap();
    let printed = print.await.unwrap().unwrap().into_inner();
    told.await.unwrap();
    assert_eq!(world.fired().await, 1, "the visa was found");
    assert_eq!(world.visa(&printed.name).await.review(), Review::Due);
}

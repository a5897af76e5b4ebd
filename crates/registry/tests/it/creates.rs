//! Create: everything at once or nothing, and one effect for one key.

use crate::world::{asked, creates, embassy, officer, reason, secretary, world};
use chrono::TimeDelta;
use fault::Fault;
use futures::future::join_all;
use proto::accreditation::v1::{CreateMemberRequest, CreateMissionRequest, Member, Mission, mission};
use sqlx::Row as _;

const CREATE: &str = "MissionService/CreateMission";

#[tokio::test]
async fn a_record_is_written_with_its_history_audit_and_event() {
    let (world, officer) = (world().await, officer());
    let mission = world.create(&officer, "fr-embassy", embassy("FR")).await;
    assert_eq!(mission.name, "missions/fr-embassy");
    assert_eq!(mission.state(), mission::State::Proposed);
    assert!(mission.etag.starts_with("1-"));
    assert_eq!(mission.create_time, mission.update_time);
    assert_eq!(world.get(&officer, &mission.name).await.unwrap().into_inner(), mission);
    let row = sqlx::query(
        "select h.verb, h.actor, h.doc = m.doc as same, a.outcome, a.method, o.verb as event, o.doc = m.doc as told,
                h.tx = a.tx and a.tx = o.tx as together
         from missions m join history h using (name) join audit a using (name) join outbox o using (name)",
    );
    let row = row.fetch_one(&world.db.pool).await.unwrap();
    assert_eq!(row.get::<&str, _>("verb"), "create");
    assert_eq!(row.get::<&str, _>("actor"), &*officer.subject);
    assert_eq!(row.get::<&str, _>("outcome"), "OK");
    assert_eq!(row.get::<&str, _>("method"), "/legation.accreditation.v1.MissionService/CreateMission");
    assert_eq!(row.get::<&str, _>("event"), "create");
    assert!(row.get::<bool, _>("same") && row.get::<bool, _>("told") && row.get::<bool, _>("together"));
}

#[tokio::test]
async fn what_callers_cannot_set_is_ignored_and_an_id_is_made() {
    let (world, officer) = (world().await, officer());
    let brought = Mission { uid: "mine".into(), etag: "9".into(), size_limit: 3, state: 5, ..embassy("FR") };
    let mission = world.create(&officer, "", brought).await;
    assert_eq!(mission.state(), mission::State::Proposed);
    assert_eq!(mission.size_limit, 0);
    assert_ne!(mission.uid, "mine");
    let id = mission.name.strip_prefix("missions/").unwrap();
    assert!(id.len() == 26 && id.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit()), "{id}");
}

#[tokio::test]
async fn every_violation_comes_at_once_and_nothing_is_written() {
    let (world, officer) = (world().await, officer());
    let bad = Mission { sending_state: "Frankreich".into(), title: "a\0b".into(), r#type: 99, ..Mission::default() };
    let request = asked(&officer, CREATE, creates("Bad Id", bad));
    let fault = Fault::from(&world.missions.create(request).await.unwrap_err());
    assert_eq!(fault.reason(), "INVALID_FIELDS");
    let fields: Vec<_> = fault.violations().iter().map(|violation| violation.field.as_str()).collect();
    for field in ["mission.sendingState", "mission.title", "mission.type", "mission.seat", "missionId"] {
        assert!(fields.contains(&field), "{field} is not among {fields:?}");
    }
    let own = asked(&officer, CREATE, creates("us", embassy("US")));
    assert_eq!(reason(world.missions.create(own).await), "SENDING_STATE_IS_OURS");
    for table in ["missions", "history", "audit", "outbox", "idempotency"] {
        assert_eq!(world.count(table).await, 0, "{table}");
    }
}

#[tokio::test]
async fn constraints_have_their_own_words() {
    let (world, officer) = (world().await, officer());
    let known = Mission { external_id: "Q1".into(), ..embassy("FR") };
    world.create(&officer, "fr", known.clone()).await;
    let twice = world.missions.create(asked(&officer, CREATE, creates("fr", embassy("DE")))).await;
    assert_eq!(reason(twice), "ALREADY_EXISTS");
    let again = world.missions.create(asked(&officer, CREATE, creates("fr-2", known))).await;
    assert_eq!(reason(again), "CARD_ALREADY_ACTIVE");
    assert_eq!(world.count("history").await, 1);
    let request = CreateMemberRequest { member: Some(secretary("missions/xx")), ..Default::default() };
    let dangling = world.members.create(asked(&officer, "MemberService/CreateMember", request)).await;
    assert_eq!(reason(dangling), "BROKEN_REFERENCE");
}

fn keyed(key: &str, title: &str) -> CreateMissionRequest {
    let mission = Mission { title: title.into(), ..embassy("FR") };
    CreateMissionRequest { request_id: key.into(), ..creates("", mission) }
}

#[tokio::test(flavor = "multi_thread")]
async fn fifty_callers_with_one_key_have_one_effect_and_one_answer() {
    let (world, officer) = (world().await, officer());
    let calls = (0..50).map(|_| world.missions.create(asked(&officer, CREATE, keyed("k1", "Embassy"))));
    let answers: Vec<_> = join_all(calls).await.into_iter().map(|answer| answer.unwrap().into_inner()).collect();
    assert!(answers.iter().all(|answer| *answer == answers[0]));
    for table in ["missions", "history", "audit", "outbox", "idempotency"] {
        assert_eq!(world.count(table).await, 1, "{table}");
    }
}

#[tokio::test]
async fn a_key_belongs_to_its_request_its_caller_and_its_method() {
    let (world, one, other) = (world().await, officer(), officer());
    let first = world.missions.create(asked(&one, CREATE, keyed("k1", "Embassy"))).await.unwrap().into_inner();
    let reused = world.missions.create(asked(&one, CREATE, keyed("k1", "Consulate"))).await;
    assert_eq!(reason(reused), "IDEMPOTENCY_KEY_REUSED");
    let others = world.missions.create(asked(&other, CREATE, keyed("k1", "Embassy"))).await.unwrap().into_inner();
    assert_ne!(first.name, others.name);
    let kept = world.missions.create_kept(asked(&one, CREATE, keyed("k1", "Embassy"))).await.unwrap();
    assert!(kept.replayed && kept.record == first);
}

#[tokio::test]
async fn a_failure_is_not_stored() {
    let (world, officer) = (world().await, officer());
    let refused = CreateMissionRequest { request_id: "k1".into(), ..creates("us", embassy("US")) };
    assert_eq!(reason(world.missions.create(asked(&officer, CREATE, refused)).await), "SENDING_STATE_IS_OURS");
    world.create(&officer, "fr", embassy("FR")).await;
    let taken = CreateMissionRequest { request_id: "k1".into(), ..creates("fr", embassy("FR")) };
    assert_eq!(reason(world.missions.create(asked(&officer, CREATE, taken)).await), "ALREADY_EXISTS");
    let good = CreateMissionRequest { request_id: "k1".into(), ..creates("de", embassy("DE")) };
    world.missions.create(asked(&officer, CREATE, good)).await.unwrap();
    assert_eq!(world.count("idempotency").await, 1);
}

#[tokio::test]
async fn an_answer_is_given_again_for_a_week() {
    let (world, officer) = (world().await, officer());
    world.missions.create(asked(&officer, CREATE, keyed("k1", "Embassy"))).await.unwrap();
    world.pass(TimeDelta::days(7));
    assert_eq!(world.store.sweep().await.unwrap(), 0);
    world.pass(TimeDelta::seconds(1));
    assert_eq!(world.store.sweep().await.unwrap(), 1);
    assert_eq!(world.count("idempotency").await, 0);
}

#[tokio::test]
async fn rules_load_records_whole_alone_or_with_those_they_name() {
    let (world, officer) = (world().await, officer());
    let mission = world.create(&officer, "fr", embassy("FR")).await;
    let member = world.notify(&officer, secretary("missions/fr")).await;
    let (loaded, of) = world.members.load_with::<Mission>(&member.name, "mission").await.unwrap().unwrap();
    assert_eq!((loaded, of), (member.clone(), Some(mission)));
    let (_, none) = world.members.load_with::<Member>(&member.name, "principal").await.unwrap().unwrap();
    assert_eq!(none, None);
    assert_eq!(world.members.load("members/xx").await.unwrap(), None);
    let german = identity::Principal { mission: Some("missions/de".into()), ..testkit::principal(["accreditation.*"]) };
    assert_eq!(world.members.load_for(&german, &member.name).await.unwrap(), None);
}

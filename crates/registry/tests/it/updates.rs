//! Update: by mask and etag, with no change lost.

use crate::world::{World, asked, embassy, officer, reason, world};
use fault::Fault;
use futures::future::join_all;
use identity::Principal;
use prost_types::FieldMask;
use proto::accreditation::v1::{Mission, UpdateMissionRequest};
use tonic::{Response, Status};

async fn update(
    world: &World,
    by: &Principal,
    mission: &Mission,
    etag: &str,
    paths: &[&str],
) -> Result<Response<Mission>, Status> {
    let mask = FieldMask { paths: paths.iter().map(|path| (*path).to_owned()).collect() };
    let request = UpdateMissionRequest {
        mission: Some(Mission { etag: String::new(), ..mission.clone() }),
        update_mask: Some(mask),
        etag: etag.to_owned(),
        request_id: String::new(),
    };
    world.missions.update(asked(by, "MissionService/UpdateMission", request)).await
}

#[tokio::test]
async fn a_mask_changes_what_it_names_and_no_more() {
    let (world, officer) = (world().await, officer());
    let before = world.create(&officer, "fr", embassy("FR")).await;
    let wanted = Mission { title: "Ambassade de France".into(), seat: "elsewhere".into(), ..before.clone() };
    let after = update(&world, &officer, &wanted, &before.etag, &["title"]).await.unwrap().into_inner();
    assert_eq!((after.title.as_str(), after.seat.as_str()), ("Ambassade de France", "Washington"));
    assert!(after.etag.starts_with("2-"));
    assert!(
        after.update_time.unwrap().nanos > before.update_time.unwrap().nanos,
        "later, though the clock stood still"
    );
    assert_eq!(world.get(&officer, "missions/fr").await.unwrap().into_inner(), after);
}

#[tokio::test]
async fn an_update_says_which_version_it_changes() {
    let (world, officer) = (world().await, officer());
    let before = world.create(&officer, "fr", embassy("FR")).await;
    assert_eq!(reason(update(&world, &officer, &before, "", &["title"]).await), "ETAG_REQUIRED");
    update(&world, &officer, &before, &before.etag, &["title"]).await.unwrap();
    assert_eq!(reason(update(&world, &officer, &before, &before.etag, &["title"]).await), "STALE_ETAG");
    let unknown = Mission { name: "missions/xx".into(), ..before };
    assert_eq!(reason(update(&world, &officer, &unknown, "1", &["title"]).await), "NOT_FOUND");
}

#[tokio::test]
async fn what_is_fixed_stays_and_rules_hold_after_the_change() {
    let (world, officer) = (world().await, officer());
    let before = world.create(&officer, "fr", embassy("FR")).await;
    let other = Mission { sending_state: "DE".into(), state: 5, ..before.clone() };
    let answer = update(&world, &officer, &other, &before.etag, &["sending_state", "state"]).await;
    let fault = Fault::from(&answer.unwrap_err());
    assert_eq!(fault.violations()[0].field, "mission.sendingState");
    let emptied = Mission { title: String::new(), ..before.clone() };
    assert_eq!(reason(update(&world, &officer, &emptied, &before.etag, &["title"]).await), "INVALID_FIELDS");
    let unchanged = update(&world, &officer, &other, &before.etag, &["state"]).await.unwrap().into_inner();
    assert_eq!(unchanged.state, before.state, "what callers cannot set is ignored");
}

#[tokio::test(flavor = "multi_thread")]
async fn of_updates_at_once_to_one_version_one_wins_and_none_is_lost() {
    let (world, officer) = (world().await, officer());
    let before = world.create(&officer, "fr", embassy("FR")).await;
    let wanted: Vec<_> = (0..8).map(|n| Mission { title: format!("Embassy {n}"), ..before.clone() }).collect();
    let calls = wanted.iter().map(|mission| update(&world, &officer, mission, &before.etag, &["title"]));
    let answers = join_all(calls).await;
    let won: Vec<_> = answers.iter().filter_map(|answer| answer.as_ref().ok()).collect();
    assert_eq!(won.len(), 1);
    assert_eq!(world.get(&officer, "missions/fr").await.unwrap().get_ref(), won[0].get_ref());
    for lost in answers.into_iter().filter(Result::is_err) {
        assert_eq!(reason(lost), "STALE_ETAG");
    }
    assert_eq!(world.count("history").await, 2);
}

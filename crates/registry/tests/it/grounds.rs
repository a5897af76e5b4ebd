//! Records that rest on others: written while those stand as they were read, in whatever process they change.

use crate::world::{World, answer, asked, embassy, officer, secretary, world};
use futures::future::join_all;
use identity::{Called, Principal};
use proto::accreditation::v1::{DeleteMissionRequest, Determination, Member, Mission, UpdateMissionRequest};
use registry::{Ground, Kept};

/// Appends an answer that rests on these, always for the same caller: another one's key is another key.
async fn append(world: &World, reference: &str, key: &str, grounds: &[&Ground]) -> Option<Kept<Determination>> {
    let caller = Principal { subject: "people/caller".into(), ..officer() };
    let (request, record) = answer(&caller, reference, key);
    let grounds = grounds.iter().copied().cloned().collect();
    world.answers.append_on(Called::of(&request).unwrap(), request.get_ref(), record, grounds).await.unwrap()
}

/// Changes a mission in another process.
async fn moved(world: &World, mission: &Mission) -> Mission {
    let (_store, missions, _, _) = world.elsewhere().await;
    let mission = Mission { seat: "Boston".into(), ..mission.clone() };
    let update_mask = Some(prost_types::FieldMask { paths: vec!["seat".into()] });
    let request = UpdateMissionRequest { mission: Some(mission), update_mask, ..Default::default() };
    missions.update(asked(&officer(), "MissionService/UpdateMission", request)).await.unwrap().into_inner()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_rests_on_a_record_that_changed_is_not_written_and_its_key_is_not_used() {
    let world = world().await;
    let mission = world.create(&officer(), "fr", embassy("FR")).await;
    let first = Ground::of(&mission);
    assert!(append(&world, "before", "one", &[&first]).await.is_some());
    let second = Ground::of(&moved(&world, &mission).await);
    let before = (world.count("audit").await, world.count("outbox").await);
    assert!(append(&world, "after", "two", &[&first]).await.is_none());
    assert_eq!((world.count("audit").await, world.count("outbox").await), before, "nothing was written");
    let kept = append(&world, "after", "two", &[&second]).await.unwrap();
    assert!(!kept.replayed, "the key is free for the answer that is thought over");
    assert!(append(&world, "after", "two", &[&second]).await.unwrap().replayed);
    assert_eq!(world.count("determinations").await, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_record_rests_on_all_that_it_names_and_a_deletion_is_a_change() {
    let world = world().await;
    let mission = world.create(&officer(), "fr", embassy("FR")).await;
    let member = world.notify(&officer(), secretary("missions/fr")).await;
    let grounds = [&Ground::of(&mission), &Ground::of(&member)];
    assert!(append(&world, "both stand", "", &grounds).await.is_some());
    let request = DeleteMissionRequest { name: mission.name.clone(), ..Default::default() };
    world.missions.delete(asked(&officer(), "MissionService/DeleteMission", request)).await.unwrap();
    assert!(append(&world, "one is gone", "", &grounds).await.is_none());
    assert!(append(&world, "the other stands", "", &grounds[1..]).await.is_some());
}

#[tokio::test(flavor = "multi_thread")]
async fn of_those_written_together_the_groundless_alone_are_left_out() {
    let world = world().await;
    let mission = world.create(&officer(), "fr", embassy("FR")).await;
    let (old, new) = (Ground::of(&mission), Ground::of(&moved(&world, &mission).await));
    let answers = (0..60).map(|n| {
        let (world, ground) = (&world, if n % 3 == 0 { &old } else { &new });
        async move { append(world, &format!("case {n}"), "", &[ground]).await.map(|kept| kept.record.reference) }
    });
    for (n, reference) in join_all(answers).await.into_iter().enumerate() {
        assert_eq!(reference, (n % 3 != 0).then(|| format!("case {n}")));
    }
    assert_eq!(world.count("determinations").await, 40);
}

/// So it may be remembered: nothing is kept in memory that an erasure would have to find there.
#[tokio::test]
async fn what_everyone_may_read_of_a_record_has_nothing_personal() {
    let world = world().await;
    world.create(&officer(), "fr", embassy("FR")).await;
    let person = Member { passport_number: "20AB12345".into(), ..secretary("missions/fr") };
    let kept = world.notify(&officer(), person).await;
    assert_eq!((kept.family_name.as_str(), kept.passport_number.as_str()), ("Garnier", "20AB12345"));
    let open = world.members.load_public(&kept.name).await.unwrap().unwrap();
    assert_eq!(
        (&open.name, &open.etag, &open.mission, open.category),
        (&kept.name, &kept.etag, &kept.mission, kept.category)
    );
    for personal in [open.family_name, open.given_names, open.birth_date, open.passport_number, open.photo] {
        assert_eq!(personal, "");
    }
    assert!(world.members.load_public("members/nobody").await.unwrap().is_none());
}

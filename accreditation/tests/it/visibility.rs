//! Who sees what: a mission's own staff, callers without the right to personal data, those who follow changes.

use crate::world::{decider, fields, police, reason, registrar, secretary, staff_of, world};
use futures::{StreamExt as _, TryStreamExt as _};
use identity::{Permissions, Principal};
use proto::accreditation::v1::{self as pb, Member};

#[tokio::test]
async fn a_missions_staff_see_and_notify_their_own_people_alone() {
    let world = world().await;
    let (ours, theirs) = (world.embassy("FR").await, world.embassy("BE").await);
    world.notify("garnier", secretary(&ours)).await.unwrap();
    let belgian = world.notify("janssens", Member { nationality: "BE".into(), ..secretary(&theirs) }).await.unwrap();
    let staff = staff_of("fr");
    let page = world.members(&staff).list_members(pb::ListMembersRequest::default()).await.unwrap().into_inner();
    let names: Vec<_> = page.members.iter().map(|member| member.name.as_str()).collect();
    assert_eq!(names, ["members/garnier"]);
    let request = pb::GetMemberRequest { name: belgian.name.clone(), as_of: None };
    assert_eq!(reason(world.members(&staff).get_member(request).await), "NOT_FOUND");
    let request = pb::GetMissionRequest { name: theirs.clone(), as_of: None };
    assert_eq!(reason(world.missions(&staff).get_mission(request).await), "NOT_FOUND");

    let notify = async |member: Member, id: &str| {
        let request = pb::CreateMemberRequest { member: Some(member), member_id: id.into(), ..Default::default() };
        world.members(&staff).create_member(request).await
    };
    notify(secretary(&ours), "second").await.unwrap();
    let intruder = Member { nationality: "BE".into(), ..secretary(&theirs) };
    assert_eq!(fields(notify(intruder, "third").await), ["member.mission"], "as if there were no such mission");
    let request = pb::RecordDepartureRequest { name: belgian.name, ..Default::default() };
    assert_eq!(reason(world.members(&staff).record_departure(request).await), "NOT_FOUND");
}

#[tokio::test]
async fn personal_data_are_blank_without_the_right_to_them() {
    let world = world().await;
    let mission = world.embassy("FR").await;
    let name = world.notify("garnier", secretary(&mission)).await.unwrap().name;
    let clerk =
        Principal { permissions: Permissions::of(["accreditation.members.read"]), ..testkit::principal::<&str>([]) };
    let request = pb::GetMemberRequest { name, as_of: None };
    let seen = world.members(&clerk).get_member(request).await.unwrap().into_inner();
    assert_eq!(seen.title, "Second Secretary");
    let blank = [&seen.family_name, &seen.given_names, &seen.birth_date, &seen.passport_number, &seen.photo];
    assert!(blank.iter().all(|text| text.is_empty()), "{seen:?}");
    let search = |q: &str| pb::ListMembersRequest { q: q.into(), ..Default::default() };
    assert_eq!(reason(world.members(&clerk).list_members(search("garnier")).await), "PERMISSION_DENIED");
    let found = world.members(&registrar()).list_members(search("elise")).await.unwrap().into_inner();
    assert_eq!(found.members.len(), 1, "found without the accent");
    let leaked = "outbox where kind = 'members' and doc::text like '%Garnier%'";
    assert_eq!(world.count(leaked).await, 0, "events carry no names");
}

#[tokio::test]
async fn a_partner_does_not_read_members_at_all() {
    let world = world().await;
    let mission = world.embassy("FR").await;
    let name = world.notify("garnier", secretary(&mission)).await.unwrap().name;
    for name in [name, "members/nobody".to_owned()] {
        let request = pb::GetMemberRequest { name, as_of: None };
        assert_eq!(reason(world.members(&police("mpd")).get_member(request).await), "PERMISSION_DENIED");
    }
}

#[tokio::test]
async fn followers_see_what_they_may_as_it_is_committed() {
    let world = world().await;
    let (ours, theirs) = (world.embassy("FR").await, world.embassy("BE").await);
    let watch = world.members(&staff_of("fr")).watch_members(pb::WatchMembersRequest::default()).await.unwrap();
    let mut changes = watch.into_inner();
    world.notify("janssens", Member { nationality: "BE".into(), ..secretary(&theirs) }).await.unwrap();
    let name = world.notify("garnier", secretary(&ours)).await.unwrap().name;
    world.member_step(&registrar(), "beginValidation", &name).await.unwrap();
    let mut seen = Vec::new();
    while seen.len() < 2 {
        let change: pb::WatchMembersResponse = changes.next().await.unwrap().unwrap();
        seen.push((change.member.unwrap().name, change.revision.unwrap().verb));
    }
    assert_eq!(seen, [(name.clone(), "create".to_owned()), (name, "beginValidation".to_owned())]);
}

#[tokio::test]
async fn an_export_holds_what_a_list_would_and_is_noted() {
    let world = world().await;
    let mission = world.embassy("FR").await;
    for id in ["a", "b"] {
        world.notify(id, secretary(&mission)).await.unwrap();
    }
    let lines = world.members(&decider()).export_members(pb::ExportMembersRequest::default()).await.unwrap();
    let lines: Vec<pb::ExportMembersResponse> = lines.into_inner().try_collect().await.unwrap();
    assert_eq!(lines.len(), 2);
    assert_eq!(world.count("audit where method like '%ExportMembers'").await, 1);
}

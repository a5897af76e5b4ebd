//! Who sees what: records of others do not exist, personal data is blank, and both hold on every way in.

use crate::world::{asked, embassy, officer, reason, secretary, world};
use fault::Fault;
use identity::Principal;
use prost_types::FieldMask;
use proto::accreditation::v1::{
    CreateMemberRequest, GetMemberRequest, GetMissionRequest, ListMembersRequest, ListMissionsRequest, Member, Mission,
    RequestConsentRequest, UpdateMemberRequest, UpdateMissionRequest,
};
use registry::timestamp;

/// The staff of a foreign mission.
fn staff(mission: &str) -> Principal {
    Principal { mission: Some(mission.into()), ..testkit::principal(["accreditation.*"]) }
}

#[tokio::test]
async fn what_is_invisible_is_not_found_by_any_method() {
    let (world, officer) = (world().await, officer());
    let theirs = world.create(&officer, "de", embassy("DE")).await;
    world.create(&officer, "fr", embassy("FR")).await;
    let french = staff("missions/fr");
    assert_eq!(reason(world.get(&french, "missions/de").await), "NOT_FOUND");
    world.get(&french, "missions/fr").await.unwrap();
    let past = GetMissionRequest { name: "missions/de".into(), as_of: Some(timestamp(world.store.now())) };
    assert_eq!(reason(world.missions.get(asked(&french, "MissionService/GetMission", past)).await), "NOT_FOUND");
    let list = asked(&french, "MissionService/ListMissions", ListMissionsRequest::default());
    let page: proto::accreditation::v1::ListMissionsResponse = world.missions.list(list).await.unwrap().into_inner();
    assert_eq!(page.missions.iter().map(|mission| mission.name.as_str()).collect::<Vec<_>>(), ["missions/fr"]);
    let verb = RequestConsentRequest { name: "missions/de".into(), etag: "wrong".into(), ..Default::default() };
    let acted = world.missions.act(asked(&french, "MissionService/RequestConsent", verb), |_, _, _| Ok(())).await;
    assert_eq!(reason(acted), "NOT_FOUND", "neither its state nor its etag is told");
    let update = UpdateMissionRequest { mission: Some(theirs), ..Default::default() };
    assert_eq!(
        reason(world.missions.update(asked(&french, "MissionService/UpdateMission", update)).await),
        "NOT_FOUND"
    );
    let denials = format!("audit where outcome = 'NOT_FOUND' and actor = '{}'", french.subject);
    assert_eq!(world.count(&denials).await, 4, "every attempt is on record");
    assert_eq!(reason(world.get(&officer, "missions/xx").await), "NOT_FOUND");
    assert_eq!(
        world.count("audit where outcome = 'NOT_FOUND' and name = 'missions/xx'").await,
        0,
        "nothing was denied"
    );
}

#[tokio::test]
async fn nobody_makes_or_leaves_a_record_that_they_could_not_see() {
    let (world, officer) = (world().await, officer());
    world.create(&officer, "de", embassy("DE")).await;
    world.create(&officer, "fr", embassy("FR")).await;
    let french = staff("missions/fr");
    let notified = |mission: &str| {
        let member = CreateMemberRequest { member: Some(secretary(mission)), ..Default::default() };
        world.members.create(asked(&french, "MemberService/CreateMember", member))
    };
    let refused = Fault::from(&notified("missions/de").await.unwrap_err());
    assert_eq!((refused.reason(), refused.violations()[0].field.as_str()), ("PERMISSION_DENIED", "member.mission"));
    assert_eq!(world.count("members").await, 0);
    let own = notified("missions/fr").await.unwrap().into_inner();
    assert_eq!(own.mission, "missions/fr");

    let local = Principal { post: Some("Washington".into()), ..testkit::principal(["accreditation.*"]) };
    let moved = async |seat: &str| {
        let before = world.get(&local, "missions/fr").await.unwrap().into_inner();
        let mission = Mission { seat: seat.into(), ..before };
        let update = UpdateMissionRequest { mission: Some(mission), ..Default::default() };
        world.missions.update(asked(&local, "MissionService/UpdateMission", update)).await
    };
    let refused = Fault::from(&moved("Houston").await.unwrap_err());
    assert_eq!((refused.reason(), refused.violations()[0].field.as_str()), ("PERMISSION_DENIED", "mission.seat"));
    moved("Washington").await.unwrap();
}

#[tokio::test]
async fn personal_data_is_blank_without_the_right_and_never_in_events() {
    let (world, officer) = (world().await, officer());
    world.create(&officer, "fr", embassy("FR")).await;
    let member = world.notify(&officer, secretary("missions/fr")).await;
    assert_eq!(member.family_name, "Garnier");
    let clerk = testkit::principal(["accreditation.members.read"]);
    let get = GetMemberRequest { name: member.name.clone(), as_of: None };
    let seen = world.members.get(asked(&clerk, "MemberService/GetMember", get.clone())).await.unwrap().into_inner();
    assert_eq!((seen.family_name.as_str(), seen.birth_date.as_str()), ("", ""));
    assert_eq!((seen.nationality.as_str(), seen.etag.as_str()), ("FR", member.etag.as_str()));
    let whole = world.members.get(asked(&officer, "MemberService/GetMember", get)).await.unwrap().into_inner();
    assert_eq!(whole, member);
    let list = asked(&clerk, "MemberService/ListMembers", ListMembersRequest::default());
    let page: proto::accreditation::v1::ListMembersResponse = world.members.list(list).await.unwrap().into_inner();
    assert_eq!(page.members, [seen]);
    assert_eq!(world.count("outbox where kind = 'members' and doc::text like '%Garnier%'").await, 0);
    assert_eq!(world.count("history where kind = 'members' and doc::text like '%Garnier%'").await, 1);
}

#[tokio::test]
async fn what_one_may_not_read_one_may_not_search_for() {
    let (world, officer) = (world().await, officer());
    world.create(&officer, "fr", embassy("FR")).await;
    world.notify(&officer, secretary("missions/fr")).await;
    let find = async |by: &Principal| {
        let list = ListMembersRequest { q: "elise garnier".into(), ..Default::default() };
        let page = world.members.list(asked(by, "MemberService/ListMembers", list)).await;
        page.map(|page: tonic::Response<proto::accreditation::v1::ListMembersResponse>| page.into_inner().members.len())
    };
    assert_eq!(find(&officer).await.unwrap(), 1);
    let clerk = testkit::principal(["accreditation.members.read"]);
    let refused = find(&clerk).await.map(tonic::Response::new);
    assert_eq!(reason(refused), "PERMISSION_DENIED");
}

#[tokio::test]
async fn a_read_that_the_contract_wants_noted_is_noted_before_it_is_answered() {
    let (world, officer) = (world().await, officer());
    world.create(&officer, "fr", embassy("FR")).await;
    let member = world.notify(&officer, secretary("missions/fr")).await;
    let get = GetMemberRequest { name: member.name.clone(), as_of: None };
    world.members.get(asked(&officer, "MemberService/GetMember", get)).await.unwrap();
    let noted = format!("audit where method like '%GetMember' and outcome = 'OK' and name = '{}'", member.name);
    assert_eq!(world.count(&noted).await, 1);
    world.get(&officer, "missions/fr").await.unwrap();
    assert_eq!(world.count("audit where method like '%GetMission'").await, 0, "the contract does not ask for this one");
}

#[tokio::test]
async fn whoever_reads_a_field_blank_does_not_blank_it() {
    let (world, officer) = (world().await, officer());
    world.create(&officer, "fr", embassy("FR")).await;
    let passport = Member { passport_number: "09AB12345".into(), ..secretary("missions/fr") };
    let name = world.notify(&officer, passport).await.name;
    let clerk = testkit::principal(["accreditation.members.notify"]);
    let get = GetMemberRequest { name: name.clone(), as_of: None };
    let seen = world.members.get(asked(&clerk, "MemberService/GetMember", get)).await.unwrap().into_inner();
    let known =
        Member { family_name: "Garnier".into(), given_names: "Élise".into(), birth_date: "1988-04-12".into(), ..seen };
    let update = UpdateMemberRequest {
        member: Some(Member { title: "Attaché".into(), ..known }),
        update_mask: Some(FieldMask { paths: vec!["*".into()] }),
        ..Default::default()
    };
    world.members.update(asked(&clerk, "MemberService/UpdateMember", update)).await.unwrap();
    let kept = world.members.load(&name).await.unwrap().unwrap();
    assert_eq!((kept.title.as_str(), kept.passport_number.as_str()), ("Attaché", "09AB12345"));
}

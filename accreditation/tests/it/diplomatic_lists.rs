//! The lists: who is in them and in which order, drafts that are not public, editions that never change.

use crate::consuls::{commission, notary};
use crate::world::{Signed, World, decider, reason, registrar, relative, secretary, world};
use chrono::TimeDelta;
use identity::{Permissions, Principal};
use proto::accreditation::v1::diplomatic_list::{Kind, State};
use proto::accreditation::v1::diplomatic_list_service_client::DiplomaticListServiceClient;
use proto::accreditation::v1::member::EndCause;
use proto::accreditation::v1::{self as pb, Category, DiplomaticList, HeadClass, Member, Relation};
use tonic::{Response, Status};

impl World {
    pub(crate) fn lists(&self, by: &Principal) -> DiplomaticListServiceClient<Signed> {
        DiplomaticListServiceClient::new(self.signed(by))
    }

    pub(crate) async fn compile(&self, kind: Kind, edition: &str) -> Result<DiplomaticList, Status> {
        let list = DiplomaticList { kind: kind.into(), edition: edition.into(), ..DiplomaticList::default() };
        let request = pb::CreateDiplomaticListRequest { diplomatic_list: Some(list), ..Default::default() };
        self.lists(&registrar()).create_diplomatic_list(request).await.map(Response::into_inner)
    }

    async fn publish(&self, by: &Principal, name: &str) -> Result<DiplomaticList, Status> {
        let request = pb::PublishDiplomaticListRequest { name: name.into(), ..Default::default() };
        self.lists(by).publish_diplomatic_list(request).await.map(Response::into_inner)
    }

    async fn recompile(&self, name: &str) -> Result<DiplomaticList, Status> {
        let request = pb::CompileDiplomaticListRequest { name: name.into(), ..Default::default() };
        self.lists(&registrar()).compile_diplomatic_list(request).await.map(Response::into_inner)
    }

    async fn list(&self, by: &Principal, name: &str) -> Result<DiplomaticList, Status> {
        let request = pb::GetDiplomaticListRequest { name: name.into(), as_of: None };
        self.lists(by).get_diplomatic_list(request).await.map(Response::into_inner)
    }
}

/// Anyone who may read the lists, and nothing else.
fn public() -> Principal {
    Principal {
        subject: "apiKeys/newspaper".into(),
        permissions: Permissions::of(["accreditation.diplomaticLists.read"]),
        ..testkit::principal::<&str>([])
    }
}

fn people(section: &pb::ListSection) -> Vec<(&str, i32)> {
    section.entries.iter().map(|entry| (entry.title.as_str(), entry.place)).collect()
}

/// The missions, and in each the titles and places of its people.
fn shown(list: &DiplomaticList) -> Vec<(&str, Vec<(&str, i32)>)> {
    list.sections.iter().map(|section| (section.mission.trim_start_matches("missions/"), people(section))).collect()
}

async fn diplomat(world: &World, id: &str, mission: &str, title: &str) -> Member {
    world.accredited(id, Member { title: title.into(), ..secretary(mission) }).await
}

#[tokio::test]
async fn diplomats_are_listed_by_precedence_and_rank_with_their_spouses() {
    let world = world().await;
    let (second, first) = (world.head_from("FR").await, world.head_from("NL").await);
    let vacant = world.embassy("BE").await;
    world.presented(&first, HeadClass::Ambassador).await;
    world.clock.advance(TimeDelta::hours(1));
    world.presented(&second, HeadClass::Ambassador).await;
    world.clock.advance(TimeDelta::hours(1));
    diplomat(&world, "attache", &second.mission, "Attaché").await;
    let minister = diplomat(&world, "minister", &second.mission, "Minister-Counsellor").await;
    world.accredited("spouse", relative(&minister, Relation::Spouse)).await;
    let child = Member { birth_date: "2015-01-01".into(), ..relative(&minister, Relation::Child) };
    world.accredited("child", child).await;
    let clerk = Member { category: Category::AdministrativeAndTechnicalStaff.into(), ..secretary(&vacant) };
    world.accredited("clerk", clerk).await;
    diplomat(&world, "counsellor", &vacant, "Counsellor").await;
    world.notify("waiting", secretary(&vacant)).await.unwrap();
    let list = world.compile(Kind::Diplomatic, "2026/1").await.unwrap();
    let french = vec![("Ambassador", 2), ("Minister-Counsellor", 0), ("Attaché", 0)];
    let expected = vec![("nl", vec![("Ambassador", 1)]), ("fr", french), ("be", vec![("Counsellor", 0)])];
    assert_eq!(shown(&list), expected);
    assert_eq!(list.entry_count, 5);
    let minister = &list.sections[1].entries[1];
    assert_eq!(
        (minister.display_name.as_str(), minister.spouses.as_slice()),
        ("Élise Garnier", &["Camille Garnier".to_owned()][..])
    );
}

#[tokio::test]
async fn an_edition_is_public_once_another_person_publishes_it_and_never_changes() {
    let world = world().await;
    let head = world.head_from("FR").await;
    world.presented(&head, HeadClass::Ambassador).await;
    let name = world.compile(Kind::Diplomatic, "2026/1").await.unwrap().name;
    assert_eq!(reason(world.list(&public(), &name).await), "NOT_FOUND", "a draft");
    diplomat(&world, "counsellor", &head.mission, "Counsellor").await;
    assert_eq!(world.recompile(&name).await.unwrap().entry_count, 2);
    assert_eq!(reason(world.publish(&registrar(), &name).await), "SAME_PERSON");
    let published = world.publish(&decider(), &name).await.unwrap();
    assert_eq!((published.state(), published.publish_time), (State::Published, published.update_time));
    world.terminate(&head.name, EndCause::Recalled).await;
    assert_eq!(world.list(&public(), &name).await.unwrap().sections, published.sections, "he was in it");
    assert_eq!(reason(world.recompile(&name).await), "WRONG_STATE");
    assert_eq!(reason(world.publish(&decider(), &name).await), "WRONG_STATE");
    let delete = pb::DeleteDiplomaticListRequest { name: name.clone(), ..Default::default() };
    assert_eq!(reason(world.lists(&registrar()).delete_diplomatic_list(delete).await), "WRONG_STATE");
    for statement in ["update diplomatic_lists set doc = doc || '{\"edition\": \"x\"}'", "delete from diplomatic_lists"]
    {
        let refused = sqlx::query(statement).execute(&world.db.pool).await.unwrap_err();
        assert!(refused.to_string().contains("stands"), "{refused}");
    }
}

#[tokio::test]
async fn a_page_of_editions_has_no_sections_and_drafts_only_for_those_who_compile() {
    let world = world().await;
    let head = world.head_from("FR").await;
    world.presented(&head, HeadClass::Ambassador).await;
    let first = world.compile(Kind::Diplomatic, "2026/1").await.unwrap().name;
    world.publish(&decider(), &first).await.unwrap();
    let draft = world.compile(Kind::Diplomatic, "2026/2").await.unwrap().name;
    let page = async |by: &Principal| {
        let request = pb::ListDiplomaticListsRequest { order_by: "edition".into(), ..Default::default() };
        world.lists(by).list_diplomatic_lists(request).await.unwrap().into_inner().diplomatic_lists
    };
    let seen = page(&public()).await;
    assert_eq!(seen.iter().map(|list| list.name.as_str()).collect::<Vec<_>>(), [first.as_str()]);
    assert!(seen.iter().all(|list| list.sections.is_empty() && list.entry_count == 1));
    assert_eq!(page(&registrar()).await.len(), 2);
    let delete = pb::DeleteDiplomaticListRequest { name: draft, ..Default::default() };
    world.lists(&registrar()).delete_diplomatic_list(delete).await.unwrap();
    world.compile(Kind::Diplomatic, "2026/2").await.unwrap();
    assert_eq!(reason(world.compile(Kind::Diplomatic, "2026/2").await), "EDITION_EXISTS");
    world.compile(Kind::Consular, "2026/2").await.unwrap();
}

#[tokio::test]
async fn consuls_are_listed_by_class_and_admission_the_honorary_after_the_career() {
    let world = world().await;
    let later = world.consul_from("BE").await;
    let earlier = world.consul_from("FR").await;
    for consul in [&earlier, &later] {
        let name = world.receive(commission(consul)).await.unwrap().name;
        world.commission_step(&decider(), "grantExequatur", &name).await.unwrap();
        world.clock.advance(TimeDelta::hours(1));
    }
    let waiting = world.consul_from("NL").await;
    world.receive(commission(&waiting)).await.unwrap();
    let honorary = world.justify(notary(&world.post("SM").await)).await.unwrap().name;
    for verb in ["beginVetting", "approvePost"] {
        world.honorary_step(&registrar(), verb, &honorary).await.unwrap();
    }
    world.honorary_step(&decider(), "recognise", &honorary).await.unwrap();
    let list = world.compile(Kind::Consular, "2026/1").await.unwrap();
    let general = |place| vec![("Consul General", place)];
    let expected = [
        ("fr-chicago", general(1)),
        ("be-chicago", general(2)),
        ("sm-chicago", vec![("CONSUL", 3)]),
        ("nl-chicago", general(0)),
    ];
    assert_eq!(shown(&list), expected);
    assert_eq!(list.sections[2].entries[0].display_name, "Jean Miller");
}

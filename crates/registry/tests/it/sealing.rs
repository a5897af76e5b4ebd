//! Sealed fields: nowhere in the database to be read, everywhere in answers; moved, rotated.

use crate::world::{Members, World, asked, dawn, embassy, officer, reason, secretary, world};
use chrono::TimeDelta;
use fault::Fault;
use futures::StreamExt as _;
use futures::future::join_all;
use identity::Principal;
use proto::accreditation::v1::{
    self as pb, CreateMemberRequest, ExportMembersRequest, ExportMembersResponse, GetMemberRequest, LinkPersonRequest,
    ListMemberRevisionsRequest, ListMemberRevisionsResponse, ListMembersRequest, ListMembersResponse, Member,
    WatchMembersRequest, WatchMembersResponse,
};
use registry::{Call, Feed, Options, Registry, Store, timestamp};
use sqlx::AssertSqlSafe;
use std::sync::Arc;
use tonic::{Response, Status};
use vault::Vault;

pub(crate) const PASSPORT: &str = "L898902C3";
pub(crate) const BORN: &str = "1988-04-12";
const ZONE: &str = "P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<L898902C36UTO7408122F1204159ZE184226B<<<<<10";

/// A secretary with all that is sealed of a member.
pub(crate) fn documented(mission: &str) -> Member {
    let particulars = pb::Particulars { machine_readable_zone: ZONE.into(), weekly_hours: 38, ..Default::default() };
    Member {
        passport_number: PASSPORT.into(),
        photo: "photos/of-a-secretary".into(),
        particulars: Some(particulars),
        ..secretary(mission)
    }
}

pub(crate) async fn notified(world: &World) -> Member {
    world.create(&officer(), "fr", embassy("FR")).await;
    world.notify(&officer(), documented("missions/fr")).await
}

pub(crate) async fn get(
    members: &Registry<Members>,
    name: &str,
    as_of: Option<prost_types::Timestamp>,
) -> Result<Member, Status> {
    let request = GetMemberRequest { name: name.into(), as_of };
    members.get(asked(&officer(), "MemberService/GetMember", request)).await.map(Response::into_inner)
}

pub(crate) fn link(member: &Member, person: &str, key: &str) -> LinkPersonRequest {
    LinkPersonRequest {
        name: member.name.clone(),
        person: person.into(),
        request_id: key.into(),
        ..LinkPersonRequest::default()
    }
}

/// A verb, by one caller, so that it can be repeated.
pub(crate) async fn linked(world: &World, by: &Principal, request: LinkPersonRequest) -> Result<Member, Status> {
    let verb = |member: &mut Member, request: LinkPersonRequest, _: &mut Call| {
        member.person = request.person;
        Ok(())
    };
    world.members.act(asked(by, "MemberService/LinkPerson", request), verb).await.map(Response::into_inner)
}

async fn filtered(world: &World, filter: &str) -> Result<usize, Status> {
    let request = ListMembersRequest { filter: filter.into(), ..Default::default() };
    let page = world.members.list(asked(&officer(), "MemberService/ListMembers", request)).await?;
    let page: ListMembersResponse = page.into_inner();
    Ok(page.members.len())
}

pub(crate) async fn revisions(world: &World, name: &str) -> Vec<Member> {
    let request = ListMemberRevisionsRequest { name: name.into(), ..Default::default() };
    let request = asked(&officer(), "MemberService/ListMemberRevisions", request);
    let page: ListMemberRevisionsResponse = world.members.revisions(request).await.unwrap().into_inner();
    page.revisions.into_iter().map(|step| step.member.unwrap()).collect()
}

pub(crate) async fn run(world: &World, text: &str) {
    sqlx::raw_sql(AssertSqlSafe(text.to_owned())).execute(&world.db.pool).await.unwrap();
}

/// The register with these keys.
pub(crate) async fn opened(world: &World, keys: &str) -> Result<(Store, Registry<Members>), Fault> {
    let vault = Some(Vault::parse(keys).unwrap());
    let store = Store::open(world.db.pool.clone(), Options { vault, ..Options::new(Arc::default()) }).await?;
    let members = store.keep();
    Ok((store, members))
}

/// The test kit's keys with another wrapping key before its own, or in its place.
fn keys(old: bool) -> String {
    let (index, old_key) = testkit::SEALING_KEYS.split_once(" key ").unwrap();
    let new = "AwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwM=";
    if old { format!("{index}\nkey {new}\nkey {old_key}") } else { format!("{index}\nkey {new}") }
}

#[tokio::test]
async fn no_table_has_what_is_sealed_and_every_answer_has_it() {
    let (world, by) = (world().await, officer());
    world.create(&by, "fr", embassy("FR")).await;
    let create = CreateMemberRequest {
        member: Some(documented("missions/fr")),
        request_id: "first".into(),
        ..Default::default()
    };
    let request = || asked(&by, "MemberService/CreateMember", create.clone());
    let made = world.members.create(request()).await.unwrap().into_inner();
    world.pass(TimeDelta::hours(1));
    let changed = linked(&world, &by, link(&made, "people/a", "second")).await.unwrap();
    assert_eq!((changed.passport_number.as_str(), changed.birth_date.as_str()), (PASSPORT, BORN));

    let all = world.db.dump().await;
    assert!(all.contains("Garnier"), "what is not sealed is in the dump, so the dump shows what there is");
    let hex = |text: &str| text.bytes().map(|byte| format!("{byte:02x}")).collect::<String>();
    for secret in [PASSPORT, BORN, "of-a-secretary", "ERIKSSON"] {
        assert!(!all.contains(secret) && !all.contains(&hex(secret)), "{secret} lies open");
    }

    assert_eq!(get(&world.members, &made.name, None).await.unwrap(), changed);
    assert_eq!(get(&world.members, &made.name, Some(timestamp(dawn()))).await.unwrap(), made);
    assert_eq!(revisions(&world, &made.name).await, [changed.clone(), made.clone()]);
    assert_eq!(world.members.create(request()).await.unwrap().into_inner(), made, "the same answer again");
    assert_eq!(linked(&world, &by, link(&made, "people/a", "second")).await.unwrap(), changed);
    let request = asked(&by, "MemberService/ExportMembers", ExportMembersRequest::default());
    let export: Feed<ExportMembersResponse> = world.members.export(request).await.unwrap().into_inner();
    let exported: Vec<Member> = export.map(|line| line.unwrap().member.unwrap()).collect().await;
    assert_eq!(exported, std::slice::from_ref(&changed));
    assert_eq!(world.members.load(&made.name).await.unwrap(), Some(changed.clone()));

    // Who may not read personal data reads none, and needs no key for the rest.
    let clerk = testkit::principal(["accreditation.members.read"]);
    let request = asked(&clerk, "MemberService/GetMember", GetMemberRequest { name: made.name.clone(), as_of: None });
    let shown = world.members.get(request).await.unwrap().into_inner();
    assert_eq!((shown.passport_number.as_str(), shown.person.as_str()), ("", "people/a"));
}

#[tokio::test(flavor = "multi_thread")]
async fn watchers_are_told_in_full_and_can_ask_for_a_sealed_value() {
    let (world, by) = (world().await, officer());
    world.create(&by, "fr", embassy("FR")).await;
    let filter = format!("passportNumber = \"{PASSPORT}\"");
    let request = asked(&by, "MemberService/WatchMembers", WatchMembersRequest { filter, ..Default::default() });
    let mut feed: Feed<WatchMembersResponse> = world.members.watch(request).await.unwrap().into_inner();
    world.notify(&by, secretary("missions/fr")).await;
    let made = world.notify(&by, documented("missions/fr")).await;
    let next = tokio::time::timeout(std::time::Duration::from_secs(20), feed.next()).await;
    assert_eq!(next.unwrap().unwrap().unwrap().member, Some(made));
}

#[tokio::test]
async fn a_sealed_value_is_found_whole_and_nothing_is_ordered_by_it() {
    let world = world().await;
    let made = notified(&world).await;
    world.notify(&officer(), secretary("missions/fr")).await;
    for (filter, count) in [
        (format!("passportNumber = \"{PASSPORT}\""), 1),
        (format!("birthDate = \"{BORN}\""), 2),
        (format!("passportNumber != \"{PASSPORT}\""), 1),
        (format!("NOT passportNumber = \"{PASSPORT}\""), 1),
        ("passportNumber = \"\"".to_owned(), 1),
        ("passportNumber:*".to_owned(), 1),
        ("NOT passportNumber:*".to_owned(), 1),
        (format!("birthDate = \"{PASSPORT}\" OR passportNumber = \"{BORN}\""), 0),
    ] {
        assert_eq!(filtered(&world, &filter).await.unwrap(), count, "{filter}");
    }
    let all = world.members.all(&[("passport_number", &["X", PASSPORT])]).await.unwrap();
    assert_eq!(all, [made]);
    for filter in ["birthDate > \"1980-01-01\"", "passportNumber:\"L89\""] {
        assert_eq!(reason(filtered(&world, filter).await.map(Response::new)), "INVALID_FILTER", "{filter}");
    }
    let request = ListMembersRequest { order_by: "birthDate".into(), ..Default::default() };
    let request = asked(&officer(), "MemberService/ListMembers", request);
    let listed: Result<Response<ListMembersResponse>, _> = world.members.list(request).await;
    assert_eq!(reason(listed), "INVALID_FILTER");
    let clerk = testkit::principal(["accreditation.members.read"]);
    let request = ListMembersRequest { filter: format!("birthDate = \"{BORN}\""), ..Default::default() };
    let listed: Result<Response<ListMembersResponse>, _> =
        world.members.list(asked(&clerk, "MemberService/ListMembers", request)).await;
    assert_eq!(reason(listed), "INVALID_FILTER", "what one may not read one cannot guess at");
}

#[tokio::test]
async fn a_unique_constraint_over_a_sealed_value_holds() {
    let world = world().await;
    notified(&world).await;
    let request = CreateMemberRequest { member: Some(documented("missions/fr")), ..Default::default() };
    let again = world.members.create(asked(&officer(), "MemberService/CreateMember", request)).await;
    assert_eq!(reason(again), "ALREADY_EXISTS");
    assert_eq!(world.count("data_keys").await, 1, "the second left no key behind");
}

#[tokio::test]
async fn ciphertext_that_was_moved_does_not_open() {
    let world = world().await;
    let first = notified(&world).await;
    let second = world.notify(&officer(), Member { passport_number: "X1234".into(), ..secretary("missions/fr") }).await;
    linked(&world, &officer(), link(&first, "people/a", "")).await.unwrap();
    let swaps = [
        // The sealed part of another record; with its key; an earlier version of the same record.
        format!(
            "update members set doc = jsonb_set(doc, '{{sealed}}', (select doc->'sealed' from members where name = '{}'))
             where name = '{}'",
            second.name, first.name
        ),
        format!(
            "update data_keys set wrapped = (select wrapped from data_keys where record = '{}') where record = '{}'",
            second.name, first.name
        ),
        format!(
            "update members set doc = jsonb_set(doc, '{{sealed}}',
             (select doc->'sealed' from history where name = '{0}' and version = 1)) where name = '{0}'",
            first.name
        ),
        format!("update members set doc = jsonb_set(doc, '{{sealed}}', '\"AAAA\"') where name = '{}'", first.name),
        format!("delete from data_keys where record = '{}'", first.name),
    ];
    for swap in swaps {
        let save = "create table kept_members as select name, doc from members;
            create table kept_keys as select * from data_keys";
        run(&world, save).await;
        run(&world, &swap).await;
        let refused = get(&world.members, &first.name, None).await.map(Response::new);
        assert_eq!(reason(refused), "INTERNAL", "{swap}");
        run(
            &world,
            "update members m set doc = k.doc from kept_members k where k.name = m.name; delete from data_keys;
             insert into data_keys select * from kept_keys; drop table kept_members; drop table kept_keys",
        )
        .await;
        get(&world.members, &first.name, None).await.unwrap();
    }
}

#[tokio::test]
async fn keys_that_do_not_fit_are_refused_at_the_start() {
    let world = world().await;
    notified(&world).await;
    let other_index = vault::generate().unwrap();
    let refused = opened(&world, &other_index).await.unwrap_err();
    assert!(refused.message().contains("the index key in the file of sealing keys is not the one"), "{refused}");
    let refused = opened(&world, &keys(false)).await.unwrap_err();
    let used: String = sqlx::query_scalar("select wrapping from data_keys").fetch_one(&world.db.pool).await.unwrap();
    assert!(refused.message().contains(&format!("under the key {used}")), "{refused}");
}

#[tokio::test]
async fn after_a_rotation_the_old_key_can_go() {
    let world = world().await;
    let made = notified(&world).await;
    let docs = "select string_agg(doc::text, ',' order by name, version) from history";
    let before: String = sqlx::query_scalar(docs).fetch_one(&world.db.pool).await.unwrap();
    let (store, members) = opened(&world, &keys(true)).await.unwrap();
    assert_eq!(get(&members, &made.name, None).await.unwrap(), made, "the older key still opens");
    assert_eq!((store.rewrap().await.unwrap(), store.rewrap().await.unwrap()), (1, 0));
    let after: String = sqlx::query_scalar(docs).fetch_one(&world.db.pool).await.unwrap();
    assert_eq!(before, after, "documents are not touched");
    let (_, members) = opened(&world, &keys(false)).await.unwrap();
    assert_eq!(get(&members, &made.name, None).await.unwrap(), made);
    assert_eq!(reason(get(&world.members, &made.name, None).await.map(Response::new)), "INTERNAL");
    assert!(opened(&world, testkit::SEALING_KEYS).await.is_err());
}

/// Makes the member's row what it was before its kind had sealed fields.
async fn opened_up(world: &World, member: &Member) {
    let open = format!(r#"{{"birthDate": "{BORN}", "passportNumber": "{PASSPORT}"}}"#);
    run(
        world,
        &format!(
            "update members set doc = (doc - 'sealed' - 'blind') || '{open}' where name = '{0}';
             update history set doc = (doc - 'sealed' - 'blind') || '{open}' where name = '{0}';
             delete from data_keys where record = '{0}'",
            member.name
        ),
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_open_record_is_sealed_with_its_next_version_however_many_write_it() {
    let world = world().await;
    let made = notified(&world).await;
    opened_up(&world, &made).await;
    assert_eq!(get(&world.members, &made.name, None).await.unwrap().passport_number, PASSPORT);
    let people: Vec<String> = (0..12).map(|n| format!("people/p{n}")).collect();
    let officer = officer();
    let all = join_all(people.iter().map(|person| linked(&world, &officer, link(&made, person, "")))).await;
    assert!(all.iter().all(Result::is_ok), "{all:?}");
    let shown = get(&world.members, &made.name, None).await.unwrap();
    assert_eq!((shown.passport_number.as_str(), shown.birth_date.as_str()), (PASSPORT, BORN));
    let newest: String = sqlx::query_scalar("select doc::text from members").fetch_one(&world.db.pool).await.unwrap();
    assert!(!newest.contains(PASSPORT) && !newest.contains(BORN));
    assert_eq!(revisions(&world, &made.name).await.len(), 13);
}

//! The index key exchanged for another while people search and write: what is found, what is refused, what is left.

use crate::sealing::{PASSPORT, documented, get, link, linked, notified, opened};
use crate::world::{Members, World, asked, officer, reason, secretary, world};
use identity::Principal;
use proto::accreditation::v1::{CreateMemberRequest, ListMembersRequest, ListMembersResponse, Member};
use registry::{Call, Registry};
use tonic::{Response, Status};
use vault::Vault;

/// The test kit's keys, and the same with a new index key: before its own, below it, in its place.
const FORMER: &str = testkit::SEALING_KEYS;
const NEW: &str = "index BAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQ=";

fn exchanging() -> String {
    format!("{NEW}\n{FORMER}")
}

/// As a process has them that knows the new key and does not begin with it.
fn warned() -> String {
    let (index, key) = FORMER.split_once(" key ").unwrap();
    format!("{index} {NEW} key {key}")
}

fn exchanged() -> String {
    format!("{NEW} key {}", FORMER.split_once(" key ").unwrap().1)
}

async fn found(members: &Registry<Members>) -> usize {
    let request = ListMembersRequest { filter: format!("passportNumber = \"{PASSPORT}\""), ..Default::default() };
    let page = members.list(asked(&officer(), "MemberService/ListMembers", request)).await.unwrap();
    let page: ListMembersResponse = page.into_inner();
    let all = members.all(&[("passport_number", &[PASSPORT])]).await.unwrap();
    assert_eq!(all.len(), page.members.len(), "rules find what callers find");
    page.members.len()
}

async fn others(members: &Registry<Members>) -> usize {
    let request = ListMembersRequest { filter: format!("passportNumber != \"{PASSPORT}\""), ..Default::default() };
    let page = members.list(asked(&officer(), "MemberService/ListMembers", request)).await.unwrap();
    let page: ListMembersResponse = page.into_inner();
    page.members.len()
}

async fn notify(members: &Registry<Members>, member: Member) -> Result<Response<Member>, Status> {
    notify_once(members, &officer(), member, "").await
}

async fn notify_once(
    members: &Registry<Members>,
    by: &Principal,
    member: Member,
    key: &str,
) -> Result<Response<Member>, Status> {
    let request = CreateMemberRequest { member: Some(member), request_id: key.into(), ..Default::default() };
    members.create(asked(by, "MemberService/CreateMember", request)).await
}

fn twin() -> Member {
    documented("missions/fr")
}

fn stranger() -> Member {
    Member { passport_number: "X1234567".into(), ..secretary("missions/fr") }
}

/// What stands for the passport's number by these keys.
fn code(keys: &str) -> String {
    Vault::parse(keys).unwrap().blind("members.passport_number", PASSPORT)
}

#[tokio::test]
async fn a_value_is_found_before_while_and_after_the_index_key_is_exchanged_and_nothing_is_left_of_the_former() {
    let (world, by) = (world().await, officer());
    let made = notified(&world).await;
    let second = notify_once(&world.members, &by, stranger(), "a key").await.unwrap().into_inner();
    let (_, warned) = opened(&world, &warned()).await.unwrap();
    assert_eq!((found(&world.members).await, found(&warned).await), (1, 1), "before");

    let (store, members) = opened(&world, &exchanging()).await.unwrap();
    let changed = linked(&world, &officer(), link(&second, "people/b", "")).await;
    assert!(changed.is_ok(), "a verb by a process that knows the former key alone: {changed:?}");
    for members in [&members, &warned] {
        assert_eq!((found(members).await, others(members).await), (1, 1), "while");
        assert_eq!(get(members, &made.name, None).await.unwrap(), made);
        let again = notify_once(members, &by, stranger(), "a key").await.unwrap().into_inner();
        assert_eq!(again, second, "a repetition is known by what it asked, by either key");
    }
    let refused = opened(&world, &exchanged()).await.unwrap_err();
    assert!(refused.message().contains("put the former one back"), "{refused}");

    assert_eq!(store.recompare().await.unwrap(), 5, "two records, and the three versions they have");
    assert_eq!(store.recompare().await.unwrap(), 0);
    let all = world.db.dump().await;
    assert!(all.contains(&code(&exchanged())) && !all.contains(&code(FORMER)), "not in the history either");
    let (_, members) = opened(&world, &exchanged()).await.unwrap();
    assert_eq!((found(&members).await, others(&members).await), (1, 1), "after");
    assert_eq!(get(&members, &made.name, None).await.unwrap(), made);
    assert!(opened(&world, FORMER).await.unwrap_err().message().contains("is not the one"));
}

#[tokio::test]
async fn who_is_not_yet_restarted_writes_by_the_new_key_too_and_turns_nothing_back() {
    let world = world().await;
    notified(&world).await;
    let (_, before) = opened(&world, &warned()).await.unwrap();
    let (store, _) = opened(&world, &exchanging()).await.unwrap();
    let (_, late) = opened(&world, &warned()).await.unwrap();
    store.recompare().await.unwrap();
    for (members, passport) in [(&before, "Y1234567"), (&late, "Y2234567")] {
        let number = Member { passport_number: passport.into(), ..secretary("missions/fr") };
        notify(members, number).await.unwrap();
    }
    let by_former = Vault::parse(FORMER).unwrap();
    let all = world.db.dump().await;
    for passport in [PASSPORT, "Y1234567", "Y2234567"] {
        assert!(!all.contains(&by_former.blind("members.passport_number", passport)), "{passport}");
    }
}

#[tokio::test]
async fn a_duplicate_made_while_the_index_key_is_exchanged_is_refused() {
    let world = world().await;
    let made = notified(&world).await;
    let other = notify(&world.members, stranger()).await.unwrap().into_inner();
    let (_, warned) = opened(&world, &warned()).await.unwrap();
    let (store, members) = opened(&world, &exchanging()).await.unwrap();
    let holds = async |when: &str| {
        for members in [&members, &warned] {
            assert_eq!(reason(notify(members, twin()).await), "ALREADY_EXISTS", "made, {when}");
            let link = || asked(&officer(), "MemberService/LinkPerson", link(&other, "people/b", ""));
            let becomes = members.act(link(), |member: &mut Member, _, _: &mut Call| {
                member.passport_number = PASSPORT.into();
                Ok(())
            });
            assert_eq!(reason(becomes.await), "ALREADY_EXISTS", "changed, {when}");
            let follows = members.act(link(), |_: &mut Member, _, call: &mut Call| {
                call.open::<Members>(twin(), |_, _| Ok(())).map(drop)
            });
            assert_eq!(reason(follows.await), "ALREADY_EXISTS", "made by another's change, {when}");
        }
        assert_eq!((found(&members).await, get(&members, &made.name, None).await.unwrap()), (1, made.clone()));
    };
    holds("while").await;
    assert_eq!(
        world.count(&format!("members where passport_number = '{}'", code(FORMER))).await,
        1,
        "nothing was done"
    );
    store.recompare().await.unwrap();
    holds("after").await;
}

/// Statements of this test that wait for a lock.
async fn waiting(world: &World) -> i64 {
    world.count("pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'").await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_begins_to_compare_waits_for_what_is_written_by_the_one_before() {
    let world = world().await;
    world.create(&officer(), "fr", crate::world::embassy("FR")).await;
    let (_, warned) = opened(&world, &warned()).await.unwrap();
    // A change that has looked which key compares, and cannot be written yet.
    let mut held = pg::begin(&world.db.pool).await.unwrap();
    sqlx::query("lock table history in exclusive mode").execute(&mut *held).await.unwrap();
    let first = notify(&warned, twin());
    let second = async {
        testkit::until("the first waits", async || waiting(&world).await == 1).await;
        let (_, members) = opened(&world, &exchanging()).await.unwrap();
        notify(&members, twin()).await
    };
    let release = async {
        testkit::until("both wait", async || waiting(&world).await == 2).await;
        held.rollback().await.unwrap();
    };
    let (first, second, ()) = tokio::join!(first, second, release);
    first.unwrap();
    assert_eq!(reason(second), "ALREADY_EXISTS");
    assert_eq!(found(&warned).await, 1);
}

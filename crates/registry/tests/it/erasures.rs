//! Erasures: a record's key destroyed, and with it what was ever sealed under it.

use crate::sealing::{BORN, PASSPORT, documented, get, link, notified, revisions, run};
use crate::world::{World, asked, dawn, embassy, officer, reason, secretary, world};
use chrono::TimeDelta;
use proto::accreditation::v1::{CreateMemberRequest, LinkPersonRequest, Member, UpdateMemberRequest};
use registry::{Call, Reader, timestamp};
use tonic::{Response, Status};

/// A verb that erases.
async fn erased(world: &World, member: &Member) -> Result<Member, Status> {
    let verb = |member: &mut Member, _: LinkPersonRequest, call: &mut Call| {
        call.erase();
        let empty = Member::default();
        member.clone_from(&Member {
            birth_date: empty.birth_date,
            passport_number: empty.passport_number,
            photo: empty.photo,
            particulars: empty.particulars,
            ..member.clone()
        });
        Ok(())
    };
    let request = asked(&officer(), "MemberService/LinkPerson", link(member, "people/none", ""));
    world.members.act(request, verb).await.map(Response::into_inner)
}

#[tokio::test]
async fn what_is_erased_is_empty_in_every_version_and_stays_so() {
    let (world, by) = (world().await, officer());
    world.create(&by, "fr", embassy("FR")).await;
    let create =
        CreateMemberRequest { member: Some(documented("missions/fr")), request_id: "k".into(), ..Default::default() };
    let request = || asked(&by, "MemberService/CreateMember", create.clone());
    let made = world.members.create(request()).await.unwrap().into_inner();
    let copy = "create table copied as select doc from history where kind = 'members'";
    run(&world, copy).await;
    world.pass(TimeDelta::hours(1));
    let (before, ours) = (world.db.dump().await, world.notify(&by, secretary("missions/fr")).await);
    erased(&world, &made).await.unwrap();

    let blank = |member: &Member| {
        (member.passport_number.is_empty() && member.birth_date.is_empty() && member.particulars.is_none())
            && member.family_name == "Garnier"
    };
    assert!(blank(&get(&world.members, &made.name, None).await.unwrap()));
    assert!(blank(&get(&world.members, &made.name, Some(timestamp(dawn()))).await.unwrap()));
    assert!(revisions(&world, &made.name).await.iter().all(blank));
    let again = world.members.create(request()).await.unwrap().into_inner();
    let named = Member { name: made.name.clone(), etag: made.etag.clone(), ..Member::default() };
    assert_eq!(again, named, "of the answer given again nothing is left but whose it is");
    assert_eq!(get(&world.members, &ours.name, None).await.unwrap().birth_date, BORN, "others keep theirs");

    // What a thief could still try values against is gone, and so is what opened a copy of the table.
    let blind = testkit::vault().blind("members.passport_number", PASSPORT);
    assert!(before.contains(&blind));
    run(&world, "drop table copied").await;
    assert!(!world.db.dump().await.contains(&blind));
    let gone = format!("data_keys where record = '{}' and wrapped is null and erased_at is not null", made.name);
    assert_eq!(world.count(&gone).await, 1);

    // It takes nothing personal again; all else can still be written.
    let update = |etag: String, path: &str| UpdateMemberRequest {
        member: Some(Member { title: "Former".into(), passport_number: PASSPORT.into(), ..made.clone() }),
        update_mask: Some(prost_types::FieldMask { paths: vec![path.into()] }),
        etag,
        ..Default::default()
    };
    let etag = get(&world.members, &made.name, None).await.unwrap().etag;
    let refused = update(etag.clone(), "passport_number");
    let refused = world.members.update(asked(&by, "MemberService/UpdateMember", refused)).await;
    assert_eq!(reason(refused), "WRONG_STATE");
    let allowed = asked(&by, "MemberService/UpdateMember", update(etag, "title"));
    assert_eq!(world.members.update(allowed).await.unwrap().into_inner().title, "Former");
}

#[tokio::test]
async fn a_verb_that_erases_leaves_nothing_behind() {
    let world = world().await;
    let made = notified(&world).await;
    let forgetful = |_: &mut Member, _: LinkPersonRequest, call: &mut Call| {
        call.erase();
        Ok(())
    };
    let request = asked(&officer(), "MemberService/LinkPerson", link(&made, "people/a", ""));
    assert_eq!(reason(world.members.act(request, forgetful).await), "INTERNAL");
    assert_eq!(get(&world.members, &made.name, None).await.unwrap(), made);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_waited_while_a_record_was_erased_writes_nothing_under_the_old_key() {
    for _ in 0..8 {
        let world = world().await;
        let made = notified(&world).await;
        let gather = async |reader: &mut Reader<'_>, _: &Member, _: &LinkPersonRequest| reader.alone("a turn").await;
        let late = |member: &mut Member, _: LinkPersonRequest, (): (), _: &mut Call| {
            member.photo = "photos/late".into();
            Ok(())
        };
        let request = asked(&officer(), "MemberService/LinkPerson", link(&made, "people/a", ""));
        let (erasing, writing) = tokio::join!(erased(&world, &made), world.members.act_with(request, gather, late));
        erasing.unwrap();
        let after = get(&world.members, &made.name, None).await.unwrap();
        // Whoever came second: the record stays readable, and what it shows of sealed fields is nothing.
        assert!(after.photo.is_empty() && after.passport_number.is_empty());
        assert!(writing.is_ok() || reason(writing) == "WRONG_STATE");
        assert_eq!(world.count("members where doc ? 'sealed'").await, 0);
    }
}

#[tokio::test]
async fn an_operator_erases_by_hand_and_is_on_record() {
    let world = world().await;
    let made = notified(&world).await;
    let ours = world.notify(&officer(), Member { passport_number: "X1234".into(), ..secretary("missions/fr") }).await;
    let erase = || sqlx::query("select erase_sealed($1)").bind(&made.name).execute(&world.db.pool);
    erase().await.unwrap();
    let shown = get(&world.members, &made.name, None).await.unwrap();
    assert_eq!((shown.passport_number.as_str(), shown.family_name.as_str()), ("", "Garnier"));
    assert!(revisions(&world, &made.name).await.iter().all(|version| version.birth_date.is_empty()));
    assert!(!world.db.dump().await.contains(&testkit::vault().blind("members.passport_number", PASSPORT)));
    assert_eq!(get(&world.members, &ours.name, None).await.unwrap(), ours);
    let recorded = format!("audit where method = 'erase_sealed' and name = '{}' and actor = session_user", made.name);
    assert_eq!(world.count(&recorded).await, 1);
    assert!(erase().await.unwrap_err().to_string().contains("has nothing sealed"));
    assert_eq!(world.count(&recorded).await, 1);
    // It is changed as ever.
    let request = asked(&officer(), "MemberService/LinkPerson", link(&made, "people/a", ""));
    let verb = |member: &mut Member, request: LinkPersonRequest, _: &mut Call| {
        member.person = request.person;
        Ok(())
    };
    assert_eq!(world.members.act(request, verb).await.unwrap().into_inner().person, "people/a");
}

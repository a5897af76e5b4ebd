//! Who follows changes sees what it may see, as it may see it, and no more by going on from an earlier one.

use crate::registrations::{HUALIEN, citizen, journey};
use crate::world::{officer, world};
use futures::StreamExt as _;
use identity::{Permissions, Principal};
use proto::consular::v1::{self as pb, WatchRegistrationsResponse};
use std::time::Duration;
use tonic::Streaming;

/// The next change.
async fn next(changes: &mut Streaming<WatchRegistrationsResponse>) -> WatchRegistrationsResponse {
    let next = tokio::time::timeout(Duration::from_secs(20), changes.next()).await;
    next.expect("a change comes").expect("the stream goes on").unwrap()
}

/// The name and the family name in a change.
fn whose(change: &WatchRegistrationsResponse) -> (&str, &str) {
    let registration = change.registration.as_ref().unwrap();
    (&registration.name, &registration.family_name)
}

#[tokio::test]
async fn a_registrant_follows_the_own_registration_alone() {
    let world = world().await;
    let (me, other) = (citizen("traveller"), citizen("other"));
    let ask = pb::WatchRegistrationsRequest::default();
    let mut mine = world.registrations(&me).watch_registrations(ask).await.unwrap().into_inner();
    let theirs = world.tell_register(&other, journey(HUALIEN)).await.unwrap().name;
    let own = world.tell_register(&me, journey(HUALIEN)).await.unwrap().name;
    assert_ne!(own, theirs);
    assert_eq!(whose(&next(&mut mine).await), (own.as_str(), "Example"));
}

#[tokio::test]
async fn what_is_personal_is_blank_for_followers_without_the_right_to_it() {
    let world = world().await;
    let permissions = Permissions::of(["consular.registrations.read", "consular.registrations.survey"]);
    let clerk = Principal { permissions, ..officer("people/clerk") };
    let ask = pb::WatchRegistrationsRequest::default();
    let mut changes = world.registrations(&clerk).watch_registrations(ask).await.unwrap().into_inner();
    let name = world.tell_register(&citizen("traveller"), journey(HUALIEN)).await.unwrap().name;
    assert_eq!(whose(&next(&mut changes).await), (name.as_str(), ""));
}

#[tokio::test]
async fn what_was_forgotten_is_not_told_to_who_goes_on_from_before() {
    let world = world().await;
    let me = citizen("traveller");
    let by = officer("people/officer");
    let follow = async |cursor: &str| {
        let ask = pb::WatchRegistrationsRequest { cursor: cursor.into(), filter: String::new() };
        world.registrations(&by).watch_registrations(ask).await.unwrap().into_inner()
    };
    let mut changes = follow("").await;
    world.tell_register(&me, journey(HUALIEN)).await.unwrap();
    let before = next(&mut changes).await.cursor;
    let name = world.registered(&me, journey(HUALIEN)).await.name;
    assert_eq!(whose(&next(&mut changes).await), (name.as_str(), "Example"));
    let withdraw = pb::WithdrawRegistrationRequest { name: name.clone(), ..Default::default() };
    world.registrations(&me).withdraw_registration(withdraw).await.unwrap();
    let erase = pb::EraseRegistrationRequest { name: name.clone(), ..Default::default() };
    world.registrations(&me).erase_registration(erase).await.unwrap();
    let mut again = follow(&before).await;
    loop {
        let change = next(&mut again).await;
        assert_eq!(whose(&change), (name.as_str(), ""));
        if change.revision.unwrap().verb == "erase" {
            break;
        }
    }
}

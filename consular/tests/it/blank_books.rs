//! Blanks: each number once, two persons to destroy one, and a ledger that the count of the safe is held against.

use crate::travel_bench::{CLERK, DECIDER, POST, blank};
use crate::world::{World, officer, reason, world};
use futures::future::join_all;
use identity::Principal;
use proto::consular::v1::blank_book::{Kind, SpoilCause, State};
use proto::consular::v1::{self as pb, BlankBook};
use tonic::{Response, Status};

/// Ten receive the same number at once.
async fn ten_receive(world: &World) -> (usize, Vec<Result<Response<BlankBook>, Status>>) {
    let request = || pb::CreateBlankBookRequest {
        blank_book: Some(blank(Kind::PassportBook, "C01X00T47")),
        ..Default::default()
    };
    let tries = (0..10).map(|_| {
        let mut blanks = world.blanks(CLERK);
        async move { blanks.create_blank_book(request()).await }
    });
    let (kept, refused): (Vec<_>, Vec<_>) = join_all(tries).await.into_iter().partition(Result::is_ok);
    (kept.len(), refused)
}

/// What holds the number are the table's own keys, and the history's: without them all ten have it.
#[tokio::test(flavor = "multi_thread")]
async fn without_the_guard_a_number_is_received_ten_times() {
    let world = world().await;
    for unguarded in [
        "alter table blank_books drop constraint blank_books_number, drop constraint blank_books_pkey cascade",
        "alter table history drop constraint history_pkey",
    ] {
        sqlx::query(unguarded).execute(&world.db.pool).await.unwrap();
    }
    assert_eq!(ten_receive(&world).await.0, 10);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_number_is_received_once_however_many_try() {
    let world = world().await;
    let (kept, refused) = ten_receive(&world).await;
    assert_eq!(kept, 1);
    for answer in refused {
        assert_eq!(reason(answer), "BLANK_ALREADY_RECEIVED");
    }
}

#[tokio::test]
async fn two_persons_destroy_a_blank_and_the_count_reconciles() {
    let world = world().await;
    for number in ["C00000001", "C00000002", "C00000003"] {
        world.blank(Kind::PassportBook, number).await;
    }
    world.blank(Kind::VisaSticker, "V00000001").await;
    let name = "blankBooks/C00000001".to_owned();
    let mut first = world.blanks(CLERK);
    let spoil =
        pb::SpoilBlankBookRequest { name: name.clone(), cause: SpoilCause::Damaged.into(), ..Default::default() };
    assert_eq!(first.spoil_blank_book(spoil).await.unwrap().into_inner().state(), State::Spoiled);
    let destroy = || pb::DestroyBlankBookRequest { name: name.clone(), ..Default::default() };
    assert_eq!(reason(world.blanks(DECIDER).destroy_blank_book(destroy()).await), "WRONG_STATE");
    let condemn = pb::CondemnBlankBookRequest { name: name.clone(), ..Default::default() };
    first.condemn_blank_book(condemn).await.unwrap();
    assert_eq!(reason(first.destroy_blank_book(destroy()).await), "SAME_PERSON");
    let ask = |counted| pb::ReconcileBlankBooksRequest { kind: Kind::PassportBook.into(), post: POST.into(), counted };
    let before = first.reconcile_blank_books(ask(3)).await.unwrap().into_inner();
    assert!(before.reconciles, "the spoilt one lies in the safe still: {before:?}");
    world.blanks(DECIDER).destroy_blank_book(destroy()).await.unwrap();
    let after = first.reconcile_blank_books(ask(3)).await.unwrap().into_inner();
    assert_eq!((after.received, after.on_hand, after.destroyed, after.expected), (3, 2, 1, 2));
    assert_eq!((after.difference, after.reconciles), (1, false), "one is counted that should be gone");
    assert_eq!(after.received, after.issued + after.spoiled + after.destroyed + after.on_hand);
}

#[tokio::test]
async fn nobody_outside_the_house_sees_the_stock() {
    let world = world().await;
    let name = world.blank(Kind::PassportBook, "C00000001").await;
    for outsider in [
        Principal { mission: Some("missions/fr".into()), ..officer("people/theirs") },
        Principal { agency: Some("police".into()), ..officer("apiKeys/police") },
    ] {
        let mut blanks = pb::blank_book_service_client::BlankBookServiceClient::new(world.signed(&outsider));
        let get = pb::GetBlankBookRequest { name: name.clone(), as_of: None };
        assert_eq!(reason(blanks.get_blank_book(get).await), "NOT_FOUND");
        let listed = blanks.list_blank_books(pb::ListBlankBooksRequest::default()).await.unwrap().into_inner();
        assert!(listed.blank_books.is_empty());
    }
}

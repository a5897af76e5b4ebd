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

/// Visa stickers from one number to another.
fn consignment(first: u32, last: u32) -> pb::ReceiveBlankBooksRequest {
    pb::ReceiveBlankBooksRequest {
        kind: Kind::VisaSticker.into(),
        post: POST.into(),
        consignment: "2026/7".into(),
        first_number: format!("V{first:08}"),
        last_number: format!("V{last:08}"),
        ..Default::default()
    }
}

impl World {
    async fn receive(&self, request: pb::ReceiveBlankBooksRequest) -> Result<i32, Status> {
        Ok(self.blanks(CLERK).receive_blank_books(request).await?.into_inner().received)
    }
}

#[tokio::test]
async fn a_consignment_is_received_whole_and_once() {
    let world = world().await;
    let keyed = pb::ReceiveBlankBooksRequest { request_id: "once".into(), ..consignment(1, 5_000) };
    for _ in 0..2 {
        assert_eq!(world.receive(keyed.clone()).await.unwrap(), 5_000);
        for rows in [
            "blank_books where state = 'RECEIVED' and kind = 'VISA_STICKER' and consignment = '2026/7'",
            "history where kind = 'blankBooks' and verb = 'create' and version = 1 and actor = 'people/clerk'",
            "audit where outcome = 'OK' and name like 'blankBooks/V%' and method like '%ReceiveBlankBooks'",
            "outbox where kind = 'blankBooks' and verb = 'create'",
        ] {
            assert_eq!(world.count(rows).await, 5_000, "{rows}");
        }
    }
    let other = pb::ReceiveBlankBooksRequest { request_id: "once".into(), ..consignment(6_000, 6_001) };
    assert_eq!(reason(world.receive(other).await), "IDEMPOTENCY_KEY_REUSED");
    assert_eq!(reason(world.receive(consignment(6_000, 11_000)).await), "BLANK_RANGE_UNFIT");
    let ask = pb::ReconcileBlankBooksRequest { kind: Kind::VisaSticker.into(), post: POST.into(), counted: 5_000 };
    assert!(world.blanks(CLERK).reconcile_blank_books(ask).await.unwrap().into_inner().reconciles);
    let spoil = pb::SpoilBlankBookRequest {
        name: "blankBooks/V00004999".into(),
        cause: SpoilCause::Faulty.into(),
        ..Default::default()
    };
    assert_eq!(world.blanks(CLERK).spoil_blank_book(spoil).await.unwrap().into_inner().state(), State::Spoiled);
}

#[tokio::test]
async fn numbers_received_already_are_named_and_nothing_is_received() {
    let world = world().await;
    for number in ["V00000003", "V00000007"] {
        world.blank(Kind::VisaSticker, number).await;
    }
    let refused = world.receive(consignment(1, 7)).await.unwrap_err();
    let fault = fault::Fault::from(&refused);
    assert_eq!(fault.reason(), "BLANK_ALREADY_RECEIVED");
    let told: Vec<_> = fault.metadata().collect();
    assert!(told.contains(&("numbers", "V00000003, V00000007")) && told.contains(&("count", "2")), "{told:?}");
    assert_eq!(world.count("blank_books").await, 2);
    let elsewhere = Principal { post: Some("posts/other".into()), ..officer(CLERK) };
    let mut blanks = pb::blank_book_service_client::BlankBookServiceClient::new(world.signed(&elsewhere));
    assert_eq!(reason(blanks.receive_blank_books(consignment(10, 20)).await), "PERMISSION_DENIED");
    assert_eq!(world.count("blank_books").await, 2, "what the officer's post would not see is not received");
}

/// Without the second look at the key those that waited are told that the blanks were received already.
#[tokio::test(flavor = "multi_thread")]
async fn the_same_consignment_sent_many_times_at_once_is_received_once() {
    let world = world().await;
    let keyed = pb::ReceiveBlankBooksRequest { request_id: "once".into(), ..consignment(1, 500) };
    for answer in join_all((0..8).map(|_| world.receive(keyed.clone()))).await {
        assert_eq!(answer.unwrap(), 500);
    }
    assert_eq!(world.count("blank_books").await, 500);
}

/// Without the turn that consignments wait for, the table refuses the second, and says nothing of which numbers they are.
#[tokio::test(flavor = "multi_thread")]
async fn of_consignments_that_overlap_each_is_received_whole_or_not_at_all() {
    let world = world().await;
    let answers = join_all((0..12).map(|n| world.receive(consignment(1 + 500 * n, 1_000 + 500 * n)))).await;
    let (kept, refused): (Vec<_>, Vec<_>) = answers.into_iter().partition(Result::is_ok);
    assert_eq!(world.count("blank_books").await, 1_000 * i64::try_from(kept.len()).unwrap());
    assert!(!kept.is_empty() && !refused.is_empty());
    for refused in refused {
        let fault = fault::Fault::from(&refused.unwrap_err());
        assert_eq!(fault.reason(), "BLANK_ALREADY_RECEIVED");
        assert!(fault.metadata().any(|(key, _)| key == "numbers"), "{fault:?}");
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

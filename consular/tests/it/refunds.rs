//! Refunds of a part: never more than was paid, whoever writes and however many at once; each once.

use crate::fees::{cashier, head, paid, row};
use crate::world::{World, reason, world};
use futures::future::join_all;
use proto::consular::v1::receipt::{RefundCause, State};
use proto::consular::v1::{self as pb, CashDay, Receipt};
use tonic::{Response, Status};

impl World {
    /// A drawer with a receipt over 130 dollars.
    async fn charged(&self) -> (String, Receipt) {
        self.fee(row("PASSPORT_ADULT", 13_000, "2026-01-01")).await;
        let day = self.opened(self.day("people/cashier", 0)).await.unwrap().name;
        let receipt = self.issue(paid(&day, 1)).await.unwrap();
        (day, receipt)
    }

    pub(crate) async fn give_back(&self, name: &str, day: &str, minor_units: i64, id: &str) -> Result<Receipt, Status> {
        let request = pb::RefundReceiptRequest {
            name: name.into(),
            cash_day: day.into(),
            cause: RefundCause::ChargedInError.into(),
            minor_units,
            refund_id: id.into(),
            ..Default::default()
        };
        self.receipts(&head()).refund_receipt(request).await.map(Response::into_inner)
    }

    async fn drawer_now(&self, name: &str) -> CashDay {
        let request = pb::GetCashDayRequest { name: name.into(), as_of: None };
        self.cash_days(&cashier()).get_cash_day(request).await.unwrap().into_inner()
    }
}

#[tokio::test]
async fn a_receipt_is_refunded_in_parts_until_nothing_is_left() {
    let world = world().await;
    let (day, receipt) = world.charged().await;
    let part = world.give_back(&receipt.name, &day, 3_000, "surcharge").await.unwrap();
    assert_eq!((part.state(), part.refunded_minor_units), (State::Issued, 3_000));
    assert_eq!((part.refunds[0].id.as_str(), part.refunds[0].officer.as_str()), ("surcharge", "people/head"));
    assert_eq!(part.total, receipt.total, "what was paid stands");
    assert_eq!(reason(world.give_back(&receipt.name, &day, 10_001, "").await), "REFUND_EXCEEDS_PAID");
    world.give_back(&receipt.name, &day, 1_000, "").await.unwrap();
    let rest = world.give_back(&receipt.name, &day, 0, "").await.unwrap();
    let told: Vec<_> = rest.refunds.iter().map(|refund| (refund.id.as_str(), refund.minor_units)).collect();
    assert_eq!(told, [("surcharge", 3_000), ("2", 1_000), ("3", 9_000)]);
    assert_eq!((rest.state(), rest.refunded_minor_units), (State::Refunded, 13_000));
    assert_eq!(reason(world.give_back(&receipt.name, &day, 1, "").await), "WRONG_STATE");
    let drawer = world.drawer_now(&day).await;
    assert_eq!((drawer.cash_refunded_minor_units, drawer.refunds), (13_000, 3));
}

#[tokio::test]
async fn what_is_sent_again_changes_nothing() {
    let world = world().await;
    let (day, receipt) = world.charged().await;
    let request = pb::RefundReceiptRequest {
        name: receipt.name.clone(),
        request_id: "5e1c".into(),
        cash_day: day.clone(),
        cause: RefundCause::ChargedInError.into(),
        minor_units: 3_000,
        refund_id: "surcharge".into(),
        ..Default::default()
    };
    let by = head();
    let first = world.receipts(&by).refund_receipt(request.clone()).await.unwrap().into_inner();
    let again = world.receipts(&by).refund_receipt(request).await.unwrap().into_inner();
    assert_eq!(again, first, "the same request has the same answer");
    // Under another key, by another client, a month later: it is known by its own name.
    world.clock.advance(chrono::TimeDelta::days(30));
    assert_eq!(reason(world.give_back(&receipt.name, &day, 3_000, "surcharge").await), "REFUND_ALREADY_MADE");
    assert_eq!(reason(world.give_back(&receipt.name, &day, 500, "surcharge").await), "REFUND_ALREADY_MADE");
    let drawer = world.drawer_now(&day).await;
    assert_eq!((drawer.cash_refunded_minor_units, drawer.refunds), (3_000, 1));
}

/// The record's lock lets one follow the other, and the table's check holds the sum whoever writes: what happens without it
/// is the last test's.
#[tokio::test(flavor = "multi_thread")]
async fn many_refunds_at_once_come_to_no_more_than_was_paid() {
    let world = world().await;
    let (day, receipt) = world.charged().await;
    let refunds = join_all((0..8).map(|_| world.give_back(&receipt.name, &day, 5_000, ""))).await;
    assert_eq!(refunds.iter().filter(|refund| refund.is_ok()).count(), 2);
    assert!(refunds.into_iter().filter(Result::is_err).all(|refused| reason(refused) == "REFUND_EXCEEDS_PAID"));
    let drawer = world.drawer_now(&day).await;
    assert_eq!((drawer.cash_refunded_minor_units, drawer.refunds), (10_000, 2));
}

/// Another program that writes to the table, with as many connections as it likes, and knows no rule of ours.
#[tokio::test(flavor = "multi_thread")]
async fn the_table_gives_no_more_back_than_was_paid_whoever_writes() {
    let world = world().await;
    world.charged().await;
    let by_hand = "update receipts set doc = doc || jsonb_build_object( \
        'refunds', doc->'refunds' || jsonb_build_object('id', $1::text, 'minorUnits', '5000'), \
        'refundedMinorUnits', ((doc->>'refundedMinorUnits')::bigint + 5000)::text)";
    let write = async |id: String| sqlx::query(by_hand).bind(id).execute(&world.db.pool).await;
    let written = join_all((0..8).map(|id| write(format!("r{id}")))).await;
    assert_eq!(written.iter().filter(|one| one.is_ok()).count(), 2);
    for refused in written.into_iter().filter_map(Result::err) {
        assert!(refused.to_string().contains("receipts_refunds_within_paid"), "{refused}");
    }
    assert_eq!(world.count("receipts where refunded(doc) = 10000").await, 1);
    for (wrong, rule) in [
        (
            "'refunds', doc->'refunds' || '{\"id\": \"r0\", \"minorUnits\": \"1\"}', 'refundedMinorUnits', '10001'",
            "once",
        ),
        (
            "'refunds', doc->'refunds' || '{\"id\": \"x\", \"minorUnits\": \"-9\"}', 'refundedMinorUnits', '9991'",
            "once",
        ),
        (
            "'refunds', doc->'refunds' || '{\"id\": \"x\", \"minorUnits\": \"9\"}', 'refundedMinorUnits', '0'",
            "summed_up",
        ),
        ("'refunds', '[]'::jsonb, 'refundedMinorUnits', '0'", "stands"),
    ] {
        // Which of the two first refunds came first is nobody's business: one of them is called r0 or is made so.
        let wrong = wrong.replace("\"r0\"", &world.first_refund().await);
        let text = format!("update receipts set doc = doc || jsonb_build_object({wrong})");
        let refused = sqlx::query(sqlx::AssertSqlSafe(text)).execute(&world.db.pool).await.unwrap_err();
        assert!(refused.to_string().contains(rule), "{refused}");
    }
}

/// What holds the sum are two of the table's checks: without them each of eight writers gives its part back.
#[tokio::test(flavor = "multi_thread")]
async fn without_the_guard_more_is_given_back_than_was_paid() {
    let world = world().await;
    world.charged().await;
    let unguarded =
        "alter table receipts drop constraint receipts_refunds_within_paid, drop constraint receipts_summed_up";
    sqlx::query(unguarded).execute(&world.db.pool).await.unwrap();
    let by_hand = "update receipts set doc = doc || jsonb_build_object( \
        'refunds', doc->'refunds' || jsonb_build_object('id', $1::text, 'minorUnits', '5000'), \
        'refundedMinorUnits', ((doc->>'refundedMinorUnits')::bigint + 5000)::text)";
    let write = async |id: String| sqlx::query(by_hand).bind(id).execute(&world.db.pool).await;
    let written = join_all((0..8).map(|id| write(format!("r{id}")))).await;
    assert!(written.iter().all(Result::is_ok), "{written:?}");
    assert_eq!(world.count("receipts where refunded(doc) > (doc->'total'->>'minorUnits')::bigint").await, 1);
}

impl World {
    /// The name of the first refund there is, as JSON.
    async fn first_refund(&self) -> String {
        let text = "select (doc->'refunds'->0->'id')::text from receipts";
        sqlx::query_scalar(text).fetch_one(&self.db.pool).await.unwrap()
    }
}

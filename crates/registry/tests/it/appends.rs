//! Appended records: many at once in one statement, none harmed by another.

use crate::world::{World, answer, officer, world};
use fault::Fault;
use futures::future::join_all;
use identity::{Called, Principal};
use proto::accreditation::v1::Determination;
use registry::Kept;

async fn append(world: &World, by: &Principal, reference: &str, key: &str) -> Result<Kept<Determination>, Fault> {
    let (request, record) = answer(by, reference, key);
    world.answers.append(Called::of(&request)?, request.get_ref(), record).await
}

#[tokio::test(flavor = "multi_thread")]
async fn all_that_wait_are_written_together_each_with_its_history_audit_and_event() {
    let (world, officer) = (world().await, officer());
    let references: Vec<_> = (0..100).map(|n| format!("case {n}")).collect();
    let answers = join_all(references.iter().map(|reference| append(&world, &officer, reference, ""))).await;
    for (answer, reference) in answers.into_iter().zip(&references) {
        assert_eq!(&answer.unwrap().record.reference, reference);
    }
    for table in ["determinations", "history", "audit", "outbox"] {
        assert_eq!(world.count(table).await, 100, "{table}");
    }
    let statements: i64 = world.count("(select distinct tx from history) as t").await;
    assert!(statements < 100, "{statements} transactions for 100 records");
}

#[tokio::test(flavor = "multi_thread")]
async fn one_bad_record_harms_no_other() {
    let (world, officer) = (world().await, officer());
    let references: Vec<_> = (0..40).map(|n| if n == 17 { "refused".to_owned() } else { format!("{n}") }).collect();
    let answers = join_all(references.iter().map(|reference| append(&world, &officer, reference, ""))).await;
    for (answer, reference) in answers.into_iter().zip(&references) {
        assert_eq!(answer.is_ok(), reference != "refused", "{reference}");
    }
    assert_eq!(world.count("determinations").await, 39);
    assert_eq!(world.count("history").await, 39);
}

#[tokio::test(flavor = "multi_thread")]
async fn one_key_has_one_effect_among_many() {
    let (world, officer) = (world().await, officer());
    let answers = join_all((0..50).map(|_| append(&world, &officer, "case", "k"))).await;
    let answers: Vec<_> = answers.into_iter().map(Result::unwrap).collect();
    assert_eq!(answers.iter().filter(|answer| !answer.replayed).count(), 1);
    assert!(answers.iter().all(|answer| answer.record == answers[0].record));
    assert_eq!(world.count("determinations").await, 1);
    assert_eq!(append(&world, &officer, "another", "k").await.unwrap_err().reason(), "IDEMPOTENCY_KEY_REUSED");
}

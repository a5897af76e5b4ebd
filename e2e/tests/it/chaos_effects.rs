//! What a disaster may leave behind: effects that are whole, each under a key of its own, and nothing in parts.

use crate::stories_door::{Answer, Door};
use futures::{StreamExt as _, stream};
use serde_json::Value;
use sqlx::{PgPool, Row as _};
use std::sync::atomic::{AtomicUsize, Ordering};

/// How many missions are proposed.
pub(crate) const PROPOSED: usize = 200;
/// How many proposals are under way at a time.
const AT_A_TIME: usize = 16;

/// Effects that are not whole: a mission without exactly one version, one event, one line in the audit log and one
/// answer kept under its key; and what is there without its mission.
const PARTS: &str = "
    select external_id as what from missions m
    where (select count(*) from missions o where o.external_id = m.external_id) <> 1
        or (select count(*) from history h where h.name = m.name) <> 1
        or (select count(*) from outbox o where o.name = m.name) <> 1
        or (select count(*) from audit a where a.name = m.name and a.outcome = 'OK') <> 1
        or (select count(*) from idempotency where key = replace(m.external_id, 'chaos:', 'proposal-')) <> 1
    union all select 'history ' || name from history h
        where kind = 'missions' and not exists (select from missions m where m.name = h.name)
    union all select 'event ' || name from outbox o
        where kind = 'missions' and not exists (select from missions m where m.name = o.name)
    union all select 'audit ' || name from audit a
        where name like 'missions/%' and outcome = 'OK' and not exists (select from missions m where m.name = a.name)
    union all select 'key ' || key from idempotency
        where not exists (select from missions m where m.external_id = replace(key, 'proposal-', 'chaos:'))";

/// The number a statement gives.
pub(crate) async fn count(pool: &PgPool, statement: &'static str) -> i64 {
    sqlx::query(statement).fetch_one(pool).await.unwrap().get(0)
}

/// How many missions there are; panics if anything is there in parts or twice.
pub(crate) async fn whole(pool: &PgPool) -> usize {
    let parts = sqlx::query(PARTS).fetch_all(pool).await.unwrap();
    let parts: Vec<String> = parts.iter().map(|row| row.get("what")).collect();
    assert!(parts.is_empty(), "not whole: {parts:?}");
    usize::try_from(count(pool, "select count(*) from missions").await).unwrap()
}

/// Proposes every mission once, each under its own key, and calls for the disaster when a third of them are
/// acknowledged. The answers by number; nothing where the connection broke.
pub(crate) async fn propose_all(door: &Door, key: &str, disaster: impl Fn()) -> Vec<Option<Answer>> {
    let acknowledged = AtomicUsize::new(0);
    let proposals = stream::iter(0..PROPOSED).map(|number| {
        let (acknowledged, disaster) = (&acknowledged, &disaster);
        async move {
            let answer = door.propose(key, number).await;
            let is_good = answer.as_ref().is_some_and(|answer| answer.status == 200);
            if is_good && acknowledged.fetch_add(1, Ordering::Relaxed) + 1 == PROPOSED / 3 {
                disaster();
            }
            answer
        }
    });
    proposals.buffered(AT_A_TIME).collect().await
}

/// Proposes every mission again under the same key: each is answered, and one that was acknowledged with the very
/// same record.
pub(crate) async fn retry_all(door: &Door, key: &str, before: &[Option<Answer>]) {
    let again = propose_all(door, key, || {}).await;
    for (number, (before, again)) in before.iter().zip(&again).enumerate() {
        let again = again.as_ref().unwrap_or_else(|| panic!("proposal {number} is answered")).good();
        if let Some(before) = acknowledged(before) {
            assert_eq!(before, again, "proposal {number} has one effect");
        }
    }
}

/// The record of a proposal that was acknowledged.
fn acknowledged(answer: &Option<Answer>) -> Option<Value> {
    answer.as_ref().filter(|answer| answer.status == 200).map(Answer::json)
}

/// Panics unless every acknowledged record is there as it was acknowledged; how many they are.
pub(crate) async fn kept(door: &Door, key: &str, answers: &[Option<Answer>]) -> usize {
    let acknowledged: Vec<_> = answers.iter().filter_map(acknowledged).collect();
    for record in &acknowledged {
        let path = format!("accreditation/{}", record["name"].as_str().expect("a record has a name"));
        assert_eq!(&door.get(key, &path).await.good(), record);
    }
    acknowledged.len()
}

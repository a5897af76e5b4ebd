//! A begin that is given up half way leaves no open transaction in the pool; sqlx's own does.

use sqlx::{PgPool, Row};
use std::future::poll_fn;
use std::pin::pin;
use std::task::Poll;
use testkit::{TestDb, database};

/// Polls the future `polls` times, when it asks for it, and drops it right after the last.
async fn give_up_after<T>(polls: usize, future: impl Future<Output = T>) {
    let mut future = pin!(future);
    let mut done = 0;
    poll_fn(|context| {
        let ready = future.as_mut().poll(context).is_ready();
        done += 1;
        if ready || done >= polls { Poll::Ready(()) } else { Poll::Pending }
    })
    .await;
}

/// Whether the pool's only connection is inside a transaction although nobody uses it. In one, `now()` stands still;
/// outside, and in the simple protocol, it is the statement's own time.
async fn is_left_open(pool: &PgPool) -> bool {
    let mut connection = pool.acquire().await.unwrap();
    let asked = sqlx::raw_sql("select now() <> statement_timestamp()").fetch_one(&mut *connection).await;
    let open: bool = asked.unwrap().get(0);
    if open {
        sqlx::query("rollback").execute(&mut *connection).await.unwrap();
    }
    open
}

async fn single(db: &TestDb) -> PgPool {
    pg::connect(&pg::Settings { max_connections: 1, ..pg::Settings::new(db.url.as_str()) }).await.unwrap()
}

const CUTS: usize = 24;

#[tokio::test]
async fn our_begin_leaves_nothing_open_wherever_it_is_cut() {
    let db = database(&[]).await;
    let pool = single(&db).await;
    for polls in 1..=CUTS {
        give_up_after(polls, pg::begin(&pool)).await;
        assert!(!is_left_open(&pool).await, "cut after {polls} polls");
    }
}

#[tokio::test]
async fn the_raw_begin_leaves_transactions_open() {
    let db = database(&[]).await;
    let pool = single(&db).await;
    let mut left_open = 0;
    // Where the cut must fall depends on how fast the server answers: looked for until it is found.
    for polls in (1..=CUTS).cycle().take(100 * CUTS) {
        #[expect(clippy::disallowed_methods, reason = "to show why it is banned")]
        give_up_after(polls, pool.begin()).await;
        left_open += usize::from(is_left_open(&pool).await);
        if left_open > 0 {
            break;
        }
    }
    assert!(left_open > 0, "sqlx has mended its begin; pg::begin can be a plain call");
}

#[tokio::test]
async fn a_transaction_that_is_dropped_is_rolled_back() {
    let db = database(&[]).await;
    let pool = single(&db).await;
    sqlx::query("create table notes (text text)").execute(&pool).await.unwrap();
    let mut tx = pg::begin(&pool).await.unwrap();
    sqlx::query("insert into notes values ('lost')").execute(&mut *tx).await.unwrap();
    drop(tx);
    let count: i64 = sqlx::query_scalar("select count(*) from notes").fetch_one(&pool).await.unwrap();
    assert_eq!(count, 0);
}

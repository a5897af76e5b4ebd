//! Database errors become the reasons a caller can act on.

use fault::Fault;
use sqlx::{PgPool, Row};
use std::sync::atomic::{AtomicU32, Ordering};
use testkit::database;

#[tokio::test]
async fn a_named_constraint_is_named_and_has_a_meaning() {
    let db = database(&[]).await;
    let pool = db.pool.clone();
    sqlx::raw_sql(
        "create table missions (name text primary key);
         create table members (name text primary key, mission text constraint members_mission references missions)",
    )
    .execute(&pool)
    .await
    .unwrap();
    sqlx::query("insert into missions values ('missions/fr')").execute(&pool).await.unwrap();
    let twice = sqlx::query("insert into missions values ('missions/fr')").execute(&pool).await.unwrap_err();
    assert_eq!(pg::constraint(&twice), Some("missions_pkey"));
    assert_eq!(pg::fault(twice).reason(), "ALREADY_EXISTS");
    let dangling = sqlx::query("insert into members values ('members/1', 'missions/xx')").execute(&pool).await;
    let dangling = dangling.unwrap_err();
    assert_eq!(pg::constraint(&dangling), Some("members_mission"));
    assert_eq!(pg::fault(dangling).reason(), "BROKEN_REFERENCE");
}

#[tokio::test]
async fn a_lost_connection_is_unavailable_and_says_when_to_come_back() {
    let db = database(&[]).await;
    let (pool, settings) = (db.pool.clone(), pg::Settings::new(db.url.as_str()));
    let other = pg::connect(&settings).await.unwrap();
    let mut connection = pool.acquire().await.unwrap();
    let process: i32 = sqlx::query("select pg_backend_pid()").fetch_one(&mut *connection).await.unwrap().get(0);
    sqlx::query("select pg_terminate_backend($1, 5000)").bind(process).execute(&other).await.unwrap();
    let fault = pg::fault(sqlx::query("select 1").execute(&mut *connection).await.unwrap_err());
    assert_eq!(fault.reason(), "UNAVAILABLE");
    assert!(fault.pause().is_some());
}

#[tokio::test]
async fn the_limits_are_set_on_every_connection() {
    let db = database(&[]).await;
    let (pool, settings) = (db.pool.clone(), pg::Settings::new(db.url.as_str()));
    let limits: (String, String, String) = sqlx::query_as(
        "select current_setting('statement_timeout'), current_setting('idle_in_transaction_session_timeout'),
                current_setting('application_name')",
    )
    .fetch_one(&pool)
    .await
    .unwrap();
    assert_eq!(limits, ("15s".to_owned(), "15s".to_owned(), "legation".to_owned()));
    let hasty = pg::Settings { statement_timeout: std::time::Duration::from_millis(20), ..settings };
    let pool = pg::connect(&hasty).await.unwrap();
    let fault = pg::fault(sqlx::query("select pg_sleep(10)").execute(&pool).await.unwrap_err());
    assert_eq!(fault.reason(), "DEADLINE_EXCEEDED");
}

/// Adds one to the counter from what it read: in two serializable transactions at once, one of them must fail.
async fn add_one(pool: &PgPool, attempts: &AtomicU32) -> Result<(), Fault> {
    attempts.fetch_add(1, Ordering::Relaxed);
    let mut tx = pg::begin(pool).await?;
    sqlx::query("set transaction isolation level serializable").execute(&mut *tx).await.map_err(pg::fault)?;
    let value: i32 = sqlx::query_scalar("select value from counter").fetch_one(&mut *tx).await.map_err(pg::fault)?;
    sqlx::query("update counter set value = $1").bind(value + 1).execute(&mut *tx).await.map_err(pg::fault)?;
    tx.commit().await.map_err(pg::fault)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_contended_operation_is_tried_again_and_none_is_lost() {
    let db = database(&[]).await;
    let pool = db.pool.clone();
    sqlx::raw_sql("create table counter (value int); insert into counter values (0)").execute(&pool).await.unwrap();
    let attempts = AtomicU32::new(0);
    let (one, two) =
        tokio::join!(pg::retrying(|| add_one(&pool, &attempts)), pg::retrying(|| add_one(&pool, &attempts)),);
    one.unwrap();
    two.unwrap();
    let value: i32 = sqlx::query_scalar("select value from counter").fetch_one(&pool).await.unwrap();
    assert_eq!(value, 2);
}

#[tokio::test(start_paused = true)]
async fn only_contention_is_tried_again_and_not_for_ever() {
    use proto::policy::v1::Reason;
    let attempts = AtomicU32::new(0);
    let fail = |reason: Reason| {
        attempts.fetch_add(1, Ordering::Relaxed);
        async move { Err::<(), _>(Fault::new(reason, "no")) }
    };
    assert_eq!(pg::retrying(|| fail(Reason::NotFound)).await.unwrap_err().reason(), "NOT_FOUND");
    assert_eq!(attempts.swap(0, Ordering::Relaxed), 1);
    assert_eq!(pg::retrying(|| fail(Reason::Contended)).await.unwrap_err().reason(), "CONTENDED");
    assert_eq!(attempts.load(Ordering::Relaxed), 5);
}

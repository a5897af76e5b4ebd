//! An empty database of a test's own.

use sqlx::{AssertSqlSafe, PgPool};

/// A pool on a fresh, empty database of the test cluster.
pub(crate) async fn fresh(name: &str) -> (PgPool, pg::Settings) {
    let cluster = std::env::var("LEGATION_TEST_CLUSTER").expect("LEGATION_TEST_CLUSTER names a throwaway cluster");
    let admin = pg::connect(&pg::Settings::new(format!("{cluster}/postgres"))).await.unwrap();
    sqlx::query(AssertSqlSafe(format!("drop database if exists {name} with (force)"))).execute(&admin).await.unwrap();
    sqlx::query(AssertSqlSafe(format!("create database {name}"))).execute(&admin).await.unwrap();
    let settings = pg::Settings::new(format!("{cluster}/{name}"));
    (pg::connect(&settings).await.unwrap(), settings)
}

//! Several sets of migrations in one database, and the gate before a schema that is older, newer or changed.

use pg::SchemaError;
use sqlx::SqlSafeStr;
use sqlx::migrate::{Migration, MigrationType, Migrator};
use testkit::database;

fn set(migrations: &[(i64, &'static str)]) -> Migrator {
    let of = |(version, sql): &(i64, &'static str)| {
        Migration::new(*version, "a step".into(), MigrationType::Simple, sql.into_sql_str(), false)
    };
    Migrator::with_migrations(migrations.iter().map(of).collect())
}

#[tokio::test(flavor = "multi_thread")]
async fn sets_share_a_database_and_several_starters_agree() {
    let db = database(&[]).await;
    let pool = db.pool.clone();
    let base = set(&[(1, "create table base (id int primary key)")]);
    let own = set(&[(1, "create table own (id int references base)"), (2, "create index own_id on own (id)")]);
    let sets = [&base, &own];
    let (one, two, three) =
        tokio::join!(pg::migrate(&pool, &sets), pg::migrate(&pool, &sets), pg::migrate(&pool, &sets));
    one.unwrap();
    two.unwrap();
    three.unwrap();
    pg::gate(&pool, &sets).await.unwrap();
}

#[tokio::test]
async fn the_gate_tells_older_newer_and_changed_apart() {
    let db = database(&[]).await;
    let pool = db.pool.clone();
    let first = set(&[(1, "create table a ()")]);
    let both = set(&[(1, "create table a ()"), (2, "create table b ()")]);
    assert!(matches!(pg::gate(&pool, &[&first]).await, Err(SchemaError::Older { missing: 1, .. })));
    pg::migrate(&pool, &[&first]).await.unwrap();
    pg::gate(&pool, &[&first]).await.unwrap();
    assert!(matches!(pg::gate(&pool, &[&both]).await, Err(SchemaError::Older { missing: 1, .. })));
    pg::migrate(&pool, &[&both]).await.unwrap();
    assert!(matches!(pg::gate(&pool, &[&first]).await, Err(SchemaError::Newer { version: 2 })));
    let changed = set(&[(1, "create table a (id int)"), (2, "create table b ()")]);
    assert!(matches!(pg::gate(&pool, &[&changed]).await, Err(SchemaError::Changed { version: 1 })));
}

#[tokio::test]
async fn a_failed_migration_leaves_neither_trace_nor_lock() {
    let db = database(&[]).await;
    let pool = db.pool.clone();
    let bad = set(&[(1, "create table a (); select no_such_function()")]);
    assert!(matches!(pg::migrate(&pool, &[&bad]).await, Err(SchemaError::Migrate(_))));
    let good = set(&[(1, "create table a ()")]);
    pg::migrate(&pool, &[&good]).await.unwrap();
    pg::gate(&pool, &[&good]).await.unwrap();
}

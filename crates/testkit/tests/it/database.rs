//! Each test has a database of its own, with its migrations, and leaves none behind.

use sqlx::migrate::{Migration, MigrationType, Migrator};
use sqlx::{Connection as _, PgConnection, SqlSafeStr as _};
use testkit::{database, until};

fn notes() -> Migrator {
    let sql = "create table notes (id bigint primary key, words text not null)".into_sql_str();
    Migrator::with_migrations(vec![Migration::new(1, "notes".into(), MigrationType::Simple, sql, false)])
}

#[tokio::test]
async fn two_databases_of_one_template_do_not_share_rows() {
    let migrator = notes();
    let (one, other) = tokio::join!(database(&[&migrator]), database(&[&migrator]));
    sqlx::query("insert into notes values (1, 'here')").execute(&one.pool).await.unwrap();
    let count = "select count(*) from notes";
    let here: i64 = sqlx::query_scalar(count).fetch_one(&one.pool).await.unwrap();
    let there: i64 = sqlx::query_scalar(count).fetch_one(&other.pool).await.unwrap();
    assert_eq!((here, there), (1, 0));
}

#[tokio::test]
async fn a_database_is_dropped_with_its_test() {
    let watching = database(&[]).await;
    let gone = database(&[&notes()]).await;
    sqlx::query("select 1").execute(&gone.pool).await.unwrap();
    let name = gone.url.split('?').next().unwrap().rsplit('/').next().unwrap().to_owned();
    drop(gone);
    until("the database is dropped", async || {
        let found: i64 = sqlx::query_scalar("select count(*) from pg_database where datname = $1")
            .bind(&name)
            .fetch_one(&watching.pool)
            .await
            .unwrap();
        found == 0
    })
    .await;
}

#[tokio::test]
async fn the_url_leads_to_the_same_database() {
    let db = database(&[&notes()]).await;
    sqlx::query("insert into notes values (7, 'seven')").execute(&db.pool).await.unwrap();
    let mut connection = PgConnection::connect(&db.url).await.unwrap();
    let words: String =
        sqlx::query_scalar("select words from notes where id = 7").fetch_one(&mut connection).await.unwrap();
    assert_eq!(words, "seven");
}

#[tokio::test]
async fn a_service_takes_the_schema_for_its_own() {
    let migrator = notes();
    let db = database(&[&migrator]).await;
    pg::gate(&db.pool, &[&migrator]).await.unwrap();
}

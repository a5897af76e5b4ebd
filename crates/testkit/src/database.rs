//! A database for one test, copied from a template that was migrated once.

use crate::proxy::Upstream;
use crate::servers::servers;
use crate::{Proxy, RUNTIME, aside};
use anyhow::{Context as _, Result};
use sqlx::migrate::Migrator;
use sqlx::postgres::{PgConnectOptions, PgPool, PgPoolOptions};
use sqlx::{AssertSqlSafe, ConnectOptions as _, PgConnection, Row as _};
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::str::FromStr as _;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;
use tokio::sync::OnceCell;
use tokio::time::timeout;

/// Templates of older migrations are kept up to this number: branches of development come and go.
const TEMPLATES_KEPT: i64 = 24;

/// How long the pool of a test that is over may take to close.
const CLOSING: Duration = Duration::from_secs(5);

/// One test's own database. Dropped with it; what a killed process leaves, the next one drops.
#[derive(Debug)]
pub struct TestDb {
    /// A pool of up to ten connections, with a service's own limits.
    pub pool: PgPool,
    /// The database's URL.
    pub url: String,
    name: String,
}

/// The process's access to the server: makes and drops databases.
struct Admin {
    pool: PgPool,
    /// Part of this process's database names. As long as a connection named for it lives, so does the process.
    id: String,
    made: AtomicU32,
    _alive: PgConnection,
}

static ADMIN: OnceCell<Admin> = OnceCell::const_new();

/// A new database with these migrations applied, in this order. Panics if there is no server to test on.
pub fn database(migrators: &[&Migrator]) -> impl Future<Output = TestDb> + Send + use<> {
    let migrations: Vec<_> = migrators.iter().map(|migrator| copy(migrator)).collect();
    make(migrations)
}

async fn make(migrations: Vec<Migrator>) -> TestDb {
    let (name, url) = aside(async move {
        let admin = ADMIN.get_or_try_init(Admin::connect).await.expect("the test server takes connections");
        let template = admin.template(&migrations).await.expect("the migrations can be applied");
        let name = admin.copy_of(&template).await.expect("a database can be copied from its template");
        let url = url_of(&name);
        (name, url)
    })
    .await;
    let pool = connect(&url).await;
    TestDb { pool, url, name }
}

impl TestDb {
    /// Every row of every table as text, for a test to see what lies in the database and what does not.
    pub async fn dump(&self) -> String {
        let tables = "select quote_ident(table_schema) || '.' || quote_ident(table_name) from information_schema.tables
            where table_type = 'BASE TABLE' and table_schema not in ('pg_catalog', 'information_schema')";
        let tables = sqlx::query(tables).fetch_all(&self.pool).await.expect("the catalogue can be read");
        let mut all = String::new();
        for row in &tables {
            let table: String = row.get(0);
            let rows = format!("select coalesce(string_agg(t::text, chr(10)), '') from {table} t");
            let rows = sqlx::query(AssertSqlSafe(rows)).fetch_one(&self.pool).await.expect("a table can be read");
            all.push_str(rows.get(0));
        }
        all
    }

    /// Where a proxy finds the server.
    pub fn upstream(&self) -> Upstream {
        let options = PgConnectOptions::from_str(&self.url).expect("the URL was made here");
        match options.get_socket() {
            Some(folder) => Upstream::Unix(folder.join(format!(".s.PGSQL.{}", options.get_port()))),
            None => Upstream::Tcp(format!("{}:{}", options.get_host(), options.get_port())),
        }
    }

    /// The URL of this database through a proxy to [`TestDb::upstream`].
    pub fn url_through(&self, proxy: &Proxy) -> String {
        let (scheme, rest) = self.url.split_once("://").expect("a URL has a scheme");
        let user = rest.split_once('@').map_or("", |(user, _)| user);
        format!("{scheme}://{user}@{}/{}", proxy.address(), self.name)
    }

    /// A pool through a proxy, which must let the first connection pass.
    pub async fn pool_through(&self, proxy: &Proxy) -> PgPool {
        connect(&self.url_through(proxy)).await
    }
}

/// A pool such as a service has.
async fn connect(url: &str) -> PgPool {
    let settings = pg::Settings { max_connections: 10, ..pg::Settings::new(url) };
    pg::connect(&settings).await.expect("the test server takes connections")
}

impl Drop for TestDb {
    fn drop(&mut self) {
        let name = std::mem::take(&mut self.name);
        let pool = self.pool.clone();
        RUNTIME.spawn(async move {
            // Connections on their way back to the pool would otherwise be cut, and their pool would warn of it.
            drop(timeout(CLOSING, pool.close()).await);
            if let Some(admin) = ADMIN.get() {
                // If it fails, the next process sweeps it.
                drop(admin.drop_database(&name).await);
            }
        });
    }
}

impl Admin {
    async fn connect() -> Result<Self> {
        let url = tokio::task::spawn_blocking(|| servers().postgres.clone()).await?;
        let id = uuid::Uuid::new_v4().simple().to_string()[..12].to_owned();
        let options = PgConnectOptions::from_str(&url)?.disable_statement_logging();
        let alive = options.clone().application_name(&format!("testkit {id}")).connect().await?;
        let pool = PgPoolOptions::new().max_connections(4).connect_lazy_with(options);
        let admin = Self { pool, id, made: AtomicU32::new(0), _alive: alive };
        admin.sweep().await?;
        Ok(admin)
    }

    /// The template with these migrations, made by whichever process needs it first.
    async fn template(&self, migrations: &[Migrator]) -> Result<String> {
        let name = template_name(migrations);
        let mut connection = self.pool.acquire().await?;
        if is_template(&mut connection, &name).await? {
            return Ok(name);
        }
        sqlx::query("select pg_advisory_lock(hashtext($1))").bind(&name).execute(&mut *connection).await?;
        let made = self.make_template(&mut connection, &name, migrations).await;
        sqlx::query("select pg_advisory_unlock(hashtext($1))").bind(&name).execute(&mut *connection).await?;
        made.map(|()| name)
    }

    async fn make_template(&self, connection: &mut PgConnection, name: &str, migrations: &[Migrator]) -> Result<()> {
        if is_template(connection, name).await? {
            return Ok(());
        }
        // What is there and is no template was left half made.
        statement(connection, format!("drop database if exists \"{name}\" with (force)")).await?;
        statement(connection, format!("create database \"{name}\" strategy file_copy")).await?;
        migrate(&url_of(name), migrations).await?;
        statement(connection, format!("alter database \"{name}\" is_template true allow_connections false")).await
    }

    async fn copy_of(&self, template: &str) -> Result<String> {
        let name = format!("test_{}_{}", self.id, self.made.fetch_add(1, Ordering::Relaxed));
        let mut connection = self.pool.acquire().await?;
        let create = format!("create database \"{name}\" template \"{template}\" strategy file_copy");
        statement(&mut connection, create).await?;
        Ok(name)
    }

    async fn drop_database(&self, name: &str) -> Result<()> {
        let mut connection = self.pool.acquire().await?;
        statement(&mut connection, format!("drop database if exists \"{name}\" with (force)")).await
    }

    /// Drops what processes that are gone have left, and templates nobody has made for long.
    async fn sweep(&self) -> Result<()> {
        let left = sqlx::query(
            "select datname from pg_database where datname like 'test\\_%\\_%' and not exists \
             (select from pg_stat_activity where application_name = 'testkit ' || split_part(datname, '_', 2))",
        );
        for row in left.fetch_all(&self.pool).await? {
            // Another process may sweep at the same time.
            drop(self.drop_database(row.get(0)).await);
        }
        let old = sqlx::query(
            "select datname from pg_database where datname like 'template\\_%' order by oid desc offset $1",
        );
        for row in old.bind(TEMPLATES_KEPT).fetch_all(&self.pool).await? {
            let name: &str = row.get(0);
            let mut connection = self.pool.acquire().await?;
            drop(statement(&mut connection, format!("alter database \"{name}\" is_template false")).await);
            drop(self.drop_database(name).await);
        }
        Ok(())
    }
}

async fn migrate(url: &str, migrations: &[Migrator]) -> Result<()> {
    let pool = PgPoolOptions::new().connect_lazy_with(PgConnectOptions::from_str(url)?);
    pg::migrate(&pool, &migrations.iter().collect::<Vec<_>>()).await?;
    pool.close().await;
    Ok(())
}

async fn is_template(connection: &mut PgConnection, name: &str) -> Result<bool> {
    let found = sqlx::query("select from pg_database where datname = $1 and datistemplate").bind(name);
    Ok(found.fetch_optional(connection).await?.is_some())
}

async fn statement(connection: &mut PgConnection, sql: String) -> Result<()> {
    sqlx::raw_sql(AssertSqlSafe(sql.clone())).execute(connection).await.with_context(|| sql)?;
    Ok(())
}

fn template_name(migrations: &[Migrator]) -> String {
    let mut hasher = DefaultHasher::new();
    // A template is as old as the way it was made, too: another name here makes all of them anew.
    "pg::migrate".hash(&mut hasher);
    for migrator in migrations {
        migrator.iter().for_each(|migration| (migration.version, &migration.checksum).hash(&mut hasher));
        hasher.write_u8(0);
    }
    format!("template_{:016x}", hasher.finish())
}

fn copy(migrator: &Migrator) -> Migrator {
    Migrator::with_migrations(migrator.iter().cloned().collect())
}

/// The server's URL with another database.
fn url_of(database: &str) -> String {
    let server = servers().postgres.as_str();
    let (address, options) = server.split_once('?').map_or((server, ""), |(address, options)| (address, options));
    let address = address.rsplit_once('/').map_or(address, |(address, _)| address);
    let mark = if options.is_empty() { "" } else { "?" };
    format!("{address}/{database}{mark}{options}")
}

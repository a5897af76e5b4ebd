//! Brings a schema up to date, and keeps a service from running on one it does not know.

use sqlx::migrate::{MigrateError, Migration, Migrator};
use sqlx::{Connection, PgConnection, PgPool, Row};
use std::collections::BTreeMap;

/// Why a service does not start on its database.
#[derive(Debug, thiserror::Error)]
pub enum SchemaError {
    /// A migration could not be applied.
    #[error("cannot migrate the schema")]
    Migrate(#[from] MigrateError),
    /// The database could not be asked.
    #[error("cannot read the schema's version")]
    Read(#[from] sqlx::Error),
    /// The schema lacks migrations this build relies on.
    #[error(
        "the schema is older than this build: {missing} migrations are missing, the first is {first:?}; migrate it"
    )]
    Older {
        /// How many are missing.
        missing: usize,
        /// What the first one does.
        first: String,
    },
    /// The schema has migrations this build has never heard of.
    #[error("the schema is newer than this build: it has the unknown migration {version}; start a newer build")]
    Newer {
        /// The first unknown one.
        version: i64,
    },
    /// A migration was changed after it was applied.
    #[error("migration {version} was changed after it had been applied")]
    Changed {
        /// Which one.
        version: i64,
    },
    /// A migration broke off.
    #[error("migration {version} broke off; mend the schema by hand")]
    Broken {
        /// Which one.
        version: i64,
    },
}

/// Between the versions of one set and those of the next, so that several sets live in one database: the kits'
/// own tables first, then the service's.
const SET: i64 = 1_000_000;

/// Applies what is missing of each set, in order. Of several processes that start at once, one does the work.
///
/// # Errors
/// [`SchemaError::Migrate`], if a migration fails or an applied one is unknown or was changed; [`SchemaError::Read`].
pub async fn migrate(pool: &PgPool, sets: &[&Migrator]) -> Result<(), SchemaError> {
    // A connection of its own: a migration may take its time, and a failed one keeps sqlx's lock until it is closed.
    let mut connection = PgConnection::connect_with(&pool.connect_options()).await?;
    sqlx::raw_sql("set statement_timeout = 0; set idle_in_transaction_session_timeout = 0")
        .execute(&mut connection)
        .await?;
    let migrated = Migrator::with_migrations(merged(sets)).run_direct(None, &mut connection, false).await;
    connection.close().await?;
    Ok(migrated?)
}

/// Lets a service start only if the schema is exactly the one it was built for.
///
/// # Errors
/// Every [`SchemaError`] but `Migrate`.
pub async fn gate(pool: &PgPool, sets: &[&Migrator]) -> Result<(), SchemaError> {
    let known = merged(sets);
    let applied = applied(pool).await?;
    if let Some(version) = applied.keys().find(|version| !known.iter().any(|known| known.version == **version)) {
        return Err(SchemaError::Newer { version: *version });
    }
    let missing: Vec<_> = known.iter().filter(|known| !applied.contains_key(&known.version)).collect();
    if let Some(first) = missing.first() {
        return Err(SchemaError::Older { missing: missing.len(), first: first.description.to_string() });
    }
    for migration in &known {
        let version = migration.version;
        match applied.get(&version) {
            Some((_, false)) => return Err(SchemaError::Broken { version }),
            Some((checksum, true)) if *checksum != *migration.checksum => return Err(SchemaError::Changed { version }),
            _ => {}
        }
    }
    Ok(())
}

/// The checksum and success of every migration the database has seen.
async fn applied(pool: &PgPool) -> Result<BTreeMap<i64, (Vec<u8>, bool)>, SchemaError> {
    let there: bool = sqlx::query_scalar("select to_regclass('_sqlx_migrations') is not null").fetch_one(pool).await?;
    if !there {
        return Ok(BTreeMap::new());
    }
    let rows = sqlx::query("select version, checksum, success from _sqlx_migrations").fetch_all(pool).await?;
    rows.iter().map(|row| Ok((row.try_get("version")?, (row.try_get("checksum")?, row.try_get("success")?)))).collect()
}

fn merged(sets: &[&Migrator]) -> Vec<Migration> {
    let shifted = |(position, set): (i64, &&Migrator)| {
        set.iter()
            .filter(|migration| !migration.migration_type.is_down_migration())
            .map(|migration| Migration { version: position * SET + migration.version, ..migration.clone() })
            .collect::<Vec<_>>()
    };
    (0..).zip(sets).flat_map(shifted).collect()
}

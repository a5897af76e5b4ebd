//! Sealing keys and a database: whether they fit at start, data keys wrapped anew after a rotation, and destroyed for good.

use crate::effect::Effect;
use crate::exchange;
use crate::sealed::{BESIDE, broken};
use crate::store::Store;
use ::fault::Fault;
use proto::policy::v1::Reason;
use sqlx::{PgConnection, PgPool, Row as _};
use std::collections::HashMap;
use vault::{DataKey, Vault};

/// How many data keys are wrapped anew in one transaction.
const AT_ONCE: i64 = 500;

/// The ids of wrapping keys in use, each found by one step along the index, however many records there are.
const IN_USE: &str = "
    with recursive used as (
        (select wrapping from data_keys where wrapping is not null order by wrapping limit 1)
        union all
        select (select d.wrapping from data_keys d where d.wrapping > used.wrapping order by d.wrapping limit 1)
        from used where used.wrapping is not null)
    select wrapping from used where wrapping is not null";

/// Refuses keys that this database was not written with: better at start than for every record.
///
/// # Errors
/// Which key is missing, by its id.
pub(crate) async fn fits(pool: &PgPool, vault: &Vault) -> Result<(), Fault> {
    exchange::begin(pool, vault).await?;
    let known = vault.ids();
    for row in sqlx::query(IN_USE).fetch_all(pool).await.map_err(pg::fault)? {
        let id: String = row.try_get(0).map_err(pg::fault)?;
        if !known.contains(&id) {
            let words = format!(
                "records of this database are sealed under the key {id}, which is not in the file of sealing keys (it has {}): \
                 put that key back, below the newest",
                known.join(", ")
            );
            return Err(Fault::new(Reason::Internal, words));
        }
    }
    Ok(())
}

/// The key of what a service keeps beside a record, in tables of its own: the record's data key, made now if it has none.
///
/// # Errors
/// The database's; a key that does not open. `WRONG_STATE` if the record was erased.
pub async fn data_key(pool: &PgPool, vault: &Vault, record: &str) -> Result<DataKey, Fault> {
    let find = || sqlx::query_scalar("select wrapped from data_keys where record = $1").bind(record);
    let mut found: Option<Option<Vec<u8>>> = find().fetch_optional(pool).await.map_err(pg::fault)?;
    if found.is_none() {
        let made = DataKey::random().and_then(|key| vault.wrap(record, &key)).map_err(broken)?;
        // Of several that make one at once, one does, and all read that.
        sqlx::query("insert into data_keys (record, wrapping, wrapped) values ($1, $2, $3) on conflict do nothing")
            .bind(record)
            .bind(made.by)
            .bind(made.bytes)
            .execute(pool)
            .await
            .map_err(pg::fault)?;
        found = find().fetch_optional(pool).await.map_err(pg::fault)?;
    }
    let erased =
        || Fault::new(Reason::WrongState, "what was sealed beside this record was erased").with("name", record);
    vault.unwrap(record, &found.flatten().ok_or_else(erased)?).map_err(broken)
}

impl Store {
    /// Wraps data keys with the newest of the sealing keys that older ones have wrapped; how many. Documents stay as they
    /// are. Any number of processes may do so at once.
    ///
    /// # Errors
    /// The database's.
    pub async fn rewrap(&self) -> Result<usize, Fault> {
        let Some(vault) = self.vault() else { return Ok(0) };
        let (mut done, older) = (0, vault.ids().split_off(1));
        for older in &older {
            let mut after = Some(String::new());
            while let Some(behind) = after {
                let rewrapped;
                (rewrapped, after) = self.rewrap_some(vault, older, &behind).await?;
                done += rewrapped;
            }
        }
        if done > 0 {
            tracing::info!(data_keys = done, newest = vault.ids()[0], "data keys are wrapped by the newest key");
        }
        Ok(done)
    }

    /// Wraps some anew, behind this record; how many, and the last of them if there may be more.
    async fn rewrap_some(&self, vault: &Vault, older: &str, behind: &str) -> Result<(usize, Option<String>), Fault> {
        let mut tx = pg::begin(self.pool()).await?;
        let rows = sqlx::query(
            "select record, wrapped from data_keys where wrapping = $1 and record > $2 order by record limit $3
             for update skip locked",
        );
        let rows = rows.bind(older).bind(behind).bind(AT_ONCE).fetch_all(&mut *tx).await.map_err(pg::fault)?;
        let mut last = None;
        let mut anew = HashMap::new();
        for row in &rows {
            let (record, wrapped): (String, &[u8]) =
                (row.try_get(0).map_err(pg::fault)?, row.try_get(1).map_err(pg::fault)?);
            last = Some(record.clone());
            // One that was damaged does not keep the others from the newest key.
            match vault.unwrap(&record, wrapped) {
                Ok(key) => _ = anew.insert(record.clone(), vault.wrap(&record, &key).map_err(broken)?),
                Err(error) => tracing::error!(record, %error, "a data key does not open; what it sealed is lost"),
            }
        }
        sqlx::query(
            "update data_keys d set wrapping = $2, wrapped = n.wrapped
             from unnest($1::text[], $3::bytea[]) n (record, wrapped) where d.record = n.record",
        )
        .bind(anew.keys().map(String::as_str).collect::<Vec<_>>())
        .bind(&vault.ids()[0])
        .bind(anew.values().map(|wrapped| wrapped.bytes.as_slice()).collect::<Vec<_>>())
        .execute(&mut *tx)
        .await
        .map_err(pg::fault)?;
        tx.commit().await.map_err(pg::fault)?;
        Ok((anew.len(), last))
    }
}

impl Effect {
    /// Destroys the record's data key, and takes what it sealed, and what stood for it in comparisons, out of the history:
    /// the first makes copies of the database unreadable too, the second leaves nothing to be tried at with the index key.
    pub(crate) async fn erase(&self, connection: &mut PgConnection) -> Result<(), Fault> {
        sqlx::query(
            "insert into data_keys (record, erased_at) values ($1, $2)
             on conflict (record) do update set wrapping = null, wrapped = null, erased_at = excluded.erased_at",
        )
        .bind(&self.name)
        .bind(self.at)
        .execute(&mut *connection)
        .await
        .map_err(pg::fault)?;
        let names: Vec<&str> =
            BESIDE.into_iter().chain(self.kind.sealed.iter().flat_map(|sealed| sealed.names())).collect();
        let history = sqlx::query("update history set doc = doc - $3::text[] where kind = $1 and name = $2");
        history.bind(self.kind.name).bind(&self.name).bind(names).execute(connection).await.map_err(pg::fault)?;
        Ok(())
    }
}

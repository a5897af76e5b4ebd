//! The index key exchanged for another, while everyone reads and writes: two keys at once, of which the database says which
//! one makes blind values.
//!
//! `own_keys` has the mark of that key, and while it is exchanged the mark of the one before. A service started with a new
//! key above the former one turns the mark ([`begin`]); every process that has both keys writes by the mark, which it holds
//! in the transaction of each change, so that no two write one value in two ways after it was turned. Whoever looks for a
//! value looks for both. What was written before is written anew in the background ([`Store::recompare`]); and who writes a
//! value first brings the records that have the same value by the other key to the key that compares now
//! ([`Effect::meet`]): so a unique constraint over the column sees both, whatever else it is about, and needs no rule here.

use crate::effect::Effect;
use crate::kind::Kind;
use crate::sealed::{DOCUMENT, broken};
use crate::secret::{DATA_KEY, Secret};
use crate::store::Store;
use crate::texts::key_of;
use ::fault::Fault;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use proto::policy::v1::Reason;
use sqlx::{AssertSqlSafe, PgConnection, PgPool, Row as _};
use std::collections::BTreeMap;
use vault::Vault;

/// The mark of the index key that makes blind values, and of the one that made them before, in `own_keys`.
const NOW: &str = "index mark";
const BEFORE: &str = "former index mark";
/// The columns, quoted, that a table's unique and exclusion constraints are about: all, if one is about an expression. To
/// bring like values together in others would be for nothing, and a walk through the whole table.
const HELD: &str = r#"
    select distinct '"' || a.attname || '"' from pg_index i
        join pg_attribute a on a.attrelid = i.indrelid and (a.attnum = any (i.indkey) or 0 = any (i.indkey))
    where i.indrelid = to_regclass($1) and (i.indisunique or i.indisexclusion)"#;
/// How many documents are looked at in one go.
const AT_ONCE: i64 = 1_000;

/// The blind values of a record to be written, while there are two index keys.
#[derive(Clone, Debug)]
pub(crate) struct Codes {
    /// The mark of the key that made them.
    pub(crate) mark: [u8; 32],
    pub(crate) codes: Vec<Code>,
}

/// What stands for one value.
#[derive(Clone, Debug)]
pub(crate) struct Code {
    /// The field in documents.
    pub(crate) json: &'static str,
    /// Its column, quoted.
    pub(crate) column: String,
    /// What is written.
    pub(crate) now: String,
    /// What may stand for the same value elsewhere in the table.
    pub(crate) all: Vec<String>,
}

/// Sees to it at the start that the vault's index keys are those of this database, and which of them compares. A new one
/// above the one that did begins to, here: from then on everyone's changes are written by it.
///
/// # Errors
/// Which line is missing in the file of sealing keys.
pub(crate) async fn begin(pool: &PgPool, vault: &Vault) -> Result<(), Fault> {
    let marks = vault.index_marks();
    let mut tx = pg::begin(pool).await?;
    let first = sqlx::query("insert into own_keys (purpose, key) values ($1, $2) on conflict do nothing");
    first.bind(NOW).bind(&marks[0][..]).execute(&mut *tx).await.map_err(pg::fault)?;
    // Waits for every change that is under way by the key that compared until now.
    let now: Vec<u8> = sqlx::query_scalar("select key from own_keys where purpose = $1 for update")
        .bind(NOW)
        .fetch_one(&mut *tx)
        .await
        .map_err(pg::fault)?;
    let before = former(&mut tx).await?;
    let has = |mark: &[u8]| marks.iter().any(|own| own == mark);
    if !has(&now) {
        let words = "the index key in the file of sealing keys is not the one this database was written with: put back the \
                     file, or the line `index`, that belongs to it; a new one goes above it";
        return Err(Fault::new(Reason::Internal, words));
    }
    if before.as_deref().is_some_and(|before| !has(before)) {
        let words = "not everything is compared by the new index key yet: put the former one back into the file of sealing \
                     keys, as a line `index` below the new one";
        return Err(Fault::new(Reason::Internal, words));
    }
    // One that is not yet restarted has the former key first still: it turns nothing back.
    if marks[0] != now[..] && before.as_deref() != Some(&marks[0][..]) {
        sqlx::query("update own_keys set key = $2 where purpose = $1")
            .bind(NOW)
            .bind(&marks[0][..])
            .execute(&mut *tx)
            .await
            .map_err(pg::fault)?;
        sqlx::query(
            "insert into own_keys (purpose, key) values ($1, $2) on conflict (purpose) do update set key = excluded.key",
        )
        .bind(BEFORE)
        .bind(&now)
        .execute(&mut *tx)
        .await
        .map_err(pg::fault)?;
        tx.commit().await.map_err(pg::fault)?;
        vault.compare_by(&marks[0]);
        tracing::info!("values are compared by a new index key; those of the former one are written anew");
        return Ok(());
    }
    tx.commit().await.map_err(pg::fault)?;
    vault.compare_by(&now);
    Ok(())
}

async fn former(connection: &mut PgConnection) -> Result<Option<Vec<u8>>, Fault> {
    let read = sqlx::query_scalar("select key from own_keys where purpose = $1").bind(BEFORE);
    read.fetch_optional(connection).await.map_err(pg::fault)
}

impl Effect {
    /// Makes sure, while there are two index keys, that its blind values are made by the one that compares, and brings
    /// records with the same values by the other one to it where a constraint is about them: then it sees both.
    ///
    /// # Errors
    /// `CONTENDED` if another key compares since; the database's.
    pub(crate) async fn meet(&self, connection: &mut PgConnection, store: &Store) -> Result<(), Fault> {
        let Some(Codes { mark, codes }) = &self.codes else { return Ok(()) };
        let now: Vec<u8> = sqlx::query_scalar("select key from own_keys where purpose = $1 for share")
            .bind(NOW)
            .fetch_one(&mut *connection)
            .await
            .map_err(pg::fault)?;
        if now != mark {
            if let Some(vault) = store.vault() {
                vault.compare_by(&now);
            }
            return Err(Fault::new(Reason::Contended, "values are compared by another key from now on: try again"));
        }
        let held: Vec<String> = sqlx::query_scalar(HELD)
            .bind(&self.kind.texts.table)
            .fetch_all(&mut *connection)
            .await
            .map_err(pg::fault)?;
        for Code { json, column, now, all } in codes.iter().filter(|code| held.contains(&code.column)) {
            let text = format!(
                "update {} set doc = jsonb_set(doc, array['blind', $1], to_jsonb($2::text))
                 where {column} = any ($3) and {column} <> $2 and name <> $4",
                self.kind.texts.table
            );
            sqlx::query(AssertSqlSafe(text))
                .bind(json)
                .bind(now)
                .bind(all)
                .bind(&self.name)
                .execute(&mut *connection)
                .await
                .map_err(pg::fault)?;
        }
        Ok(())
    }
}

/// Where documents lie: a kind's table, or the history of all kinds.
enum Place {
    Table(&'static Kind),
    History(Vec<&'static Kind>),
}

/// A document that has blind values.
struct Found {
    kind: &'static Kind,
    name: String,
    version: i64,
    lies: Lies,
    secret: Secret,
}

/// What is read of it.
#[derive(serde::Deserialize)]
struct Lies {
    etag: String,
    sealed: String,
    blind: BTreeMap<String, String>,
}

impl Store {
    /// Writes blind values anew that the former index key made, in all tables and in the history; how many documents. When
    /// no such value is left, it says so, and the former key is not needed any more. Any number of processes may do so at
    /// once; one that ends in the middle is begun again by the next.
    ///
    /// # Errors
    /// The database's.
    pub async fn recompare(&self) -> Result<usize, Fault> {
        let Some(vault) = self.vault() else { return Ok(0) };
        let mut connection = self.pool().acquire().await.map_err(pg::fault)?;
        let now: Vec<u8> = sqlx::query_scalar("select key from own_keys where purpose = $1")
            .bind(NOW)
            .fetch_one(&mut *connection)
            .await
            .map_err(pg::fault)?;
        let before = former(&mut connection).await?;
        drop(connection);
        if !vault.compare_by(&now) {
            let words = "this process compares by an index key that others have exchanged: restart it with both keys";
            return Err(Fault::new(Reason::Internal, words));
        }
        let Some(before) = before else { return Ok(0) };
        let kinds: Vec<_> = self.kept_kinds().into_iter().filter(|kind| compares(kind)).collect();
        let mut done = 0;
        let places = kinds.iter().map(|kind| Place::Table(kind)).chain([Place::History(kinds.clone())]);
        for place in places {
            let mut after = Some((String::new(), 0));
            while let Some(behind) = after {
                let anew;
                (anew, after) = self.recompare_some(vault, &place, &behind).await?;
                done += anew;
            }
        }
        sqlx::query("delete from own_keys where purpose = $1 and key = $2")
            .bind(BEFORE)
            .bind(&before)
            .execute(self.pool())
            .await
            .map_err(pg::fault)?;
        tracing::info!(
            documents = done,
            "everything is compared by the new index key; the former one is not needed any more"
        );
        Ok(done)
    }

    /// Writes some anew, behind this name and version; how many, and the last of them if there may be more. A document that
    /// was changed meanwhile was written by the key that compares now.
    async fn recompare_some(
        &self,
        vault: &Vault,
        place: &Place,
        (name, version): &(String, i64),
    ) -> Result<(usize, Option<(String, i64)>), Fault> {
        let (table, of, kinds) = match place {
            Place::Table(kind) => (kind.texts.table.as_str(), "null", std::slice::from_ref(kind)),
            Place::History(kinds) => ("history", "kind", kinds.as_slice()),
        };
        // Those without blind values are counted too: to look for the next that has some might take longer than a statement may.
        let text = format!(
            "select name, version, case when doc ? 'blind' then doc end as doc, {}, {of}::text as kind from {table}
             where (name, version) > ($1, $2) order by name, version limit $3",
            key_of(&format!("case when doc ? 'blind' then {table}.name end"), DATA_KEY)
        );
        let query = sqlx::query(AssertSqlSafe(text)).bind(name).bind(version).bind(AT_ONCE);
        let rows = query.fetch_all(self.pool()).await.map_err(pg::fault)?;
        let mut last = None;
        let (mut names, mut versions, mut blinds) = (Vec::new(), Vec::new(), Vec::new());
        for row in &rows {
            let (name, version): (String, i64) =
                (row.try_get("name").map_err(pg::fault)?, row.try_get("version").map_err(pg::fault)?);
            last = Some((name.clone(), version));
            let lies: Option<sqlx::types::Json<Lies>> = row.try_get("doc").map_err(pg::fault)?;
            let Some(sqlx::types::Json(lies)) = lies else { continue };
            let of: Option<&str> = row.try_get("kind").map_err(pg::fault)?;
            let Some(kind) = kinds.iter().find(|kind| of.is_none_or(|of| kind.name == of)) else {
                let words = format!("{name} has blind values, and this process does not keep its kind");
                return Err(Fault::new(Reason::Internal, words));
            };
            let secret = Secret::of(row, DATA_KEY, &name, kind, self)?;
            let found = Found { kind, name, version, lies, secret };
            // One that was damaged does not keep the others from the new key.
            match found.anew(vault) {
                Ok(blind) if blind == found.lies.blind => {}
                Ok(blind) => {
                    names.push(found.name);
                    versions.push(found.version);
                    blinds.push(sqlx::types::Json(blind));
                }
                Err(error) => {
                    tracing::error!(name = found.name, %error, "a sealed part does not open; it is not compared")
                }
            }
        }
        let text = format!(
            "update {table} t set doc = jsonb_set(t.doc, '{{blind}}', n.blind)
             from unnest($1::text[], $2::bigint[], $3::jsonb[]) n (name, version, blind)
             where t.name = n.name and t.version = n.version and t.doc ? 'blind'"
        );
        if !names.is_empty() {
            let count = names.len();
            let anew = sqlx::query(AssertSqlSafe(text)).bind(names).bind(versions).bind(blinds);
            anew.execute(self.pool()).await.map_err(pg::fault)?;
            return Ok((count, last));
        }
        Ok((0, last))
    }
}

impl Found {
    /// Its blind values by the key that compares now.
    fn anew(&self, vault: &Vault) -> Result<BTreeMap<String, String>, Fault> {
        let damaged = || broken(vault::Broken::Sealed);
        let (Secret::Known(key), Some(sealed)) = (self.secret, &self.kind.sealed) else { return Err(damaged()) };
        let envelope = STANDARD.decode(&self.lies.sealed).map_err(|_| damaged())?;
        let hidden = key.open(&[DOCUMENT, &self.name, &self.lies.etag], &envelope).map_err(broken)?;
        let blind = sealed.compared(&hidden, vault)?;
        Ok(blind.into_iter().map(|(field, value)| (field.to_owned(), value)).collect())
    }
}

fn compares(kind: &Kind) -> bool {
    kind.sealed.as_ref().is_some_and(crate::sealed::Sealed::is_compared)
}

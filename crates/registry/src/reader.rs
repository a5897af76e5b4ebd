//! Facts about other records, read in the transaction of a change, so that they still hold when it is committed.

use crate::act::{clock, held, locked};
use crate::codec::Sight;
use crate::column;
use crate::follow::Held;
use crate::keep::Keep;
use crate::kind::Kind;
use crate::secret::{DATA_KEY, Secret};
use crate::sql::{self, Sql};
use crate::store::Store;
use crate::texts::Texts;
use calendar::Clock;
use chrono::{DateTime, Utc};
use config::Home;
use fault::Fault;
use proto::shape::Record;
use sqlx::postgres::PgRow;
use sqlx::{PgConnection, Row as _};
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// A record's timers.
type Clocks = BTreeMap<String, Clock>;

/// Reads in the transaction of a change. It sees every record whole, whoever asks: what the caller learns is the
/// rule's business.
///
/// Locks are taken from the top down, so that no two changes wait for each other: what a record belongs to before the
/// record, a mission before its members, a principal before its dependants, a member before its cards; of one kind by
/// name, which [`Reader::hold`] does by itself. The record that a verb is done on is locked before any other, so a verb
/// gathers what is below it. A new record has no lock yet: what makes one gathers from the top.
#[derive(Debug)]
pub struct Reader<'t> {
    connection: &'t mut PgConnection,
    store: &'t Store,
    /// Whether it locks what it is asked to lock: a rehearsal does not.
    locks: bool,
}

impl<'t> Reader<'t> {
    pub(crate) fn new(connection: &'t mut PgConnection, store: &'t Store) -> Self {
        Self { connection, store, locks: true }
    }

    /// One that locks nothing.
    pub(crate) fn unlocking(connection: &'t mut PgConnection, store: &'t Store) -> Self {
        Self { connection, store, locks: false }
    }

    /// The register's clock: what year it is, for a number that begins anew each year.
    pub fn now(&self) -> DateTime<Utc> {
        self.store.now()
    }

    /// Whose foreign service it is.
    pub fn home(&self) -> &Home {
        self.store.home()
    }

    /// Waits until no other change holds this word, and holds it until this one is committed or undone: for numbers
    /// that are given one after another. What is counted after it counts what the others have committed.
    ///
    /// # Errors
    /// The database's.
    pub async fn alone(&mut self, word: &str) -> Result<(), Fault> {
        if !self.locks {
            return Ok(());
        }
        let lock = sqlx::query("select pg_advisory_xact_lock(hashtextextended($1, 0))").bind(word);
        lock.execute(&mut *self.connection).await.map(drop).map_err(pg::fault)
    }

    /// Waits until no other change holds one of these words alone ([`Reader::alone`]), and lets none hold them alone until this one
    /// is committed or undone. Any number of changes do so side by side: for what many go by and few change. What is read after
    /// it stays as it is.
    ///
    /// # Errors
    /// The database's.
    pub async fn together(&mut self, words: &[String]) -> Result<(), Fault> {
        if !self.locks {
            return Ok(());
        }
        let words: BTreeSet<&String> = words.iter().collect();
        for word in words {
            let lock = sqlx::query("select pg_advisory_xact_lock_shared(hashtextextended($1, 0))").bind(word);
            lock.execute(&mut *self.connection).await.map_err(pg::fault)?;
        }
        Ok(())
    }

    /// As [`Reader::alone`], with all of these words; whoever waits for several waits in one order.
    pub(crate) async fn alone_with_all(&mut self, words: BTreeSet<String>) -> Result<(), Fault> {
        if !self.locks || words.is_empty() {
            return Ok(());
        }
        let text = "select pg_advisory_xact_lock(hashtextextended(word, 0))
            from unnest($1::text[]) with ordinality w (word, place) order by place";
        let words: Vec<_> = words.into_iter().collect();
        sqlx::query(text).bind(words).execute(&mut *self.connection).await.map(drop).map_err(pg::fault)
    }

    /// The transaction itself, for tables beside the registers that a service keeps for itself: queues, places on a grid,
    /// codes. What is written there is committed with this change or not at all. Registers are not written this way.
    pub fn beside(&mut self) -> &mut PgConnection {
        self.connection
    }

    /// Whether what is read is to be changed, and not only rehearsed.
    pub(crate) fn locks(&self) -> bool {
        self.locks
    }

    pub(crate) fn store(&self) -> &'t Store {
        self.store
    }

    pub(crate) fn connection(&mut self) -> &mut PgConnection {
        self.connection
    }

    /// The record as it is, which may change meanwhile: for what never changes, such as the mission of a member, which
    /// must be known before the locks can be taken in their order.
    ///
    /// # Errors
    /// The database's.
    pub async fn glance<T: Record>(&mut self, name: &str) -> Result<Option<T>, Fault> {
        self.read::<T>(|texts| &texts.get, name).await
    }

    /// The record, which cannot change until this change is committed. Others may share it too; one who changes it
    /// waits, as this waits for one who is changing it.
    ///
    /// # Errors
    /// The database's.
    pub async fn share<T: Record>(&mut self, name: &str) -> Result<Option<T>, Fault> {
        self.read::<T>(|texts| &texts.share, name).await
    }

    /// The record, which nobody else can change or share until this change is committed.
    ///
    /// # Errors
    /// The database's.
    pub async fn lock<T: Record>(&mut self, name: &str) -> Result<Option<T>, Fault> {
        self.read::<T>(|texts| &texts.lock, name).await
    }

    async fn read<T: Record>(
        &mut self,
        text: fn(&'static Texts) -> &'static str,
        name: &str,
    ) -> Result<Option<T>, Fault> {
        let kind = Kind::of_record::<T>();
        let text = if self.locks { text(&kind.texts) } else { &kind.texts.get };
        let found = sqlx::query(text).bind(name).fetch_optional(&mut *self.connection).await.map_err(pg::fault)?;
        let found = if std::ptr::eq(text, kind.texts.get.as_str()) {
            found
        } else {
            held(&mut *self.connection, kind, name, found).await?
        };
        found.map(|row| read(&row, name, kind, self.store)).transpose()
    }

    /// How many records there are whose fields each have one of the values: filterable fields of text or enums, by
    /// their names in the contract. Others may be added meanwhile, unless whoever adds them shares a record that
    /// this change has locked.
    ///
    /// # Errors
    /// `INTERNAL` if a field is not filterable; the database's.
    pub async fn count<T: Record>(&mut self, fields: &[(&str, &[&str])]) -> Result<i64, Fault> {
        let mut text = Sql::new("select count(*) from ");
        conditions::<T>(&mut text, fields, self.store)?;
        let row = text.query().fetch_one(&mut *self.connection).await.map_err(pg::fault)?;
        row.try_get(0).map_err(pg::fault)
    }

    /// Whether there is such a record, as [`Reader::count`] counts them.
    ///
    /// # Errors
    /// As [`Reader::count`].
    pub async fn exists<T: Record>(&mut self, fields: &[(&str, &[&str])]) -> Result<bool, Fault> {
        let mut text = Sql::new("select from ");
        conditions::<T>(&mut text, fields, self.store)?;
        text.push(" limit 1");
        Ok(text.query().fetch_optional(&mut *self.connection).await.map_err(pg::fault)?.is_some())
    }

    /// Such records, as [`Reader::count`] counts them, by name; at most a thousand.
    ///
    /// # Errors
    /// As [`Reader::count`].
    pub async fn all<T: Record>(&mut self, fields: &[(&str, &[&str])]) -> Result<Vec<T>, Fault> {
        self.following(fields, "").await
    }

    /// The first thousand of such records after this name.
    pub(crate) async fn following<T: Record>(
        &mut self,
        fields: &[(&str, &[&str])],
        after: &str,
    ) -> Result<Vec<T>, Fault> {
        let kind = Kind::of_record::<T>();
        let mut text = Sql::new("select name, ");
        text.push(&kind.texts.doc).push(" from ");
        conditions::<T>(&mut text, fields, self.store)?;
        text.push(" and name > ").bind(after.to_owned());
        text.push(" order by name limit 1000");
        let rows = text.query().fetch_all(&mut *self.connection).await.map_err(pg::fault)?;
        rows.iter().map(|row| read(row, row.try_get("name").map_err(pg::fault)?, kind, self.store)).collect()
    }

    /// All such records, as [`Reader::count`] counts them, locked in the order of their names, for the change to have
    /// consequences for them ([`Call::follow`](crate::Call::follow)).
    ///
    /// # Errors
    /// As [`Reader::count`].
    pub async fn hold<K: Keep>(&mut self, fields: &[(&str, &[&str])]) -> Result<Vec<Held<K>>, Fault> {
        let kind = Kind::of_record::<K::Record>();
        let alone = kind.seals() && self.locks;
        let mut text = Sql::new("select name");
        if !alone {
            text.push(", uid, version, updated_at, ").push(&kind.texts.doc);
        }
        text.push(" from ");
        conditions::<K::Record>(&mut text, fields, self.store)?;
        text.push(if self.locks { " order by name for no key update" } else { " order by name" });
        let mut rows = text.query().fetch_all(&mut *self.connection).await.map_err(pg::fault)?;
        if alone {
            // What is read under a lock is read in a statement of its own, as in `Texts::of`.
            let names = rows.iter().map(|row| row.try_get("name")).collect::<Result<Vec<String>, _>>();
            let mut text = Sql::new("select name, uid, version, updated_at, ");
            text.push(&kind.texts.doc).push(" from ").push(&kind.texts.table).push(" where name = any (");
            text.bind(names.map_err(pg::fault)?).push(") order by name");
            rows = text.query().fetch_all(&mut *self.connection).await.map_err(pg::fault)?;
        }
        let mut clocks = self.clocks_of(kind, &rows).await?;
        let held = |row: &PgRow| -> Result<Held<K>, Fault> {
            let name: &str = row.try_get("name").map_err(pg::fault)?;
            Ok(Held::new(locked(row, name, kind, self.store)?, clocks.remove(name).unwrap_or_default()))
        };
        rows.iter().map(held).collect()
    }

    async fn clocks_of(&mut self, kind: &Kind, records: &[PgRow]) -> Result<HashMap<String, Clocks>, Fault> {
        let mut clocks: HashMap<String, Clocks> = HashMap::new();
        if !kind.has_timers() || records.is_empty() {
            return Ok(clocks);
        }
        let names: Vec<&str> =
            records.iter().map(|row| row.try_get("name")).collect::<Result<_, _>>().map_err(pg::fault)?;
        let found = sqlx::query("select name, timer, clock from timers where kind = $1 and name = any ($2)");
        let rows = found.bind(kind.name).bind(names).fetch_all(&mut *self.connection).await.map_err(pg::fault)?;
        for row in &rows {
            let (timer, clock) = clock(row)?;
            clocks.entry(row.try_get("name").map_err(pg::fault)?).or_default().insert(timer, clock);
        }
        Ok(clocks)
    }
}

/// The record of a row, whole.
fn read<T: Record>(row: &PgRow, name: &str, kind: &Kind, store: &Store) -> Result<T, Fault> {
    let secret = Secret::of(row, DATA_KEY, name, kind, store)?;
    kind.record(sql::json(row, "doc")?, secret, Sight::WHOLE)
}

fn conditions<T: Record>(text: &mut Sql, fields: &[(&str, &[&str])], store: &Store) -> Result<(), Fault> {
    let kind = Kind::of_record::<T>();
    text.push(&kind.texts.table).push(" where deleted_at is null");
    for (field, values) in fields {
        let column = column::known(&kind.columns, field)?;
        let values: Vec<Vec<String>> =
            values.iter().map(|value| column.held(value, store.vault())).collect::<Result<_, _>>()?;
        text.push(" and ").push(&column.sql).push(" = any (").bind(values.concat()).push(")");
    }
    Ok(())
}

//! Loads records by name: for callers as far as they may see them, for rules of our own whole.

use crate::codec::Sight;
use crate::column::{self, Place};
use crate::keep::{Keep, Visible};
use crate::kind::Kind;
use crate::reader::Reader;
use crate::registry::Registry;
use crate::secret::{DATA_KEY, Secret};
use crate::sql::{self, Sql};
use crate::texts::key_of;
use ::fault::Fault;
use identity::Principal;
use proto::shape::Record;
use sqlx::Row as _;
use sqlx::postgres::PgRow;
use std::sync::LazyLock;

/// The data keys of a record and of the one it names.
static KEY: LazyLock<String> = LazyLock::new(|| format!(", {}", key_of("k.name", DATA_KEY)));
static OTHER_KEY: LazyLock<String> = LazyLock::new(|| format!(", {}", key_of("o.name", "other_key")));

impl<K: Keep> Registry<K> {
    /// Reads a record for a rule of our own, whole and whoever asks: what the caller learns of it is the rule's
    /// business. None if there is no such record.
    ///
    /// # Errors
    /// The database's.
    pub async fn load(&self, name: &str) -> Result<Option<K::Record>, Fault> {
        self.read(name, Sight::WHOLE).await
    }

    /// As [`Registry::load`], as far as everyone may read it who may read such records: nothing in it is personal,
    /// classified or internal, and nothing was opened for it. So it may be remembered.
    ///
    /// # Errors
    /// The database's.
    pub async fn load_public(&self, name: &str) -> Result<Option<K::Record>, Fault> {
        let kind = self.kind();
        let found = sqlx::query(kind.texts.public.as_str()).bind(name).fetch_optional(self.store().pool()).await;
        let record = |row: PgRow| kind.record(sql::json(&row, "doc")?, Secret::None, Sight::PUBLIC);
        found.map_err(pg::fault)?.map(record).transpose()
    }

    /// As [`Registry::load`], of a record that the caller may see; none if it may not.
    ///
    /// # Errors
    /// As [`Registry::load`].
    pub async fn load_for(&self, principal: &Principal, name: &str) -> Result<Option<K::Record>, Fault> {
        self.visible(name, &K::visible(principal), Sight::WHOLE).await
    }

    /// As [`Registry::load`], with the record that a field of it names, in one round trip.
    ///
    /// # Errors
    /// `INTERNAL` if the field is not filterable; the database's.
    pub async fn load_with<U: Record>(&self, name: &str, field: &str) -> Result<Option<(K::Record, Option<U>)>, Fault> {
        let (kind, other) = (self.kind(), Kind::of_record::<U>());
        let mut text = Sql::new("select k.doc as doc, o.name as other_name, o.doc as other");
        if kind.seals() {
            text.push(KEY.as_str());
        }
        if other.seals() {
            text.push(OTHER_KEY.as_str());
        }
        text.push(" from ")
            .push(&kind.texts.table)
            .push(" k left join ")
            .push(&other.texts.table)
            .push(" o on o.name = k.");
        text.push(&column::known(&kind.columns, field)?.sql).push(" and o.deleted_at is null");
        text.push(" where k.deleted_at is null and k.name = ").bind(name.to_owned());
        let Some(row) = text.query().fetch_optional(self.store().pool()).await.map_err(pg::fault)? else {
            return Ok(None);
        };
        let record = self.read_row(&row, name, Sight::WHOLE)?;
        let Some(other_name) = row.try_get::<Option<&str>, _>("other_name").map_err(pg::fault)? else {
            return Ok(Some((record, None)));
        };
        let secret = Secret::of(&row, "other_key", other_name, other, self.store())?;
        Ok(Some((record, Some(other.record(sql::json(&row, "other")?, secret, Sight::WHOLE)?))))
    }

    /// Records whose fields each have one of the values, for a rule of our own, as [`Reader::all`] gives them, but
    /// outside a change: they may have changed by the time they are looked at.
    ///
    /// # Errors
    /// As [`Reader::all`].
    pub async fn all(&self, fields: &[(&str, &[&str])]) -> Result<Vec<K::Record>, Fault> {
        let mut connection = self.store().pool().acquire().await.map_err(pg::fault)?;
        Reader::new(&mut connection, self.store()).all(fields).await
    }

    /// How many such records there are.
    ///
    /// # Errors
    /// As [`Reader::count`].
    pub async fn count(&self, fields: &[(&str, &[&str])]) -> Result<i64, Fault> {
        let mut connection = self.store().pool().acquire().await.map_err(pg::fault)?;
        Reader::new(&mut connection, self.store()).count::<K::Record>(fields).await
    }

    /// Shows every such record once, by name, however many there are: a thousand at a time are read.
    ///
    /// # Errors
    /// As [`Reader::all`].
    pub async fn each(&self, fields: &[(&str, &[&str])], mut show: impl FnMut(K::Record)) -> Result<(), Fault> {
        let mut connection = self.store().pool().acquire().await.map_err(pg::fault)?;
        let mut after = String::new();
        loop {
            let records: Vec<K::Record> = Reader::new(&mut connection, self.store()).following(fields, &after).await?;
            let Some(last) = records.last() else { return Ok(()) };
            last.name().clone_into(&mut after);
            records.into_iter().for_each(&mut show);
        }
    }

    /// Reads a record as far as the caller may see it.
    pub(crate) async fn visible(
        &self,
        name: &str,
        visible: &Visible,
        sight: Sight,
    ) -> Result<Option<K::Record>, Fault> {
        let kind = self.kind();
        if *visible == Visible::All {
            return self.read(name, sight).await;
        }
        let mut text = Sql::new("select ");
        text.push(&kind.texts.doc)
            .push(" from ")
            .push(&kind.texts.table)
            .push(" where deleted_at is null and name = ")
            .bind(name.to_owned());
        text.visible(visible, kind, Place::Table)?;
        let found = text.query().fetch_optional(self.store().pool()).await.map_err(pg::fault)?;
        found.map(|row| self.read_row(&row, name, sight)).transpose()
    }

    /// The record of this name, from a row with [`Texts::doc`](crate::texts::Texts).
    pub(crate) fn read_row(&self, row: &PgRow, name: &str, sight: Sight) -> Result<K::Record, Fault> {
        let secret = Secret::of(row, DATA_KEY, name, self.kind(), self.store())?;
        self.kind().record(sql::json(row, "doc")?, secret, sight)
    }

    async fn read(&self, name: &str, sight: Sight) -> Result<Option<K::Record>, Fault> {
        let kind = self.kind();
        let found = sqlx::query(kind.texts.get.as_str()).bind(name).fetch_optional(self.store().pool()).await;
        found.map_err(pg::fault)?.map(|row| self.read_row(&row, name, sight)).transpose()
    }
}

//! Facts about other records, read in the transaction of a change, so that they still hold when it is committed.

use crate::codec::Sight;
use crate::column;
use crate::kind::Kind;
use crate::sql::{self, Sql};
use crate::texts::Texts;
use chrono::{DateTime, Utc};
use config::Home;
use fault::Fault;
use proto::shape::Record;
use sqlx::PgConnection;

/// Reads in the transaction of a change. It sees every record whole, whoever asks: what the caller learns is the
/// rule's business.
#[derive(Debug)]
pub struct Reader<'t> {
    connection: &'t mut PgConnection,
    now: DateTime<Utc>,
    home: &'t Home,
}

impl<'t> Reader<'t> {
    pub(crate) fn new(connection: &'t mut PgConnection, now: DateTime<Utc>, home: &'t Home) -> Self {
        Self { connection, now, home }
    }

    /// When the change takes effect in the register.
    pub fn now(&self) -> DateTime<Utc> {
        self.now
    }

    /// Whose foreign service it is.
    pub fn home(&self) -> &Home {
        self.home
    }

    /// Waits until no other change holds this word, and holds it until this one is committed or undone: for numbers
    /// that are given one after another. What is counted after it counts what the others have committed.
    ///
    /// # Errors
    /// The database's.
    pub async fn alone(&mut self, word: &str) -> Result<(), Fault> {
        let lock = sqlx::query("select pg_advisory_xact_lock(hashtextextended($1, 0))").bind(word);
        lock.execute(&mut *self.connection).await.map(drop).map_err(pg::fault)
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
        let found =
            sqlx::query(text(&kind.texts)).bind(name).fetch_optional(&mut *self.connection).await.map_err(pg::fault)?;
        found.map(|row| kind.codec.record(sql::json(&row, "doc")?, Sight::WHOLE)).transpose()
    }

    /// How many records there are whose fields each have one of the values: filterable fields of text or enums, by
    /// their names in the contract. Others may be added meanwhile, unless whoever adds them shares a record that
    /// this change has locked.
    ///
    /// # Errors
    /// `INTERNAL` if a field is not filterable; the database's.
    pub async fn count<T: Record>(&mut self, fields: &[(&str, &[&str])]) -> Result<i64, Fault> {
        let mut text = Sql::new("select count(*) from ");
        conditions::<T>(&mut text, fields)?;
        let row = text.query().fetch_one(&mut *self.connection).await.map_err(pg::fault)?;
        sqlx::Row::try_get(&row, 0).map_err(pg::fault)
    }

    /// Whether there is such a record, as [`Reader::count`] counts them.
    ///
    /// # Errors
    /// As [`Reader::count`].
    pub async fn exists<T: Record>(&mut self, fields: &[(&str, &[&str])]) -> Result<bool, Fault> {
        let mut text = Sql::new("select from ");
        conditions::<T>(&mut text, fields)?;
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
        let mut text = Sql::new("select doc from ");
        conditions::<T>(&mut text, fields)?;
        text.push(" and name > ").bind(after.to_owned());
        text.push(" order by name limit 1000");
        let rows = text.query().fetch_all(&mut *self.connection).await.map_err(pg::fault)?;
        let codec = Kind::of_record::<T>().codec;
        rows.iter().map(|row| codec.record(sql::json(row, "doc")?, Sight::WHOLE)).collect()
    }
}

fn conditions<T: Record>(text: &mut Sql, fields: &[(&str, &[&str])]) -> Result<(), Fault> {
    let kind = Kind::of_record::<T>();
    text.push(&kind.texts.table).push(" where deleted_at is null");
    for (field, values) in fields {
        let column = column::known(&kind.columns, field)?;
        let values: Vec<String> = values.iter().map(|value| (*value).to_owned()).collect();
        text.push(" and ").push(&column.sql).push(" = any (").bind(values).push(")");
    }
    Ok(())
}

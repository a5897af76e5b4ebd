//! Statements composed at run time. Text comes from the program and its contract only; what callers say is bound.

use crate::column::Place;
use crate::keep::Visible;
use crate::kind::Kind;
use crate::{column, doc};
use ::fault::Fault;
use proto::policy::v1::Reason;
use sqlx::postgres::{PgArguments, PgRow};
use sqlx::query::Query;
use sqlx::{Arguments as _, AssertSqlSafe, Encode, Postgres, Row as _, Type};

/// A statement in the making.
pub(crate) struct Sql {
    text: String,
    binds: PgArguments,
}

impl Sql {
    pub(crate) fn new(text: &'static str) -> Self {
        Self { text: text.to_owned(), binds: PgArguments::default() }
    }

    /// Appends text. That it lives as long as the program is the proof that no caller wrote it: it is a literal, or a
    /// name from the contract.
    pub(crate) fn push(&mut self, text: &'static str) -> &mut Self {
        self.text.push_str(text);
        self
    }

    /// Appends a value, as a bind.
    pub(crate) fn bind<'v, V: Encode<'v, Postgres> + Type<Postgres> + 'v>(&mut self, value: V) -> &mut Self {
        // Encoding fails for values that no code here makes: arrays of more than 2^31 items, instants beyond the year
        // 294276. Then the bind is missing, and the database refuses the statement.
        if let Err(error) = self.binds.add(value) {
            tracing::error!(%error, "a value cannot be bound");
        }
        self.text.push('$');
        self.text.push_str(&self.binds.len().to_string());
        self
    }

    /// Appends the condition that a record is visible, as ` and …`.
    pub(crate) fn visible(&mut self, visible: &Visible, kind: &'static Kind, place: Place) -> Result<&mut Self, Fault> {
        match visible {
            Visible::All => {}
            Visible::None => {
                self.push(" and false");
            }
            Visible::Where(pairs) => {
                for (field, value) in pairs {
                    let column = column::open(&kind.columns, field)?;
                    self.push(" and ").push(column.at(place)).push(" = ").bind(value.to_string());
                }
            }
        }
        Ok(self)
    }

    /// The text so far, for tests to see that nothing of a caller's is in it.
    #[cfg(test)]
    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    /// The statement, prepared once per connection and kept: for statements of which there are few.
    pub(crate) fn query(self) -> Query<'static, Postgres, PgArguments> {
        sqlx::query_with(AssertSqlSafe(self.text), self.binds)
    }

    /// The statement, for once: callers' filters make too many to keep.
    pub(crate) fn query_once(self) -> Query<'static, Postgres, PgArguments> {
        self.query().persistent(false)
    }
}

/// The JSON in a column of a row, where it lies.
pub(crate) fn json<'r>(row: &'r PgRow, column: &'static str) -> Result<&'r [u8], Fault> {
    let value = row.try_get_raw(column).map_err(pg::fault)?;
    doc::json_of(&value).map_err(|error| Fault::new(Reason::Internal, "a document cannot be read").caused_by(error))
}

//! The order of a list (AIP-132), and the condition for what comes after a given place in it.

use crate::column::{Column, ColumnKind, Place};
use crate::filter::{Scope, misunderstood};
use crate::sql::Sql;
use chrono::{DateTime, Utc};
use fault::Fault;
use proto::policy::v1::Reason;
use serde_json::Value;

/// The most fields to order by.
const MOST_FIELDS: usize = 5;

/// An order that is total: the name decides between records that are otherwise equal.
#[derive(Debug)]
pub(crate) struct Order(Vec<By>);

/// One field of it.
#[derive(Debug)]
struct By {
    column: &'static Column,
    descending: bool,
}

/// A place in an order: the values of its fields, as PostgreSQL writes them in JSON. The last is the name.
pub(crate) type Position = Vec<Value>;

impl Order {
    /// Reads `sendingState, createTime desc`.
    ///
    /// # Errors
    /// `INVALID_FILTER` for what is no such list, or a field that cannot be ordered by.
    pub(crate) fn parse(text: &str, scope: &Scope) -> Result<Self, Fault> {
        let mut list: Vec<By> = Vec::new();
        for part in text.split(',').map(str::trim).filter(|_| !text.trim().is_empty()) {
            let mut words = part.split_whitespace();
            let field = words.next().ok_or_else(|| misunderstood("a field to order by is missing"))?;
            let descending = match (words.next(), words.next()) {
                (None | Some("asc"), None) => false,
                (Some("desc"), None) => true,
                _ => return Err(misunderstood(format!("{part:?} is no field with asc or desc"))),
            };
            let column = scope.column(field)?;
            if column.sealed.is_some() {
                return Err(misunderstood(format!("{field} is kept sealed: nothing is ordered by it")));
            }
            if list.iter().any(|by| std::ptr::eq(by.column, column)) {
                return Err(misunderstood(format!("{field} is named twice in the order")));
            }
            list.push(By { column, descending });
        }
        if list.len() > MOST_FIELDS {
            return Err(misunderstood(format!("the order has more than {MOST_FIELDS} fields")));
        }
        if list.last().is_none_or(|by| by.column.name != "name") {
            // What follows the name in an order decides nothing.
            if let Some(name) = list.iter().position(|by| by.column.name == "name") {
                list.truncate(name + 1);
            } else {
                list.push(By { column: scope.column("name")?, descending: false });
            }
        }
        Ok(Self(list))
    }

    /// Appends the columns as one JSON array, from which a [`Position`] is read.
    pub(crate) fn select(&self, sql: &mut Sql) {
        for (n, by) in self.0.iter().enumerate() {
            sql.push(if n == 0 { "jsonb_build_array(" } else { ", " }).push(&by.column.sql);
        }
        sql.push(")");
    }

    /// Appends ` order by …`.
    pub(crate) fn order(&self, sql: &mut Sql) {
        for (n, by) in self.0.iter().enumerate() {
            sql.push(if n == 0 { " order by " } else { ", " }).push(&by.column.sql);
            sql.push(if by.descending { " desc" } else { "" });
        }
    }

    /// Appends ` and …` for what comes after a place. PostgreSQL puts null behind every value, before them if
    /// descending, and so does this.
    pub(crate) fn after(&self, position: &Position, sql: &mut Sql) -> Result<(), Fault> {
        if position.len() != self.0.len() {
            return Err(foreign());
        }
        sql.push(" and ");
        for (by, value) in self.0.iter().zip(position) {
            let name = by.column.at(Place::Table);
            let last = by.column.name == "name";
            sql.push("(");
            match (value.is_null(), by.descending) {
                (true, false) => _ = sql.push("false"),
                (true, true) => _ = sql.push(name).push(" is not null"),
                (false, descending) => {
                    sql.push(name).push(if descending { " < " } else { " > " });
                    bind(by.column, value, sql)?;
                    if !last && !descending {
                        sql.push(" or ").push(name).push(" is null");
                    }
                }
            }
            if !last {
                sql.push(" or (").push(name);
                if value.is_null() {
                    sql.push(" is null");
                } else {
                    sql.push(" = ");
                    bind(by.column, value, sql)?;
                }
                sql.push(" and ");
            }
        }
        for _ in 1..self.0.len() {
            sql.push("))");
        }
        sql.push(")");
        Ok(())
    }
}

/// Binds a value of a position as the column's type.
fn bind(column: &Column, value: &Value, sql: &mut Sql) -> Result<(), Fault> {
    match column.kind {
        ColumnKind::Text | ColumnKind::Enum(_) => sql.bind(value.as_str().ok_or_else(foreign)?.to_owned()),
        ColumnKind::Int => sql.bind(value.as_i64().ok_or_else(foreign)?),
        ColumnKind::Real => sql.bind(value.as_f64().ok_or_else(foreign)?),
        ColumnKind::Bool => sql.bind(value.as_bool().ok_or_else(foreign)?),
        ColumnKind::Time => {
            let instant = value.as_str().and_then(|text| DateTime::parse_from_rfc3339(text).ok());
            sql.bind(instant.ok_or_else(foreign)?.with_timezone(&Utc))
        }
    };
    Ok(())
}

/// A token that is not one of this list.
pub(crate) fn foreign() -> Fault {
    Fault::new(Reason::InvalidPageToken, "the token was altered, or is one of another list, order or caller")
}

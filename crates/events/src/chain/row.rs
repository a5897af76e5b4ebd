//! A row of the audit log, read from the database.

use chain::Row;
use sqlx::{Row as _, postgres::PgRow};

/// The columns a hash covers: all of them. `micros` is empty for an instant that is not finite, which no row of ours
/// has.
macro_rules! columns {
    () => {
        "audit.tx::text as transaction, audit.seq as number, audit.actor, audit.agency, audit.method, audit.name, \
         audit.outcome, audit.reason, audit.trace, audit.records, audit.elevation, audit.withheld, \
         case when isfinite(audit.at) then (extract(epoch from audit.at) * 1000000)::bigint end as micros"
    };
}
pub(super) use columns;

/// Reads the columns of [`columns!`]; `None` if an outer join found no row.
pub(super) fn read(row: &PgRow) -> Result<Option<Row>, sqlx::Error> {
    let Some(tx) = row.try_get::<Option<String>, _>("transaction")? else { return Ok(None) };
    Ok(Some(Row {
        tx: tx.parse().map_err(|error| sqlx::Error::Decode(Box::new(error)))?,
        seq: row.try_get("number")?,
        micros: row.try_get("micros")?,
        texts: [
            row.try_get("actor")?,
            row.try_get("agency")?,
            row.try_get("method")?,
            row.try_get("name")?,
            row.try_get("outcome")?,
            row.try_get("reason")?,
            row.try_get("trace")?,
        ],
        records: row.try_get("records")?,
        elevation: row.try_get("elevation")?,
        withheld: row.try_get("withheld")?,
    }))
}

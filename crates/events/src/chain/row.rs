//! A row of the audit log, and the one way it is written for hashing.

use crate::position::Position;
use sqlx::{Row as _, postgres::PgRow};

/// The columns a hash covers: all of them. `micros` is empty for an instant that is not finite, which no row of ours
/// has.
macro_rules! columns {
    () => {
        "audit.tx::text as transaction, audit.seq as number, audit.actor, audit.agency, audit.method, audit.name, \
         audit.outcome, audit.reason, audit.trace, \
         case when isfinite(audit.at) then (extract(epoch from audit.at) * 1000000)::bigint end as micros"
    };
}
pub(super) use columns;

/// A row of the audit log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Row {
    pub(super) position: Position,
    /// Microseconds since 1970, the resolution PostgreSQL keeps.
    micros: Option<i64>,
    /// Actor, agency, method, name, outcome, reason, trace.
    texts: [String; 7],
}

impl Row {
    /// Reads the columns of [`columns!`]; `None` if an outer join found no row.
    pub(super) fn read(row: &PgRow) -> Result<Option<Self>, sqlx::Error> {
        let Some(tx) = row.try_get::<Option<String>, _>("transaction")? else { return Ok(None) };
        let tx = tx.parse().map_err(|error| sqlx::Error::Decode(Box::new(error)))?;
        Ok(Some(Self {
            position: Position { tx, seq: row.try_get("number")? },
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
        }))
    }

    /// The row as bytes, each field with its length before it: two different rows never give the same bytes.
    pub(super) fn canonical(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(256);
        field(&mut bytes, b"legation.audit.v1");
        field(&mut bytes, &self.position.tx.to_be_bytes());
        field(&mut bytes, &self.position.seq.to_be_bytes());
        field(&mut bytes, self.micros.map(i64::to_be_bytes).as_ref().map_or(&[], |micros| micros.as_slice()));
        for text in &self.texts {
            field(&mut bytes, text.as_bytes());
        }
        bytes
    }
}

fn field(bytes: &mut Vec<u8>, value: &[u8]) {
    let length = u32::try_from(value.len()).expect("PostgreSQL keeps no field of 4 GiB");
    bytes.extend_from_slice(&length.to_be_bytes());
    bytes.extend_from_slice(value);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row() -> Row {
        let texts = ["users/u1", "police", "Open", "missions/fra", "done", "", "4bf9"].map(str::to_owned);
        Row { position: Position { tx: 7, seq: 9 }, micros: Some(1), texts }
    }

    #[test]
    fn text_that_moves_from_one_field_to_the_next_changes_the_bytes() {
        let mut moved = row();
        moved.texts[0] = "users/u1police".into();
        moved.texts[1] = String::new();
        assert_eq!(row().texts.concat(), moved.texts.concat());
        assert_ne!(row().canonical(), moved.canonical());
    }

    #[test]
    fn every_field_changes_the_bytes() {
        let mut all = vec![row().canonical()];
        for change in 0..10 {
            let mut changed = row();
            match change {
                0 => changed.position.tx = 8,
                1 => changed.position.seq = 8,
                2 => changed.micros = None,
                text => changed.texts[text - 3].push('x'),
            }
            all.push(changed.canonical());
        }
        all.sort();
        all.dedup();
        assert_eq!(all.len(), 11);
    }
}

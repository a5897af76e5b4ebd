//! The data key of one record, as a row has it: unwrapped for the moment it is needed, and remembered nowhere.
//!
//! That nothing remembers it is what makes an erasure take effect at once, in every process: it costs one decryption of 32
//! bytes for each record that is read.

use crate::kind::Kind;
use crate::sealed::{broken, no_vault};
use crate::store::Store;
use ::fault::Fault;
use chrono::{DateTime, Utc};
use proto::policy::v1::Reason;
use sqlx::Row as _;
use sqlx::postgres::PgRow;
use std::time::Duration;
use vault::DataKey;

/// The column of [`Texts::doc`](crate::texts::Texts) that has the wrapped key, or the instant at which it was destroyed.
pub(crate) const DATA_KEY: &str = "data_key";
/// From when PostgreSQL counts microseconds: 2000-01-01.
const EPOCH: Duration = Duration::from_secs(946_684_800);

/// What a record's sealed fields are sealed with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Secret {
    /// Nothing: the kind has no sealed fields, or this record has no key.
    None,
    /// A key made now, which is written with the record.
    New(DataKey),
    /// The key the record has.
    Known(DataKey),
    /// The key was destroyed then.
    Erased(DateTime<Utc>),
}

impl Secret {
    /// For a new record.
    pub(crate) fn first(kind: &Kind) -> Result<Self, Fault> {
        if !kind.seals() {
            return Ok(Self::None);
        }
        DataKey::random().map(Self::New).map_err(broken)
    }

    /// As it is once the record is written.
    pub(crate) fn known(self) -> Self {
        if let Self::New(key) = self { Self::Known(key) } else { self }
    }

    /// Of the record of this name, from a row with this column.
    pub(crate) fn of(row: &PgRow, column: &str, name: &str, kind: &Kind, store: &Store) -> Result<Self, Fault> {
        if !kind.seals() {
            return Ok(Self::None);
        }
        let kept: Option<&[u8]> = row.try_get(column).map_err(pg::fault)?;
        Self::kept(kept, name, kind, store)
    }

    /// From what is kept of it: eight bytes are an instant of PostgreSQL's.
    pub(crate) fn kept(kept: Option<&[u8]>, name: &str, kind: &Kind, store: &Store) -> Result<Self, Fault> {
        let Some(kept) = kept else { return Ok(Self::None) };
        if let Ok(instant) = <[u8; 8]>::try_from(kept) {
            let since = chrono::TimeDelta::microseconds(i64::from_be_bytes(instant));
            let at = DateTime::from(std::time::UNIX_EPOCH + EPOCH).checked_add_signed(since);
            return at.map(Self::Erased).ok_or_else(|| Fault::new(Reason::Internal, "an erasure has no instant"));
        }
        let vault = store.vault().ok_or_else(|| no_vault(kind))?;
        vault.unwrap(name, kept).map(Self::Known).map_err(broken)
    }
}

//! Instants as the contract, the database and Rust have them.

use chrono::{DateTime, SubsecRound as _, Utc};
use prost_types::Timestamp;

/// The instant as the contract writes it.
pub fn timestamp(at: DateTime<Utc>) -> Timestamp {
    let nanos = i32::try_from(at.timestamp_subsec_nanos()).unwrap_or(999_999_999);
    Timestamp { seconds: at.timestamp(), nanos }
}

/// The instant a timestamp of the contract means; none if there is none such (a wrong number of nanoseconds, a year
/// no calendar has).
pub fn instant(timestamp: &Timestamp) -> Option<DateTime<Utc>> {
    DateTime::from_timestamp(timestamp.seconds, u32::try_from(timestamp.nanos).ok()?)
}

/// The instant as PostgreSQL can keep it, which is to the microsecond.
pub(crate) fn kept(at: DateTime<Utc>) -> DateTime<Utc> {
    at.trunc_subsecs(6)
}

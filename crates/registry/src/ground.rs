//! What a new record rests on: other records as they were when it was thought out.
//!
//! Who answers from memory must not answer from what has changed since. So the statement that writes the answer looks
//! whether each record it rests on is still as it was, and does not write it otherwise: nothing has to be told to
//! forget, in this process or in another, and what is remembered costs no reading.

use proto::shape::Record;

/// A record in the version that something rests on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ground {
    /// Its name.
    pub name: String,
    /// Its version; every change, a deletion too, makes another.
    pub version: i64,
}

impl Ground {
    /// The record as it was read.
    pub fn of(record: &impl Record) -> Self {
        Self { name: record.name().to_owned(), version: crate::version(record.etag()).unwrap_or_default() }
    }
}

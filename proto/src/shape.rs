//! The shapes that messages of the contract share, so that generic code can keep, list and follow any record.
//!
//! The build implements these for every message that has the shape (`proto/build/shapes.rs`): nothing here is
//! written by hand for a single resource.

use crate::registry::v1::{ImportFailure, ImportOutcome, Revision};
use prost::{Message, Name};
use prost_types::{FieldMask, Timestamp};

/// A message that is kept as a record: one with the option `legation.policy.v1.resource`.
///
/// The states are numbers here, 0 for a resource without states; setters of fields a message lacks do nothing.
pub trait Record: Message + Name + Default + Clone + PartialEq + 'static {
    /// The name: `missions/fr-embassy`.
    fn name(&self) -> &str;
    /// Sets the name.
    fn set_name(&mut self, name: String);
    /// The identity, never used again.
    fn uid(&self) -> &str;
    /// Sets the identity.
    fn set_uid(&mut self, uid: String);
    /// The version, in a form only we read.
    fn etag(&self) -> &str;
    /// Sets the version.
    fn set_etag(&mut self, etag: String);
    /// The number of the state.
    fn state(&self) -> i32 {
        0
    }
    /// Sets the number of the state.
    fn set_state(&mut self, _: i32) {}
    /// When it was made.
    fn create_time(&self) -> Option<&Timestamp> {
        None
    }
    /// Sets when it was made.
    fn set_create_time(&mut self, _: Timestamp) {}
    /// When it last changed.
    fn update_time(&self) -> Option<&Timestamp> {
        None
    }
    /// Sets when it last changed.
    fn set_update_time(&mut self, _: Timestamp) {}
    /// When it was deleted.
    fn delete_time(&self) -> Option<&Timestamp> {
        None
    }
    /// Sets when it was deleted.
    fn set_delete_time(&mut self, _: Timestamp) {}
    /// Sets when what was sealed in it was erased.
    fn set_erase_time(&mut self, _: Timestamp) {}
    /// Takes the fields that callers cannot set (`OUTPUT_ONLY`) from another; from a default one it clears them.
    fn copy_outputs(&mut self, from: &Self);
    /// The JSON names of the fields that must stay as they were made (`IMMUTABLE`) and differ.
    fn changed_immutables(&self, _before: &Self) -> Vec<&'static str> {
        Vec::new()
    }
}

/// A message that asks for something: the input of any method. What a request does not have is empty.
pub trait Ask: Message + Name + Default + Clone + 'static {
    /// The record it is about.
    fn name(&self) -> &str {
        ""
    }
    /// The key under which a repeated request has one effect.
    fn request_id(&self) -> &str {
        ""
    }
    /// Clears that key.
    fn clear_request_id(&mut self) {}
    /// The version it means.
    fn etag(&self) -> &str {
        ""
    }
    /// Why it is asked.
    fn reason(&self) -> &str {
        ""
    }
    /// The past instant it asks about.
    fn as_of(&self) -> Option<&Timestamp> {
        None
    }
    /// How many records it wants at most; 0 leaves it to us.
    fn page_size(&self) -> i32 {
        0
    }
    /// Where the page begins.
    fn page_token(&self) -> &str {
        ""
    }
    /// Which records (AIP-160).
    fn filter(&self) -> &str {
        ""
    }
    /// In which order (AIP-132).
    fn order_by(&self) -> &str {
        ""
    }
    /// Words to find.
    fn q(&self) -> &str {
        ""
    }
    /// Whether deleted records count too.
    fn show_deleted(&self) -> bool {
        false
    }
    /// The last change received.
    fn cursor(&self) -> &str {
        ""
    }
}

/// A request that brings a record: create, update, import.
pub trait Carries<T>: Ask {
    /// The record.
    fn record(&self) -> Option<&T>;
    /// The last part of the name it shall have; empty leaves it to us.
    fn id(&self) -> &str {
        ""
    }
    /// The fields that count.
    fn mask(&self) -> Option<&FieldMask> {
        None
    }
}

/// An answer that is a page of records.
pub trait Page<T>: Message {
    /// The page; `next` is the token of the one after it, empty on the last.
    fn page(records: Vec<T>, next: String) -> Self;
}

/// An answer that is a page of a record's history.
pub trait History<T>: Message {
    /// The page; `next` is the token of the one after it, empty on the last.
    fn page(steps: Vec<(Revision, T)>, next: String) -> Self;
}

/// One committed change, as watchers receive it.
pub trait Change<T>: Message {
    /// The change; `cursor` goes on after it.
    fn change(cursor: String, revision: Revision, record: T) -> Self;
}

/// One record of an export.
pub trait Line<T>: Message {
    /// The line.
    fn line(record: T) -> Self;
}

/// What became of one line of an import.
pub trait ImportAnswer: Message {
    /// The answer to the line with this number, counted from 1.
    fn answer(line: i64, name: String, outcome: ImportOutcome, failure: Option<ImportFailure>) -> Self;
}

mod shaped {
    include!(concat!(env!("OUT_DIR"), "/shapes.rs"));
}

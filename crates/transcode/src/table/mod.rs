//! The descriptors compiled once to what the hot paths read: per message a dense table of its fields.

mod field;
mod message;
mod values;

pub(crate) use field::{
    Field, Kind, Label, MARK_CLASSIFIED, MARK_INTERNAL, MARK_OUTPUT_ONLY, MARK_PERSONAL, MARK_SHOWN_ONCE,
};
pub(crate) use message::{Known, Table};
pub(crate) use values::Values;

use crate::rule::Names;
use prost_reflect::DescriptorPool;
use std::collections::HashMap;
use std::fmt;
use std::sync::LazyLock;

/// The tables of every message and enum of a descriptor pool.
pub struct Tables {
    messages: Vec<Table>,
    enums: Vec<Values>,
    by_name: HashMap<Box<str>, u32>,
}

/// One message type and all that can be done with its wire bytes and its JSON. Costs nothing to copy.
#[derive(Clone, Copy)]
pub struct Message<'t> {
    pub(crate) tables: &'t Tables,
    pub(crate) table: &'t Table,
}

static TABLES: LazyLock<Tables> = LazyLock::new(|| Tables::of(proto::contract::contract().pool()));

/// The tables of the contract this build was made with.
pub fn tables() -> &'static Tables {
    &TABLES
}

/// Where each type stands in the tables, while they are being made.
pub(crate) struct Index {
    messages: HashMap<String, u32>,
    enums: HashMap<String, u32>,
    names: Names,
}

impl Tables {
    /// Compiles the tables. Takes some milliseconds; do it once.
    ///
    /// # Panics
    ///
    /// If a `pattern` in the contract is not a regular expression. The contract is compiled in, so a test finds it.
    pub fn of(pool: &DescriptorPool) -> Self {
        let position = |(n, name): (usize, String)| (name, u32::try_from(n).expect("a pool has fewer than 2^32 types"));
        let index = Index {
            messages: pool.all_messages().map(|found| found.full_name().to_owned()).enumerate().map(position).collect(),
            enums: pool.all_enums().map(|found| found.full_name().to_owned()).enumerate().map(position).collect(),
            names: Names::of(pool),
        };
        let enums: Vec<_> = pool.all_enums().map(|found| Values::of(&found)).collect();
        let mut messages: Vec<_> = pool.all_messages().map(|found| Table::of(found, &index, &enums)).collect();
        spread_marks(&mut messages);
        let by_name = index.messages.into_iter().map(|(name, n)| (name.into_boxed_str(), n)).collect();
        Self { messages, enums, by_name }
    }

    /// The message with this full name: `legation.accreditation.v1.Mission`.
    pub fn message(&self, full_name: &str) -> Option<Message<'_>> {
        let table = self.table(*self.by_name.get(full_name)?);
        Some(Message { tables: self, table })
    }

    #[inline]
    pub(crate) fn table(&self, index: u32) -> &Table {
        &self.messages[index as usize]
    }

    #[inline]
    pub(crate) fn values(&self, index: u32) -> &Values {
        &self.enums[index as usize]
    }
}

/// A message bears the marks of its fields and of all that is inside them.
fn spread_marks(messages: &mut [Table]) {
    loop {
        let mut changed = false;
        for n in 0..messages.len() {
            let inside = |field: &Field| match field.kind {
                Kind::Message(child) => field.marks | messages[child as usize].marks,
                _ => field.marks,
            };
            let marks = messages[n].fields.iter().map(inside).fold(0, |all, marks| all | marks);
            changed |= marks != messages[n].marks;
            messages[n].marks = marks;
        }
        if !changed {
            return;
        }
    }
}

impl<'t> Message<'t> {
    /// The full name: `legation.accreditation.v1.Mission`.
    pub fn full_name(self) -> &'t str {
        self.table.descriptor.full_name()
    }

    /// Whether it has a field of this name, as in the contract: `request_id`.
    pub fn has(self, field: &str) -> bool {
        self.table.find(field).is_some()
    }
}

impl fmt::Debug for Tables {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Tables({} messages, {} enums)", self.messages.len(), self.enums.len())
    }
}

impl fmt::Debug for Message<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Message({})", self.full_name())
    }
}

impl Index {
    pub(crate) fn message(&self, full_name: &str) -> u32 {
        self.messages[full_name]
    }

    pub(crate) fn values(&self, full_name: &str) -> u32 {
        self.enums[full_name]
    }

    pub(crate) fn names(&self) -> &Names {
        &self.names
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_whole_contract_compiles() {
        for message in proto::contract::contract().pool().all_messages() {
            let found = tables().message(message.full_name()).expect("every message has a table");
            assert_eq!(found.table.fields.len(), message.fields().len());
        }
        assert!(tables().message("legation.Nothing").is_none());
    }

    #[test]
    fn marks_reach_up_to_what_contains_them() {
        let marks = |name: &str| tables().message(&format!("legation.{name}")).unwrap().table.marks;
        assert_eq!(marks("accreditation.v1.MemberRevision") & MARK_PERSONAL, MARK_PERSONAL);
        assert_eq!(marks("gateway.v1.ListApiKeysResponse") & MARK_CLASSIFIED, MARK_CLASSIFIED);
        assert_eq!(marks("gateway.v1.CreateApiKeyResponse") & MARK_SHOWN_ONCE, MARK_SHOWN_ONCE);
        assert_eq!(marks("accreditation.v1.Mission") & (MARK_PERSONAL | MARK_CLASSIFIED), 0);
    }
}

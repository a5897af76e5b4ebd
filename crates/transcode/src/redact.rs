//! Drops fields by what the contract says of them: personal, classified, shown once, the office's own, set by us alone.

use crate::table::{
    Kind, MARK_CLASSIFIED, MARK_INTERNAL, MARK_OUTPUT_ONLY, MARK_PERSONAL, MARK_SHOWN_ONCE, Message, Table, Tables,
};
use crate::wire::{Broken, Payload, Wire, close, open};
use std::borrow::Cow;

/// What to drop.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Which {
    /// Personal data.
    pub personal: bool,
    /// What is classified.
    pub classified: bool,
    /// Secrets shown in the first answer only.
    pub shown_once: bool,
    /// What the office that keeps the record has for itself.
    pub internal: bool,
}

impl Which {
    /// Everything that is kept out of events and logs.
    pub const ALL: Self = Self { personal: true, classified: true, shown_once: true, internal: true };

    fn marks(self) -> u8 {
        let mark = |set: bool, mark: u8| if set { mark } else { 0 };
        mark(self.personal, MARK_PERSONAL)
            | mark(self.classified, MARK_CLASSIFIED)
            | mark(self.shown_once, MARK_SHOWN_ONCE)
            | mark(self.internal, MARK_INTERNAL)
    }
}

impl<'t> Message<'t> {
    /// The message without the fields asked for, however deep inside it; borrowed if its type has none of them.
    ///
    /// Where fields are dropped, so is everything the contract does not know, and what follows a place that cannot be
    /// read: nothing gets out because it was not understood. What an `Any` holds is not looked into.
    pub fn redact<'w>(self, wire: &'w [u8], which: Which) -> Cow<'w, [u8]> {
        without(self.tables, self.table, wire, which.marks())
    }

    /// The message without the fields that callers cannot set, however deep inside it; borrowed if its type has none.
    pub fn strip_output_only<'w>(self, wire: &'w [u8]) -> Cow<'w, [u8]> {
        without(self.tables, self.table, wire, MARK_OUTPUT_ONLY)
    }

    /// The names, in the contract, of this message's own fields that bear any of the marks.
    pub fn redacted(self, which: Which) -> impl Iterator<Item = &'t str> {
        let marks = which.marks();
        self.table.fields.iter().filter(move |field| field.marks & marks != 0).map(|field| &*field.name)
    }
}

fn without<'w>(tables: &Tables, table: &Table, wire: &'w [u8], marks: u8) -> Cow<'w, [u8]> {
    if table.marks & marks == 0 {
        return Cow::Borrowed(wire);
    }
    let mut out = Vec::with_capacity(wire.len());
    // What could be read up to a broken place is in `out` already.
    let _unreadable_rest = copy(tables, table, wire, marks, &mut out);
    Cow::Owned(out)
}

fn copy(tables: &Tables, table: &Table, bytes: &[u8], marks: u8, out: &mut Vec<u8>) -> Result<(), Broken> {
    let mut wire = Wire::new(bytes);
    let mut start = 0;
    while let Some((number, payload)) = wire.record()? {
        let end = bytes.len() - wire.left();
        let record = &bytes[start..end];
        start = end;
        let Some(field) = table.place(number).map(|place| &table.fields[place]) else { continue };
        if field.marks & marks != 0 {
            continue;
        }
        match (field.kind, payload) {
            (Kind::Message(child), Payload::Bytes(content)) if tables.table(child).marks & marks != 0 => {
                let inside = open(out, &field.tag);
                let done = copy(tables, tables.table(child), content, marks, out);
                close(out, inside);
                done?;
            }
            _ => out.extend_from_slice(record),
        }
    }
    Ok(())
}

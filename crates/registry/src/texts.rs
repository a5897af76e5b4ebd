//! The fixed SQL of one kind of record, composed once from its table's name; everything else in it is a bind.

use crate::effect::{Change, write_text};
use crate::follow::follow_text;
use crate::many::many_text;
use crate::secret::DATA_KEY;

/// The statements of one table. They live as long as the program, so that no call copies them.
#[derive(Debug)]
pub(crate) struct Texts {
    /// The table, quoted.
    pub(crate) table: String,
    /// What of a row is read as a record: its document, and for a kind with sealed fields its data key. The row's table
    /// has the only `name` in sight.
    pub(crate) doc: String,
    /// The document of a record that is there: name.
    pub(crate) get: String,
    /// The same without what opens its sealed part: name.
    pub(crate) public: String,
    /// A record and its version, which is locked already: name.
    pub(crate) held: String,
    /// A record and its version, locked against changes until the transaction ends: name.
    pub(crate) lock: String,
    /// A record, kept from changing until the transaction ends, which others may ask for too: name.
    pub(crate) share: String,
    /// As `lock`, or nothing if someone else holds it: name.
    pub(crate) try_lock: String,
    /// Writes many new records at once, by `many_text`.
    pub(crate) many: String,
    /// Changes many records at once, by `follow_text`.
    pub(crate) follow: String,
    /// Makes many records at once, by `follow_text`.
    pub(crate) open: String,
    /// The statement that writes a change and all that goes with it, by [`Texts::write`].
    writes: [String; 12],
}

impl Texts {
    pub(crate) fn of(table: &str, timed: bool, seals: bool) -> Self {
        assert!(
            !table.is_empty() && table.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_'),
            "{table}: tables are named in small letters"
        );
        let table = format!("\"{table}\"");
        let doc = if seals { format!("doc, {}", key_of("name", DATA_KEY)) } else { "doc".to_owned() };
        let there = format!("from {table} where name = $1 and deleted_at is null");
        let held = format!("select {doc}, uid, version, updated_at {there}");
        // A statement that waited for a lock sees the row as it then is, and the data key as it was before: so where there
        // is one, it locks alone, and another reads.
        let locked = if seals { format!("select {there}") } else { held.clone() };
        Self {
            get: format!("select {doc} {there}"),
            public: format!("select doc {there}"),
            // Weaker than `for update`, so that a child's foreign key does not wait for every change of its parent.
            lock: format!("{locked} for no key update"),
            share: format!("{locked} for share"),
            many: many_text(&table, timed, seals),
            follow: follow_text(&table, Change::Update),
            open: follow_text(&table, Change::Insert),
            try_lock: format!("{locked} for no key update skip locked"),
            writes: std::array::from_fn(|n| write_text(&table, Change::ALL[n / 4], n & 1 != 0, n & 2 != 0, seals)),
            doc,
            held,
            table,
        }
    }

    /// The statement for a change, with an idempotency key and with timers or without.
    pub(crate) fn write(&self, change: Change, keyed: bool, timed: bool) -> &str {
        &self.writes[change as usize * 4 + usize::from(keyed) + 2 * usize::from(timed)]
    }
}

/// A column with the wrapped data key of the record of a name, or with the instant at which it was destroyed.
pub(crate) fn key_of(name: &str, column: &str) -> String {
    format!("(select coalesce(wrapped, timestamptz_send(erased_at)) from data_keys where record = {name}) as {column}")
}

//! The fixed SQL of one kind of record, composed once from its table's name; everything else in it is a bind.

use crate::append::append_text;
use crate::effect::{Change, write_text};
use crate::follow::follow_text;

/// The statements of one table. They live as long as the program, so that no call copies them.
#[derive(Debug)]
pub(crate) struct Texts {
    /// The table, quoted.
    pub(crate) table: String,
    /// The document of a record that is there: name.
    pub(crate) get: String,
    /// A record and its version, locked against changes until the transaction ends: name.
    pub(crate) lock: String,
    /// A record, kept from changing until the transaction ends, which others may ask for too: name.
    pub(crate) share: String,
    /// As `lock`, or nothing if someone else holds it: name.
    pub(crate) try_lock: String,
    /// Appends many records at once, by `append_text`.
    pub(crate) append: String,
    /// Changes many records at once, by `follow_text`.
    pub(crate) follow: String,
    /// Makes many records at once, by `follow_text`.
    pub(crate) open: String,
    /// The statement that writes a change and all that goes with it, by [`Texts::write`].
    writes: [String; 12],
}

impl Texts {
    pub(crate) fn of(table: &str) -> Self {
        assert!(
            !table.is_empty() && table.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_'),
            "{table}: tables are named in small letters"
        );
        let table = format!("\"{table}\"");
        let locked =
            format!("select doc, uid, version, updated_at from {table} where name = $1 and deleted_at is null");
        Self {
            get: format!("select doc from {table} where name = $1 and deleted_at is null"),
            // Weaker than `for update`, so that a child's foreign key does not wait for every change of its parent.
            lock: format!("{locked} for no key update"),
            share: format!("{locked} for share"),
            append: append_text(&table),
            follow: follow_text(&table, Change::Update),
            open: follow_text(&table, Change::Insert),
            try_lock: format!("{locked} for no key update skip locked"),
            writes: std::array::from_fn(|n| write_text(&table, Change::ALL[n / 4], n & 1 != 0, n & 2 != 0)),
            table,
        }
    }

    /// The statement for a change, with an idempotency key and with timers or without.
    pub(crate) fn write(&self, change: Change, keyed: bool, timed: bool) -> &str {
        &self.writes[change as usize * 4 + usize::from(keyed) + 2 * usize::from(timed)]
    }
}

//! Holds a message against the contract's field rules and finds every violation at once.
//!
//! What callers cannot set (`OUTPUT_ONLY`) is passed over: the registry drops it. A record's own name need not be there.
//! In an update the rules hold for what is sent, and a required field may be absent unless the mask names it. Beyond the
//! rules, what could not be kept as a document is refused: NUL, text that is not UTF-8, values an enum does not know,
//! instants out of range, more levels than JSON is read with. What an `Any` holds is not looked into.

mod required;
mod value;

use crate::path::Path;
use crate::reader::DEEPEST_JSON;
use crate::refusal::Violations;
use crate::regular::regular;
use crate::table::{Field, Kind, Label, MARK_OUTPUT_ONLY, Message, Table, Tables};
use crate::to_json::{unpacked, zero};
use crate::wire::{Broken, Payload, Wire};
use fault::Violation;
use required::{Required, masked};
use std::borrow::Cow;

/// The most levels; JSON has one more where the innermost message shows its empty lists.
const DEEPEST: usize = DEEPEST_JSON - 1;

const TOO_DEEP: Broken = Broken("it is nested too deep");

impl Message<'_> {
    /// Every violation of the contract's field rules, at most a hundred; empty if there is none.
    ///
    /// Bytes that are no such message are a violation of the field they stand in.
    pub fn check(self, wire: &[u8]) -> Vec<Violation> {
        let run = |careful| {
            let mut pass = Pass { tables: self.tables, careful, found: Violations::default() };
            let done = pass.message(self.table, wire, &Path::Root, Required::All, DEEPEST);
            done.map(|()| pass.found.into_vec())
        };
        run(false).or_else(|Irregular| run(true)).expect("the careful pass puts every level in regular form")
    }
}

/// A singular field stands on the wire twice: its parts must be put together first.
#[derive(Debug)]
struct Irregular;

/// Why the reading of one message ended early.
enum Stop {
    Irregular,
    Broken(Broken),
}

impl From<Broken> for Stop {
    fn from(broken: Broken) -> Self {
        Self::Broken(broken)
    }
}

impl From<Irregular> for Stop {
    fn from(Irregular: Irregular) -> Self {
        Self::Irregular
    }
}

struct Pass<'t> {
    tables: &'t Tables,
    /// Whether every level is put in regular form before it is read.
    careful: bool,
    found: Violations,
}

impl Pass<'_> {
    /// One message; if its wire cannot be read, that is what is wrong with it, and its siblings are read on.
    fn message(
        &mut self,
        table: &Table,
        bytes: &[u8],
        path: &Path<'_>,
        required: Required<'_>,
        depth: usize,
    ) -> Result<(), Irregular> {
        match self.fields(table, bytes, path, required, depth) {
            Err(Stop::Irregular) => return Err(Irregular),
            Err(Stop::Broken(broken)) => self.found.add(path, broken),
            Ok(()) => {}
        }
        Ok(())
    }

    fn fields(
        &mut self,
        table: &Table,
        bytes: &[u8],
        path: &Path<'_>,
        required: Required<'_>,
        depth: usize,
    ) -> Result<(), Stop> {
        let depth = depth.checked_sub(1).ok_or(TOO_DEEP)?;
        let bytes = if self.careful { regular(table, bytes)? } else { Cow::Borrowed(bytes) };
        let update = match table.update {
            Some((mask, record)) => Some((record, masked(self, table, mask, record, &bytes, path)?)),
            None => None,
        };
        let mut counts = Counts::new(table.fields.len());
        let mut wire = Wire::new(&bytes);
        while let Some((number, payload)) = wire.record()? {
            let Some(place) = table.place(number) else { continue };
            let field = &table.fields[place];
            if field.marks & MARK_OUTPUT_ONLY != 0 {
                continue;
            }
            let path = path.field(&field.json);
            let count = counts.of(place);
            if !field.is_singular() {
                self.many(field, payload, &path, count, depth)?;
                continue;
            }
            if *count > 0 {
                return Err(Stop::Irregular);
            }
            let inside = match &update {
                Some((record, paths)) if *record == place => Some(paths.clone()),
                _ => required.inside(field),
            };
            let required = inside.as_deref().map_or(Required::All, Required::Named);
            *count = usize::from(self.value(field, field.kind, payload, &path, required, depth)?);
        }
        for (place, field) in table.required() {
            if *counts.of(place) == 0 && required.asks(field) {
                self.found.add(path.field(&field.json), "is required");
            }
        }
        Ok(())
    }

    /// One record of a list or map; `count` is how many items came before it.
    fn many(
        &mut self,
        field: &Field,
        payload: Payload<'_>,
        path: &Path<'_>,
        count: &mut usize,
        depth: usize,
    ) -> Result<(), Stop> {
        // A list or map is a level of the JSON too.
        let depth = depth.checked_sub(1).ok_or(TOO_DEEP)?;
        match payload {
            Payload::Bytes(packed) if field.kind.is_packable() => {
                let mut packed = Wire::new(packed);
                while !packed.is_empty() {
                    let item = unpacked(field.kind, &mut packed)?;
                    self.item(field, item, path, count, depth)?;
                }
                Ok(())
            }
            item => self.item(field, item, path, count, depth),
        }
    }

    fn item(
        &mut self,
        field: &Field,
        item: Payload<'_>,
        path: &Path<'_>,
        count: &mut usize,
        depth: usize,
    ) -> Result<(), Stop> {
        let most = field.rule.most_items;
        let index = *count;
        *count += 1;
        if index >= most {
            if index == most {
                self.found.add(path, format_args!("has more than {most} items"));
            }
            return Ok(());
        }
        if field.label == Label::Map {
            return self.entry(field, item, path, depth);
        }
        self.value(field, field.kind, item, &Path::Item(path, index), Required::All, depth).map(drop)
    }

    fn entry(&mut self, field: &Field, item: Payload<'_>, path: &Path<'_>, depth: usize) -> Result<(), Stop> {
        let (Kind::Message(entry), Payload::Bytes(bytes)) = (field.kind, item) else {
            return Err(Broken("a map has a wrong wire type").into());
        };
        let entry = self.tables.table(entry);
        let (key_field, value_field) = (&entry.fields[0], &entry.fields[1]);
        let bytes = if self.careful { regular(entry, bytes)? } else { Cow::Borrowed(bytes) };
        let (mut key, mut value) = (None, None);
        let mut wire = Wire::new(&bytes);
        while let Some((number, payload)) = wire.record()? {
            let twice = match number {
                1 => key.replace(payload).is_some(),
                2 => value.replace(payload).is_some(),
                _ => false,
            };
            if twice {
                return Err(Stop::Irregular);
            }
        }
        let key = key.unwrap_or(zero(key_field.kind));
        let name = value::key_text(key);
        let path = Path::Key(path, &name);
        self.value(key_field, key_field.kind, key, &path, Required::All, depth)?;
        let value = value.unwrap_or(zero(value_field.kind));
        self.value(field, value_field.kind, value, &path, Required::All, depth).map(drop)
    }
}

/// How often each field was met; of small messages without allocating.
struct Counts {
    few: [usize; 48],
    many: Vec<usize>,
}

impl Counts {
    fn new(fields: usize) -> Self {
        Self { few: [0; 48], many: vec![0; fields.saturating_sub(48)] }
    }

    fn of(&mut self, place: usize) -> &mut usize {
        if place < 48 { &mut self.few[place] } else { &mut self.many[place - 48] }
    }
}

//! Wire to JSON in one pass: every value is written where it is read, and no message object is made between.
//!
//! The JSON is proto3's: lowerCamel names in the order of the field numbers, 64-bit integers as text, enums by name,
//! bytes as base64. A singular field without presence is always shown, with its default if it was not sent; so are
//! empty lists and maps. A message, an `optional` field and a member of a oneof are shown only if they were sent.
//! Fields the contract does not know are skipped.

use crate::dynamic;
use crate::mask;
use crate::regular::regular;
use crate::table::{Field, Kind, Known, Label, Message, Table, Tables};
use crate::text::{put_base64, put_double, put_float, put_integer, put_quoted, put_text};
use crate::time;
use crate::wire::{Broken, Payload, Wire, unzigzag};
use std::borrow::Cow;
use std::collections::HashMap;

/// The most messages inside one another.
const DEEPEST: usize = 100;

const WRONG_TYPE: Broken = Broken("a field has a wrong wire type");

/// Why a pass ended early.
enum Stop {
    /// The wire is in no regular form; the careful pass can read it.
    Irregular,
    Broken(Broken),
}

impl From<Broken> for Stop {
    fn from(broken: Broken) -> Self {
        Self::Broken(broken)
    }
}

type Step<T = ()> = Result<T, Stop>;

impl Message<'_> {
    /// Appends the message as JSON.
    ///
    /// # Errors
    ///
    /// If the wire is no such message, or holds what JSON cannot say (an instant in the year 10,000). Then `out` is as
    /// it was.
    pub fn to_json(self, wire: &[u8], out: &mut Vec<u8>) -> Result<(), Broken> {
        let start = out.len();
        out.reserve(wire.len() * 2 + 64);
        let mut pass = Pass { tables: self.tables, careful: false };
        let mut done = pass.message(self.table, wire, out, DEEPEST);
        if matches!(done, Err(Stop::Irregular)) {
            out.truncate(start);
            pass.careful = true;
            done = pass.message(self.table, wire, out, DEEPEST);
        }
        match done {
            Ok(()) => Ok(()),
            Err(stop) => {
                out.truncate(start);
                Err(match stop {
                    Stop::Broken(broken) => broken,
                    Stop::Irregular => unreachable!("the careful pass puts every level in regular form"),
                })
            }
        }
    }
}

struct Pass<'t> {
    tables: &'t Tables,
    /// Whether every level is put in regular form before it is read.
    careful: bool,
}

/// A record that has been read: the next one to write.
type Next<'w> = Option<(u32, Payload<'w>)>;

impl Pass<'_> {
    fn message(&self, table: &Table, bytes: &[u8], out: &mut Vec<u8>, depth: usize) -> Step {
        match table.known {
            Known::Plain => return self.object(table, bytes, out, depth),
            Known::Dynamic => dynamic::to_json(&table.descriptor, bytes, out)?,
            Known::Wrapper => {
                let field = table.first();
                let value = last(bytes, field.number)?.unwrap_or(zero(field.kind));
                return self.value(field.kind, value, out, depth);
            }
            Known::FieldMask => mask::write(out, bytes)?,
            Known::Timestamp | Known::Duration => {
                let (seconds, nanos) = parts(bytes)?;
                out.push(b'"');
                match table.known {
                    Known::Timestamp => time::write_instant(out, seconds, nanos)?,
                    _ => time::write_span(out, seconds, nanos)?,
                }
                out.push(b'"');
            }
        }
        Ok(())
    }

    fn object(&self, table: &Table, bytes: &[u8], out: &mut Vec<u8>, depth: usize) -> Step {
        let depth = depth.checked_sub(1).ok_or(Broken("it is nested too deep"))?;
        let bytes = if self.careful { regular(table, bytes)? } else { Cow::Borrowed(bytes) };
        let mut wire = Wire::new(&bytes);
        let start = out.len();
        let (mut done, mut oneofs) = (0, 0_u64);
        let mut next = wire.record()?;
        while let Some((number, payload)) = next {
            let Some(place) = table.place(number) else {
                next = wire.record()?;
                continue;
            };
            if place < done {
                return Err(Stop::Irregular);
            }
            let field = &table.fields[place];
            if let Some(oneof) = field.oneof {
                // Two oneofs that share a bit only send us to the careful pass, which asks no such question.
                let bit = 1 << (oneof % 64);
                if oneofs & bit != 0 && !self.careful {
                    return Err(Stop::Irregular);
                }
                oneofs |= bit;
            }
            out.extend_from_slice(table.absent(done, place));
            done = place + 1;
            out.extend_from_slice(&field.key);
            next = match field.label {
                Label::Implicit | Label::Explicit => {
                    self.value(field.kind, payload, out, depth)?;
                    wire.record()?
                }
                Label::Repeated => self.list(field, payload, &mut wire, out, depth)?,
                Label::Map => self.map(field, payload, &mut wire, out, depth)?,
            };
        }
        out.extend_from_slice(table.absent(done, table.fields.len()));
        wrap(out, start, *b"{}");
        Ok(())
    }

    fn list<'w>(
        &self,
        field: &Field,
        first: Payload<'w>,
        wire: &mut Wire<'w>,
        out: &mut Vec<u8>,
        depth: usize,
    ) -> Step<Next<'w>> {
        let start = out.len();
        let mut payload = first;
        loop {
            match payload {
                Payload::Bytes(packed) if field.kind.is_packable() => {
                    let mut packed = Wire::new(packed);
                    while !packed.is_empty() {
                        out.push(b',');
                        let item = unpacked(field.kind, &mut packed)?;
                        self.value(field.kind, item, out, depth)?;
                    }
                }
                item => {
                    out.push(b',');
                    self.value(field.kind, item, out, depth)?;
                }
            }
            match wire.record()? {
                Some((number, next)) if number == field.number => payload = next,
                next => {
                    wrap(out, start, *b"[]");
                    return Ok(next);
                }
            }
        }
    }

    fn map<'w>(
        &self,
        field: &Field,
        first: Payload<'w>,
        wire: &mut Wire<'w>,
        out: &mut Vec<u8>,
        depth: usize,
    ) -> Step<Next<'w>> {
        let Kind::Message(entry) = field.kind else { unreachable!("a map's kind is its entry's message") };
        let entry = self.tables.table(entry);
        let (key_field, value_field) = (&entry.fields[0], &entry.fields[1]);
        let mut entries = Vec::new();
        let mut payload = first;
        let next = loop {
            let Payload::Bytes(bytes) = payload else { return Err(WRONG_TYPE.into()) };
            entries.push(if self.careful { regular(entry, bytes)? } else { Cow::Borrowed(bytes) });
            match wire.record()? {
                Some((number, next)) if number == field.number => payload = next,
                next => break next,
            }
        };
        let mut read = Vec::with_capacity(entries.len());
        for bytes in &entries {
            let (mut key, mut value) = (None, None);
            let mut wire = Wire::new(bytes);
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
            let mut name = Vec::new();
            self.key(key_field.kind, key.unwrap_or(zero(key_field.kind)), &mut name)?;
            read.push((name, value.unwrap_or(zero(value_field.kind))));
        }
        // Of entries with one key the last holds.
        let holds: HashMap<_, _> = read.iter().enumerate().map(|(n, (name, _))| (name.as_slice(), n)).collect();
        let start = out.len();
        for (n, (name, value)) in read.iter().enumerate() {
            if holds[name.as_slice()] == n {
                out.push(b',');
                out.extend_from_slice(name);
                out.push(b':');
                self.value(value_field.kind, *value, out, depth)?;
            }
        }
        wrap(out, start, *b"{}");
        Ok(next)
    }

    /// A map's key: text whatever its kind.
    fn key(&self, kind: Kind, payload: Payload<'_>, out: &mut Vec<u8>) -> Step {
        if kind == Kind::String || kind.is_64_bit_integer() {
            return self.value(kind, payload, out, 0);
        }
        out.push(b'"');
        self.value(kind, payload, out, 0)?;
        out.push(b'"');
        Ok(())
    }

    #[inline]
    fn value(&self, kind: Kind, payload: Payload<'_>, out: &mut Vec<u8>, depth: usize) -> Step {
        match (kind, payload) {
            (Kind::String, Payload::Bytes(text)) => put_text(out, text)?,
            (Kind::Message(child), Payload::Bytes(bytes)) => {
                return self.message(self.tables.table(child), bytes, out, depth);
            }
            (Kind::Enum(values), Payload::Varint(value)) => {
                let number = value as i32;
                match self.tables.values(values).quoted(number) {
                    Some(name) => out.extend_from_slice(name),
                    None => put_integer(out, number),
                }
            }
            (Kind::Bool, Payload::Varint(value)) => out.extend_from_slice(if value == 0 { b"false" } else { b"true" }),
            (Kind::Int32, Payload::Varint(value)) => put_integer(out, value as i32),
            (Kind::Int64, Payload::Varint(value)) => put_quoted(out, value.cast_signed()),
            (Kind::Uint32, Payload::Varint(value)) => put_integer(out, value as u32),
            (Kind::Uint64, Payload::Varint(value)) => put_quoted(out, value),
            (Kind::Sint32, Payload::Varint(value)) => put_integer(out, unzigzag(u64::from(value as u32)) as i32),
            (Kind::Sint64, Payload::Varint(value)) => put_quoted(out, unzigzag(value)),
            (Kind::Fixed32, Payload::Fixed32(value)) => put_integer(out, value),
            (Kind::Sfixed32, Payload::Fixed32(value)) => put_integer(out, value.cast_signed()),
            (Kind::Fixed64, Payload::Fixed64(value)) => put_quoted(out, value),
            (Kind::Sfixed64, Payload::Fixed64(value)) => put_quoted(out, value.cast_signed()),
            (Kind::Float, Payload::Fixed32(value)) => put_float(out, f32::from_bits(value)),
            (Kind::Double, Payload::Fixed64(value)) => put_double(out, f64::from_bits(value)),
            (Kind::Bytes, Payload::Bytes(bytes)) => put_base64(out, bytes),
            _ => return Err(WRONG_TYPE.into()),
        }
        Ok(())
    }
}

/// Turns what was written since `start`, each part after a comma, into an object or a list.
#[inline]
fn wrap(out: &mut Vec<u8>, start: usize, [opening, closing]: [u8; 2]) {
    if out.len() == start {
        out.push(opening);
    } else {
        out[start] = opening;
    }
    out.push(closing);
}

/// The payload that an absent value stands for.
pub(crate) fn zero(kind: Kind) -> Payload<'static> {
    match kind.wire_type() {
        0 => Payload::Varint(0),
        1 => Payload::Fixed64(0),
        5 => Payload::Fixed32(0),
        _ => Payload::Bytes(&[]),
    }
}

/// One item of a packed list.
pub(crate) fn unpacked<'w>(kind: Kind, packed: &mut Wire<'w>) -> Result<Payload<'w>, Broken> {
    Ok(match kind.wire_type() {
        0 => Payload::Varint(packed.varint()?),
        1 => Payload::Fixed64(packed.fixed64()?),
        5 => Payload::Fixed32(packed.fixed32()?),
        _ => return Err(WRONG_TYPE),
    })
}

/// The last payload of one field.
pub(crate) fn last(bytes: &[u8], number: u32) -> Result<Option<Payload<'_>>, Broken> {
    let mut wire = Wire::new(bytes);
    let mut found = None;
    while let Some((other, payload)) = wire.record()? {
        if other == number {
            found = Some(payload);
        }
    }
    Ok(found)
}

/// Seconds and nanoseconds of a Timestamp or Duration.
pub(crate) fn parts(bytes: &[u8]) -> Result<(i64, i64), Broken> {
    let (mut seconds, mut nanos) = (0, 0);
    let mut wire = Wire::new(bytes);
    while let Some((number, payload)) = wire.record()? {
        match (number, payload) {
            (1, Payload::Varint(value)) => seconds = value.cast_signed(),
            (2, Payload::Varint(value)) => nanos = i64::from(value as i32),
            (1 | 2, _) => return Err(WRONG_TYPE),
            _ => {}
        }
    }
    Ok((seconds, nanos))
}

//! JSON to wire in one pass: values go straight into the wire bytes, lengths are put in when they are known.
//!
//! The JSON is proto3's, read strictly: either name of a field but not both, enums by name or by a number the contract
//! knows, `null` as absence. Refused are unknown fields, duplicate keys, two members of a oneof, NUL in text, numbers
//! out of range. The pass goes on past every mistake it can, so that a caller learns of all of them at once.

use crate::dynamic;
use crate::mask;
use crate::path::Path;
use crate::reader::{Reader, Token};
use crate::refusal::{Malformed, Refusal, Violations};
use crate::scalar::{self, Complaint, Scalar};
use crate::table::{Field, Kind, Known, Label, Message, Table, Tables};
use crate::time;
use crate::wire::{close, open, put_varint};
use std::borrow::Cow;
use std::collections::HashSet;

/// The most items of one list or entries of one map that are read at all; the contract's own limits are lower.
pub const MOST_ITEMS_READ: usize = 10_000;

impl Message<'_> {
    /// Appends the wire bytes of the message given as JSON.
    ///
    /// # Errors
    ///
    /// If it is not JSON, or with all violations of the contract's types, each with its path. Then `out` is as it was.
    pub fn to_wire(self, json: &[u8], out: &mut Vec<u8>) -> Result<(), Refusal> {
        self.to_wire_beside(json, out, &[]).map(drop)
    }

    /// As [`Message::to_wire`], of an object that has more than the message: keys with these names are read past, and the
    /// JSON of each that is there is given back with its place in `names`.
    ///
    /// # Errors
    ///
    /// As [`Message::to_wire`].
    pub fn to_wire_beside<'j>(
        self,
        json: &'j [u8],
        out: &mut Vec<u8>,
        names: &'j [&'j str],
    ) -> Result<Beside<'j>, Refusal> {
        let start = out.len();
        let mut pass = Pass::new(self.tables, json, out)?;
        pass.names = names;
        let done = pass.content(self.table, &Path::Root).and_then(|()| pass.json.end());
        let refusal = match (done, pass.violations) {
            (Err(malformed), _) => Refusal::Malformed(malformed),
            (Ok(()), violations) if violations.is_empty() => return Ok(pass.beside),
            (Ok(()), violations) => Refusal::Violations(violations.into_vec()),
        };
        out.truncate(start);
        Err(refusal)
    }
}

/// One JSON text on its way to the wire.
pub(crate) struct Pass<'t, 'j, 'o> {
    tables: &'t Tables,
    json: Reader<'j>,
    out: &'o mut Vec<u8>,
    pub(crate) violations: Violations,
    /// Names of keys of the outermost object that are no fields, and their JSON as it is found.
    names: &'j [&'j str],
    beside: Beside<'j>,
}

/// What an object has beside a message: the place of each key among the names that were asked for, and its JSON.
pub type Beside<'j> = Vec<(usize, &'j str)>;

type Step = Result<(), Malformed>;

impl<'t, 'j, 'o> Pass<'t, 'j, 'o> {
    pub(crate) fn new(tables: &'t Tables, json: &'j [u8], out: &'o mut Vec<u8>) -> Result<Self, Malformed> {
        out.reserve(json.len());
        Ok(Self {
            tables,
            json: Reader::new(json)?,
            out,
            violations: Violations::default(),
            names: &[],
            beside: Vec::new(),
        })
    }

    /// Only space may be left.
    pub(crate) fn end(&mut self) -> Step {
        self.json.end()
    }

    /// A message without tag and length.
    pub(crate) fn content(&mut self, table: &Table, path: &Path<'_>) -> Step {
        let token = self.json.peek()?;
        match (table.known, token) {
            (Known::Plain, Token::Object) => self.object(table, path),
            (Known::Plain, _) => self.refuse(path, format!("must be an object, not {}", token.noun())),
            (Known::Dynamic, _) => {
                let (raw, wrong) = self.json.raw()?;
                match wrong.map_or_else(|| dynamic::to_wire(&table.descriptor, raw), |wrong| Err(wrong.to_owned())) {
                    Ok(bytes) => self.out.extend_from_slice(&bytes),
                    Err(complaint) => self.violations.add(path, complaint),
                }
                Ok(())
            }
            (Known::Wrapper, _) => {
                let inner = table.first();
                if let Some(value) = self.scalar(inner.kind, path)?.filter(|value| !value.is_zero()) {
                    value.put(&inner.tag, self.out);
                }
                Ok(())
            }
            (known, Token::Text) => {
                let text = self.json.string()?;
                if let Err(complaint) = put_known(known, &text, self.out) {
                    self.violations.add(path, complaint);
                }
                Ok(())
            }
            _ => self.refuse(path, format!("must be text, not {}", token.noun())),
        }
    }

    fn object(&mut self, table: &Table, path: &Path<'_>) -> Step {
        self.json.enter()?;
        let (mut seen, mut oneofs) = (Seen::default(), Seen::default());
        let mut likely = 0;
        while let Some(key) = self.json.key()? {
            let Some(place) = table.find_near(&key, likely) else {
                if matches!(path, Path::Root)
                    && let Some(place) = self.names.iter().position(|name| *name == key)
                {
                    let (raw, _) = self.json.raw()?;
                    self.beside.push((place, raw));
                    continue;
                }
                let complaint = format!("is not a field of {}", table.descriptor.name());
                self.refuse(&path.field(&key), complaint)?;
                continue;
            };
            likely = place + 1;
            let field = &table.fields[place];
            let path = path.field(&field.json);
            if !seen.insert(place) {
                self.refuse(&path, "is given more than once".to_owned())?;
            } else if self.json.peek()? == Token::Null && !self.takes_null(field) {
                self.json.null()?;
            } else if field.oneof.is_some_and(|oneof| !oneofs.insert(oneof)) {
                self.refuse(&path, "is given beside another field that excludes it".to_owned())?;
            } else {
                self.field(field, &path)?;
            }
        }
        Ok(())
    }

    /// Whether null is a value of the field rather than its absence.
    fn takes_null(&self, field: &Field) -> bool {
        field.is_singular() && self.has_null(field.kind)
    }

    fn has_null(&self, kind: Kind) -> bool {
        match kind {
            Kind::Enum(values) => self.tables.values(values).null,
            Kind::Message(child) => self.tables.table(child).descriptor.full_name() == "google.protobuf.Value",
            _ => false,
        }
    }

    /// A field with its tag, however many values it has.
    pub(crate) fn field(&mut self, field: &Field, path: &Path<'_>) -> Step {
        match field.label {
            Label::Implicit | Label::Explicit => self.single(field, path),
            Label::Repeated => self.list(field, path),
            Label::Map => self.map(field, path),
        }
    }

    #[inline]
    fn single(&mut self, field: &Field, path: &Path<'_>) -> Step {
        if let Kind::Message(child) = field.kind {
            let start = open(self.out, &field.tag);
            self.content(self.tables.table(child), path)?;
            close(self.out, start);
        } else if let Some(value) = self.scalar(field.kind, path)?
            && (field.label != Label::Implicit || !value.is_zero())
        {
            value.put(&field.tag, self.out);
        }
        Ok(())
    }

    fn list(&mut self, field: &Field, path: &Path<'_>) -> Step {
        let token = self.json.peek()?;
        if token != Token::List {
            return self.refuse(path, format!("must be a list, not {}", token.noun()));
        }
        self.json.enter()?;
        let packed = field.packed.then(|| open(self.out, &field.length_tag));
        let mut count = 0;
        while self.json.item()? {
            let path = Path::Item(path, count);
            count += 1;
            if count > MOST_ITEMS_READ || (self.json.peek()? == Token::Null && !self.has_null(field.kind)) {
                self.json.skip()?;
                if count <= MOST_ITEMS_READ {
                    self.violations.add(path, "must not be null");
                }
            } else if let Kind::Message(child) = field.kind {
                let start = open(self.out, &field.tag);
                self.content(self.tables.table(child), &path)?;
                close(self.out, start);
            } else if let Some(value) = self.scalar(field.kind, &path)? {
                match packed {
                    Some(_) => value.put_bare(self.out),
                    None => value.put(&field.tag, self.out),
                }
            }
        }
        if let Some(start) = packed {
            if count == 0 {
                self.out.truncate(start - 1 - field.length_tag.len());
            } else {
                close(self.out, start);
            }
        }
        self.bounded(count, path);
        Ok(())
    }

    fn map(&mut self, field: &Field, path: &Path<'_>) -> Step {
        let token = self.json.peek()?;
        if token != Token::Object {
            return self.refuse(path, format!("must be an object, not {}", token.noun()));
        }
        let Kind::Message(entry) = field.kind else { unreachable!("a map's kind is its entry's message") };
        let entry = self.tables.table(entry);
        let (key_field, value_field) = (&entry.fields[0], &entry.fields[1]);
        self.json.enter()?;
        let mut keys = HashSet::new();
        let mut count = 0;
        while let Some(name) = self.json.key()? {
            let path = Path::Key(path, &name);
            count += 1;
            if count > MOST_ITEMS_READ {
                self.json.skip()?;
                continue;
            }
            let start = open(self.out, &field.tag);
            match scalar::from_words(self.tables, key_field.kind, Cow::Borrowed(&*name)) {
                Ok(key) => {
                    key.put(&key_field.tag, self.out);
                    if !keys.insert(self.out[start..].to_vec()) {
                        self.violations.add(path, "is given more than once");
                    }
                }
                Err(complaint) => self.violations.add(path, format!("has a wrong key: it {complaint}")),
            }
            if self.json.peek()? == Token::Null && !self.has_null(value_field.kind) {
                self.refuse(&path, "must not be null".to_owned())?;
            } else {
                self.single(value_field, &path)?;
            }
            close(self.out, start);
        }
        self.bounded(count, path);
        Ok(())
    }

    fn bounded(&mut self, count: usize, path: &Path<'_>) {
        if count > MOST_ITEMS_READ {
            self.violations.add(path, format!("has more than {MOST_ITEMS_READ} items"));
        }
    }

    /// A value that is not a message; none if it is wrong, which is then among the violations.
    #[inline]
    fn scalar(&mut self, kind: Kind, path: &Path<'_>) -> Result<Option<Scalar<'j>>, Malformed> {
        let read = match self.json.peek()? {
            Token::Text => scalar::from_text(self.tables, kind, self.json.string()?),
            Token::Number => scalar::from_number(self.tables, kind, self.json.number()?),
            Token::Bool if kind == Kind::Bool => Ok(Scalar::boolean(self.json.boolean()?)),
            Token::Null if self.has_null(kind) => self.json.null().map(|()| Ok(Scalar::Varint(0)))?,
            token => {
                self.json.skip()?;
                Err(scalar::wrong(kind, token.noun()))
            }
        };
        Ok(read.map_err(|complaint| self.violations.add(path, complaint)).ok())
    }

    /// Reads past the value and notes what is wrong with it.
    #[cold]
    fn refuse(&mut self, path: &Path<'_>, complaint: String) -> Step {
        self.violations.add(path, complaint);
        self.json.skip().map(drop)
    }
}

/// Writes the content of a message whose JSON form is text.
pub(crate) fn put_known(known: Known, text: &str, out: &mut Vec<u8>) -> Result<(), Complaint> {
    let (seconds, nanos) = match known {
        Known::FieldMask => {
            return mask::read(text, out).ok_or("must be at most 1000 names of fields with commas between".into());
        }
        Known::Timestamp => {
            time::read_instant(text).ok_or("must be an instant of RFC 3339 such as 2026-11-21T08:30:00Z")?
        }
        _ => time::read_span(text).ok_or("must be a number of seconds such as 1.5s")?,
    };
    for (tag, value) in [(0x08, seconds), (0x10, nanos)] {
        if value != 0 {
            out.push(tag);
            put_varint(out, value.cast_unsigned());
        }
    }
    Ok(())
}

/// The places seen so far; of the first 64 without allocating.
#[derive(Default)]
struct Seen {
    low: u64,
    high: HashSet<usize>,
}

impl Seen {
    /// Whether it was not there yet.
    #[inline]
    fn insert(&mut self, place: usize) -> bool {
        if place >= 64 {
            return self.high.insert(place);
        }
        let new = self.low & (1 << place) == 0;
        self.low |= 1 << place;
        new
    }
}

//! Field masks: their text form, and the mask that a partial update means when it names none.

use crate::reader::{Reader, Token};
use crate::refusal::{Malformed, Refusal};
use crate::table::{Field, Kind, Known, MARK_OUTPUT_ONLY, Message, Table, Tables};
use crate::wire::{Broken, Payload, Wire, put_bytes};

/// The most paths of one mask.
const MOST_PATHS: usize = 1_000;

/// The tag of `FieldMask.paths`.
pub(crate) const PATHS: &[u8] = &[0x0a];

/// Writes a mask's paths as JSON text: `"title,address.postalCode"`.
pub(crate) fn write(out: &mut Vec<u8>, mask: &[u8]) -> Result<(), Broken> {
    let start = out.len();
    for path in paths(mask)? {
        out.push(b',');
        camel(out, path).ok_or(Broken("a path of a field mask has no JSON form"))?;
    }
    if out.len() == start {
        out.push(b'"');
    } else {
        out[start] = b'"';
    }
    out.push(b'"');
    Ok(())
}

/// Writes the wire bytes of a mask given as text, in JSON names or the contract's.
pub(crate) fn read(text: &str, out: &mut Vec<u8>) -> Option<()> {
    for (n, path) in text.split(',').filter(|path| !path.is_empty()).enumerate() {
        if n == MOST_PATHS {
            return None;
        }
        put_bytes(out, PATHS, snake(path)?.as_bytes());
    }
    Some(())
}

/// The paths of a mask on the wire.
pub(crate) fn paths(mask: &[u8]) -> Result<Vec<&str>, Broken> {
    let mut all = Vec::new();
    let mut wire = Wire::new(mask);
    while let Some((number, payload)) = wire.record()? {
        match (number, payload) {
            (1, _) if all.len() == MOST_PATHS => return Err(Broken("a field mask has more than 1000 paths")),
            (1, Payload::Bytes(path)) => {
                all.push(std::str::from_utf8(path).map_err(|_| Broken("a path of a field mask is not UTF-8"))?);
            }
            (1, _) => return Err(Broken("a field mask has a wrong wire type")),
            _ => {}
        }
    }
    Ok(all)
}

/// `postal_code` as `postalCode`; none if the way back would lead elsewhere.
pub(crate) fn camel(out: &mut Vec<u8>, path: &str) -> Option<()> {
    let mut upper = false;
    for byte in path.bytes() {
        match byte {
            b'A'..=b'Z' | b'"' | b'\\' | 0..0x20 => return None,
            b'a'..=b'z' if upper => out.push(byte.to_ascii_uppercase()),
            _ if upper => return None,
            b'_' => {}
            _ => out.push(byte),
        }
        upper = byte == b'_';
    }
    (!upper).then_some(())
}

/// `postalCode` or `postal_code` as `postal_code`; none for a mixture of the two.
fn snake(path: &str) -> Option<String> {
    if path.contains('_') && path.contains(|c: char| c.is_ascii_uppercase()) {
        return None;
    }
    let mut name = String::with_capacity(path.len() + 4);
    for c in path.chars() {
        match c {
            'A'..='Z' => {
                name.push('_');
                name.push(c.to_ascii_lowercase());
            }
            'a'..='z' | '0'..='9' | '_' | '.' | '*' => name.push(c),
            _ => return None,
        }
    }
    Some(name)
}

/// The fields a path leads through, from the outermost in; none if it leads nowhere or into a list, a map or a type
/// with a JSON form of its own.
pub(crate) fn resolve<'t>(tables: &'t Tables, table: &'t Table, path: &str) -> Option<Vec<&'t Field>> {
    let mut fields = Vec::new();
    let mut inside = Some(table);
    for name in path.split('.') {
        let table = inside.filter(|table| table.known == Known::Plain)?;
        let field = &table.fields[table.find(name)?];
        inside = match field.kind {
            Kind::Message(child) if field.is_singular() => Some(tables.table(child)),
            _ => None,
        };
        fields.push(field);
    }
    Some(fields)
}

impl Message<'_> {
    /// The update mask that a JSON body means when none is given: its leaves, in the contract's names.
    ///
    /// A `null` is a leaf (the field is cleared), and so are lists, maps and an empty object. Fields that callers cannot
    /// set and the record's own name are left out: a record that was read can be sent back with a change in it.
    ///
    /// # Errors
    ///
    /// If the body is not JSON. Unknown fields are passed over; [`Message::to_wire`] refuses them.
    pub fn mask(self, json: &[u8]) -> Result<Vec<String>, Refusal> {
        Ok(leaves_of(self.tables, self.table, json)?)
    }
}

/// The leaves of a JSON text.
pub(crate) fn leaves_of(tables: &Tables, table: &Table, json: &[u8]) -> Result<Vec<String>, Malformed> {
    let mut reader = Reader::new(json)?;
    let mut found = Vec::new();
    leaves(tables, table, &mut reader, "", &mut found)?;
    reader.end()?;
    Ok(found)
}

/// Collects the leaves of the value that comes next; says whether it was an object with something in it.
fn leaves(
    tables: &Tables,
    table: &Table,
    reader: &mut Reader<'_>,
    prefix: &str,
    found: &mut Vec<String>,
) -> Result<bool, Malformed> {
    if reader.peek()? != Token::Object || table.known != Known::Plain {
        reader.skip()?;
        return Ok(false);
    }
    reader.enter()?;
    let mut any = false;
    while let Some(key) = reader.key()? {
        any = true;
        let settable = |field: &&Field| field.marks & MARK_OUTPUT_ONLY == 0 && !field.rule.identifier;
        let Some(field) = table.find(&key).map(|place| &table.fields[place]).filter(settable) else {
            reader.skip()?;
            continue;
        };
        let path = format!("{prefix}{}", field.name);
        let inside = match field.kind {
            Kind::Message(child) if field.is_singular() => {
                leaves(tables, tables.table(child), reader, &format!("{path}."), found)?
            }
            _ => {
                reader.skip()?;
                false
            }
        };
        if !inside {
            found.push(path);
        }
    }
    Ok(any)
}

//! Applies a field mask at wire level: the fields it names are taken from the new message, all others from the old.

use crate::mask;
use crate::regular::regular;
use crate::table::{Field, Kind, Message, Table, Tables};
use crate::wire::{Broken, Payload, Wire, close, open};
use fault::Violation;

impl Message<'_> {
    /// The old message with the fields that `paths` name as the new one has them (AIP-134, AIP-161).
    ///
    /// A path may lead into messages (`address.locality`); lists and maps are replaced whole; a field the new message
    /// lacks is cleared; `*` replaces everything. Names are the contract's or JSON's.
    ///
    /// # Errors
    ///
    /// A violation of `updateMask` if a path names no field or leads into a list or map, or if either message cannot be
    /// read.
    pub fn merge<P: AsRef<str>>(self, old: &[u8], new: &[u8], paths: &[P]) -> Result<Vec<u8>, Violation> {
        if paths.iter().any(|path| path.as_ref() == "*") {
            return Ok(new.to_vec());
        }
        let violation = |description: String| Violation { field: "updateMask".to_owned(), description };
        let mut named = Vec::with_capacity(paths.len());
        for path in paths {
            let path = path.as_ref();
            let fields = mask::resolve(self.tables, self.table, path)
                .ok_or_else(|| violation(format!("names no field that can be changed alone: {path}")))?;
            named.push(fields.iter().map(|field| field.number).collect::<Vec<_>>());
        }
        let named: Vec<_> = named.iter().map(Vec::as_slice).collect();
        let mut out = Vec::with_capacity(old.len() + new.len());
        merge(self.tables, self.table, old, new, &named, &mut out).map_err(|broken| violation(broken.to_string()))?;
        Ok(out)
    }
}

/// Appends the merge of one level, in regular form; `named` are paths of field numbers, none empty.
fn merge(
    tables: &Tables,
    table: &Table,
    old: &[u8],
    new: &[u8],
    named: &[&[u32]],
    out: &mut Vec<u8>,
) -> Result<(), Broken> {
    let whole = |number: u32| named.contains(&[number].as_slice());
    let touched = |number: u32| named.iter().any(|path| path[0] == number);
    let mut level = Vec::with_capacity(old.len() + new.len());
    copy(old, &mut level, |number| !touched(number))?;
    copy(new, &mut level, whole)?;
    for field in table.fields.iter().filter(|field| touched(field.number) && !whole(field.number)) {
        let Kind::Message(child) = field.kind else { unreachable!("a path leads on through messages only") };
        let deeper: Vec<_> = named.iter().filter(|path| path[0] == field.number).map(|path| &path[1..]).collect();
        let (old, new) = (content(field, old)?, content(field, new)?);
        if old.is_none() && new.is_none() {
            continue;
        }
        let start = open(&mut level, &field.tag);
        let (old, new) = (old.unwrap_or_default(), new.unwrap_or_default());
        merge(tables, tables.table(child), &old, &new, &deeper, &mut level)?;
        close(&mut level, start);
    }
    out.extend_from_slice(&regular(table, &level)?);
    Ok(())
}

/// Appends the records of the fields that are wanted.
fn copy(bytes: &[u8], out: &mut Vec<u8>, wanted: impl Fn(u32) -> bool) -> Result<(), Broken> {
    let mut wire = Wire::new(bytes);
    let mut start = 0;
    while let Some((number, _)) = wire.record()? {
        let end = bytes.len() - wire.left();
        if wanted(number) {
            out.extend_from_slice(&bytes[start..end]);
        }
        start = end;
    }
    Ok(())
}

/// What a field of a message holds, its parts joined; none if it is not there.
fn content(field: &Field, bytes: &[u8]) -> Result<Option<Vec<u8>>, Broken> {
    let mut wire = Wire::new(bytes);
    let mut found: Option<Vec<u8>> = None;
    while let Some((number, payload)) = wire.record()? {
        if number != field.number {
            continue;
        }
        let Payload::Bytes(part) = payload else { return Err(Broken("a message has a wrong wire type")) };
        found.get_or_insert_default().extend_from_slice(part);
    }
    Ok(found)
}

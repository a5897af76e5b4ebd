//! Puts one level of a message in regular form: fields in the order of their numbers, each singular one once.
//!
//! Protobuf lets a writer split a message in parts, overwrite a field and scatter a list; hardly anyone does. So the
//! readers take one pass over the regular form, and where they meet another they start again over what this makes.

use crate::table::{Kind, Table};
use crate::wire::{self, Broken, Payload, Wire};
use std::borrow::Cow;
use std::collections::HashMap;

/// One record of the wire.
#[derive(Clone, Copy)]
struct Record<'w> {
    /// The field's place in the table; unknown fields come last.
    place: usize,
    /// The whole record, its tag included.
    bytes: &'w [u8],
    payload: Payload<'w>,
}

/// The same message with this level in regular form; borrowed if it already is.
pub(crate) fn regular<'w>(table: &Table, bytes: &'w [u8]) -> Result<Cow<'w, [u8]>, Broken> {
    let mut records = read(table, bytes)?;
    if is_regular(table, &records) {
        return Ok(Cow::Borrowed(bytes));
    }
    drop_overruled_members(table, &mut records);
    records.sort_by_key(|record| record.place);

    let mut out = Vec::with_capacity(bytes.len());
    for same in records.chunk_by(|a, b| a.place == b.place) {
        let field = table.fields.get(same[0].place).filter(|field| field.is_singular());
        match (field.map(|field| field.kind), same) {
            (Some(Kind::Message(_)), [_, _, ..]) => {
                let parts: Vec<_> = same.iter().map(|part| part.content()).collect::<Result<_, _>>()?;
                wire::put_bytes(&mut out, &table.fields[same[0].place].tag, &parts.concat());
            }
            (Some(_), [.., last]) => out.extend_from_slice(last.bytes),
            _ => same.iter().for_each(|record| out.extend_from_slice(record.bytes)),
        }
    }
    Ok(Cow::Owned(out))
}

impl<'w> Record<'w> {
    fn content(&self) -> Result<&'w [u8], Broken> {
        match self.payload {
            Payload::Bytes(content) => Ok(content),
            _ => Err(Broken("a message has a wrong wire type")),
        }
    }
}

fn read<'w>(table: &Table, bytes: &'w [u8]) -> Result<Vec<Record<'w>>, Broken> {
    let mut records = Vec::new();
    let mut wire = Wire::new(bytes);
    let mut start = 0;
    while let Some((number, payload)) = wire.record()? {
        let end = bytes.len() - wire.left();
        records.push(Record { place: table.place(number).unwrap_or(usize::MAX), bytes: &bytes[start..end], payload });
        start = end;
    }
    Ok(records)
}

fn is_regular(table: &Table, records: &[Record<'_>]) -> bool {
    let in_order = |pair: &[Record<'_>]| match (pair[0].place, pair[1].place) {
        (a, b) if a == b => table.fields.get(a).is_none_or(|field| !field.is_singular()),
        (a, b) => a < b,
    };
    let mut oneofs: Vec<_> = records.iter().filter_map(|record| table.fields.get(record.place)?.oneof).collect();
    oneofs.sort_unstable();
    records.windows(2).all(in_order) && oneofs.windows(2).all(|pair| pair[0] != pair[1])
}

/// Of a oneof the last member on the wire holds, and only what came of it after any other member.
fn drop_overruled_members(table: &Table, records: &mut Vec<Record<'_>>) {
    let mut last: HashMap<usize, (usize, bool)> = HashMap::new();
    let mut keep: Vec<_> = records
        .iter()
        .rev()
        .map(|record| {
            let Some(oneof) = table.fields.get(record.place).and_then(|field| field.oneof) else { return true };
            let (winner, ended) = last.entry(oneof).or_insert((record.place, false));
            *ended |= *winner != record.place;
            !*ended
        })
        .collect();
    records.retain(|_| keep.pop().expect("there is one answer for each record"));
}

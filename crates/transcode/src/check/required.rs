//! Which required fields must be there: all of them, or in an update those its mask names.

use super::Pass;
use crate::mask;
use crate::path::Path;
use crate::table::{Field, Kind, Table};
use crate::to_json::last;
use crate::wire::{Broken, Payload};

/// Which required fields of a message must be there.
#[derive(Clone, Copy)]
pub(super) enum Required<'a> {
    /// Every one.
    All,
    /// Those that these paths of an update's mask name; the paths begin inside the message.
    Named(&'a [&'a str]),
}

impl<'a> Required<'a> {
    pub(super) fn asks(self, field: &Field) -> bool {
        match self {
            Self::All => true,
            Self::Named(paths) => paths.iter().any(|path| rest(field, path) == Some("")),
        }
    }

    /// The paths that hold inside this field; none if all of it is asked for.
    pub(super) fn inside(self, field: &Field) -> Option<Vec<&'a str>> {
        match self {
            Self::Named(paths) if !self.asks(field) => {
                Some(paths.iter().filter_map(|path| rest(field, path)).collect())
            }
            _ => None,
        }
    }
}

/// What is left of a path after this field; none if it names another. `*` names every field.
fn rest<'p>(field: &Field, path: &'p str) -> Option<&'p str> {
    let (first, rest) = path.split_once('.').unwrap_or((path, ""));
    (path == "*" || *first == *field.name || *first == *field.json).then_some(rest)
}

/// The paths of an update's mask, each of which must name a field of the record. Without a mask there are none: then the
/// fields that are sent are changed, and none is missing.
pub(super) fn masked<'w>(
    pass: &mut Pass<'_>,
    table: &Table,
    mask: usize,
    record: usize,
    bytes: &'w [u8],
    path: &Path<'_>,
) -> Result<Vec<&'w str>, Broken> {
    let (mask, record) = (&table.fields[mask], &table.fields[record]);
    let Some(Payload::Bytes(content)) = last(bytes, mask.number)? else { return Ok(Vec::new()) };
    let Kind::Message(record) = record.kind else { unreachable!("an update's record is a message") };
    let record = pass.tables.table(record);
    let paths = mask::paths(content)?;
    for name in &paths {
        if *name != "*" && mask::resolve(pass.tables, record, name).is_none() {
            let complaint = format!("names no field that can be changed alone: {name}");
            pass.found.add(path.field(&mask.json), complaint);
        }
    }
    Ok(paths)
}

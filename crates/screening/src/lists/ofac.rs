//! The Specially Designated Nationals of the U.S. Treasury (OFAC), in its delimited files: sdn.csv, alt.csv, add.csv.
//!
//! There is no header; `-0- ` stands for nothing; the last line may be the single byte 0x1A, the end of a file under DOS.

use super::{Broken, remarks};
use crate::{Entry, Kind};
use csv::{ReaderBuilder, StringRecord};
use std::collections::HashMap;

/// The three files of one publication.
#[derive(Debug)]
pub struct Files<'f> {
    /// Entries: number, name, type, programme, title, and what belongs to ships and aircraft; remarks.
    pub sdn: &'f [u8],
    /// Their other names.
    pub alt: &'f [u8],
    /// Their addresses.
    pub add: &'f [u8],
}

const END_OF_FILE: &str = "\u{1a}";

/// Reads a publication as the list `list`.
///
/// # Errors
/// The first line of the first file that is not as it must be. Nothing of a broken file is used.
pub fn read(list: &str, files: Files<'_>) -> Result<Vec<Entry>, Broken> {
    let mut entries: Vec<Entry> = Vec::new();
    let mut places: HashMap<String, usize> = HashMap::new();
    each("sdn.csv", files.sdn, 12, |row| {
        let entry = entry(list, row)?;
        if places.insert(entry.reference.clone(), entries.len()).is_some() {
            return Err(format!("the entry {} is there already", entry.reference));
        }
        entries.push(entry);
        Ok(())
    })?;
    if entries.is_empty() {
        return Err(Broken { file: "sdn.csv".into(), line: 1, what: "there is no entry".into() });
    }
    let place = |row: &StringRecord| {
        let number = row.get(0).unwrap_or_default().trim();
        places.get(number).copied().ok_or_else(|| format!("there is no entry {number:?}"))
    };
    each("alt.csv", files.alt, 5, |row| {
        let name = value(row, 3).ok_or("the name is missing")?;
        entries[place(row)?].names.push(name.to_owned());
        Ok(())
    })?;
    // Addresses tell nothing about who is meant, but a file that does not fit the others is not of this publication.
    each("add.csv", files.add, 6, |row| place(row).map(drop))?;
    Ok(entries)
}

fn each(
    file: &str,
    content: &[u8],
    columns: usize,
    mut take: impl FnMut(&StringRecord) -> Result<(), String>,
) -> Result<(), Broken> {
    let mut reader = ReaderBuilder::new().has_headers(false).flexible(true).from_reader(content);
    let broken = |at, what| Broken { file: file.to_owned(), line: line(content, at), what };
    let mut row = StringRecord::new();
    let mut ended = false;
    loop {
        let at = reader.position().byte();
        if !reader.read_record(&mut row).map_err(|error| broken(at, error.to_string()))? {
            return Ok(());
        }
        if ended {
            return Err(broken(at, "there is more after the end of the file".into()));
        }
        ended = row.len() == 1 && row.get(0) == Some(END_OF_FILE);
        if ended {
            continue;
        }
        if row.len() != columns {
            return Err(broken(at, format!("there are {} columns, {columns} were expected", row.len())));
        }
        take(&row).map_err(|what| broken(at, what))?;
    }
}

/// The line of the row that begins at or after a byte, behind line breaks.
fn line(content: &[u8], at: u64) -> u64 {
    let at = usize::try_from(at).unwrap_or(usize::MAX).min(content.len());
    let breaks = content[at..].iter().take_while(|byte| matches!(byte, b'\r' | b'\n')).count();
    1 + content[..at + breaks].iter().map(|byte| u64::from(*byte == b'\n')).sum::<u64>()
}

/// A cell that says something.
fn value(row: &StringRecord, column: usize) -> Option<&str> {
    row.get(column).map(str::trim).filter(|cell| !cell.is_empty() && *cell != "-0-")
}

fn entry(list: &str, row: &StringRecord) -> Result<Entry, String> {
    let number = value(row, 0).filter(|number| number.bytes().all(|byte| byte.is_ascii_digit()));
    let number = number.ok_or("the entry's number is missing")?;
    let name = value(row, 1).ok_or("the name is missing")?;
    let kind = match value(row, 2) {
        None => Kind::Body,
        Some("individual") => Kind::Person,
        Some("vessel") => Kind::Vessel,
        Some("aircraft") => Kind::Aircraft,
        Some(other) => return Err(format!("{other:?} is no type of entry")),
    };
    let mut entry = Entry::new(list, number, kind, name);
    let programmes = value(row, 3).unwrap_or_default().split("] [");
    entry.programmes =
        programmes.map(|one| one.trim_matches(['[', ']', ' ']).to_owned()).filter(|one| !one.is_empty()).collect();
    remarks::read(value(row, 11).unwrap_or_default(), &mut entry);
    Ok(entry)
}

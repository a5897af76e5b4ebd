//! The tables of letters as data: which letters, in which language and place, are written how.

use std::collections::HashMap;
use std::sync::LazyLock;

const FILES: [&str; 4] = [
    include_str!("../../data/latin.csv"),
    include_str!("../../data/cyrillic.csv"),
    include_str!("../../data/greek.csv"),
    include_str!("../../data/arabic.csv"),
];

/// Greek letters before which a pair with upsilon is unvoiced (ELOT 743).
const UNVOICED: [char; 9] = ['Θ', 'Κ', 'Ξ', 'Π', 'Σ', 'Τ', 'Φ', 'Χ', 'Ψ'];

/// Where letters stand in a part of a name.
#[derive(Clone, Copy)]
pub(super) struct Where {
    pub(super) initial: bool,
    /// The letter after them, if there is one.
    pub(super) after: Option<char>,
}

struct Row {
    written: &'static str,
    language: &'static str,
    place: &'static str,
}

pub(super) struct Table(HashMap<Vec<char>, Vec<Row>>);

impl Table {
    pub(super) fn all() -> &'static Self {
        static TABLE: LazyLock<Table> = LazyLock::new(Table::read);
        &TABLE
    }

    fn read() -> Self {
        let mut table: HashMap<Vec<char>, Vec<Row>> = HashMap::new();
        let lines = FILES.into_iter().flat_map(str::lines).filter(|line| !line.starts_with('#'));
        for line in lines {
            let mut cells = line.split(',');
            let mut cell = || cells.next().unwrap_or_default();
            let letters = cell().chars().collect();
            let row = Row { written: cell(), language: cell(), place: cell() };
            table.entry(letters).or_default().push(row);
        }
        // What is said for a language goes before what is said for all, a place before any place.
        for rows in table.values_mut() {
            rows.sort_by_key(|row| (row.language.is_empty(), row.place.is_empty()));
        }
        Self(table)
    }

    /// How these letters are written, if the table has them.
    pub(super) fn find(&self, letters: &[char], language: &str, place: Where) -> Option<&'static str> {
        let holds = |row: &&Row| {
            (row.language.is_empty() || language.split('-').next() == Some(row.language))
                && match row.place {
                    "initial" => place.initial,
                    "final" => place.after.is_none(),
                    "unvoiced" => place.after.is_none_or(|after| UNVOICED.contains(&after)),
                    _ => true,
                }
        };
        self.0.get(letters)?.iter().find(holds).map(|row| row.written)
    }

    #[cfg(test)]
    pub(super) fn places(&self) -> impl Iterator<Item = &'static str> {
        self.0.values().flatten().map(|row| row.place)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_is_one_that_is_understood() {
        let table = Table::all();
        assert!(table.0.len() > 150, "the tables are there");
        assert!(table.places().all(|place| ["", "initial", "final", "unvoiced"].contains(&place)));
        let rows = table.0.values().flatten();
        assert!(rows.clone().all(|row| row.written.bytes().all(|letter| letter.is_ascii_uppercase())));
        assert!(rows.clone().all(|row| row.language.len() != 1));
        let letters = |rows: &Vec<Row>| rows.iter().map(|row| (row.language, row.place)).collect::<Vec<_>>();
        for (letter, rows) in &table.0 {
            let mut seen = letters(rows);
            seen.sort_unstable();
            seen.dedup();
            assert_eq!(seen.len(), rows.len(), "{letter:?} has one row for each language and place");
        }
    }
}

//! Who is on a list, and who is looked for there.

use crate::Birth;

/// What a name is the name of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// A person.
    Person,
    /// A company, an organisation, any other body.
    Body,
    /// A ship.
    Vessel,
    /// An aircraft.
    Aircraft,
}

impl Kind {
    /// Whether its names are folded as names of persons are.
    pub(super) fn is_person(self) -> bool {
        self == Self::Person
    }
}

/// A person's sex, where a list has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sex {
    /// Female.
    Female,
    /// Male.
    Male,
}

/// One entry of one list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The list's short name: `ofac-sdn`.
    pub list: String,
    /// The entry's own reference there: `36`, `QDi.001`.
    pub reference: String,
    /// What it is.
    pub kind: Kind,
    /// Its names as the list has them, the primary one first.
    pub names: Vec<String>,
    /// Dates of birth, as exact as the list has them.
    pub births: Vec<Birth>,
    /// Nationalities and citizenships as ISO 3166-1 alpha-2 codes.
    pub nationalities: Vec<String>,
    /// The sex.
    pub sex: Option<Sex>,
    /// Numbers of passports and other documents, capital letters and digits alone.
    pub documents: Vec<String>,
    /// Programmes or regimes it is listed under: `SDGT`, `Al-Qaida`.
    pub programmes: Vec<String>,
}

impl Entry {
    /// An entry with one name and nothing else known.
    pub fn new(list: impl Into<String>, reference: impl Into<String>, kind: Kind, name: impl Into<String>) -> Self {
        Self {
            list: list.into(),
            reference: reference.into(),
            kind,
            names: vec![name.into()],
            births: Vec::new(),
            nationalities: Vec::new(),
            sex: None,
            documents: Vec::new(),
            programmes: Vec::new(),
        }
    }
}

/// Who is looked for.
#[derive(Clone, Debug)]
pub struct Subject {
    /// What it is.
    pub kind: Kind,
    /// The name, or several: in the national script and as passports have it.
    pub names: Vec<String>,
    /// The date of birth.
    pub birth: Option<Birth>,
    /// Nationalities as ISO 3166-1 alpha-2 codes.
    pub nationalities: Vec<String>,
    /// The sex.
    pub sex: Option<Sex>,
    /// Numbers of documents.
    pub documents: Vec<String>,
}

impl Subject {
    /// Someone of whom a name alone is known.
    pub fn named(kind: Kind, name: impl Into<String>) -> Self {
        Self {
            kind,
            names: vec![name.into()],
            birth: None,
            nationalities: Vec::new(),
            sex: None,
            documents: Vec::new(),
        }
    }
}

/// Letters and the digits that they are taken for, in print and by hand.
const TAKEN_FOR: [(char, char); 5] = [('O', '0'), ('I', '1'), ('B', '8'), ('S', '5'), ('Z', '2')];

/// A document's number as it is looked up: as it is compared, with letters and digits that are taken for one another as one. The
/// database has the same rule, by which it finds documents that are out of use.
pub fn document_alike(number: &str) -> String {
    let read = |letter: char| TAKEN_FOR.iter().find(|(from, _)| *from == letter).map_or(letter, |(_, to)| *to);
    document(number).chars().map(read).collect()
}

/// A document's number as it is compared: capital letters and digits alone.
pub fn document(number: &str) -> String {
    number.chars().filter(char::is_ascii_alphanumeric).map(|character| character.to_ascii_uppercase()).collect()
}

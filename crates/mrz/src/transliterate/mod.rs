//! Names in the letters A to Z: the tables of Doc 9303-3, section 6, for Latin, Cyrillic and Arabic letters, and ELOT 743
//! for Greek ones.

mod table;

use table::{Table, Where};
use unicode_normalization::UnicodeNormalization as _;
use unicode_normalization::char::{compose, decompose_canonical, is_combining_mark};

/// The sign that doubles the letter it stands on.
const SHADDA: char = '\u{651}';
/// What parts a name: each becomes the filler (Doc 9303-3, 4.6).
const PARTING: [char; 6] = ['-', '\u{2010}', '\u{2011}', '\u{2012}', '\u{2013}', ','];
/// What is left out: apostrophes and points (Doc 9303-3, 4.6).
const OMITTED: [char; 8] = ['\'', '\u{2019}', '\u{2018}', '\u{2bc}', '\u{2bb}', '`', '.', '\u{200c}'];

/// A letter that no table has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no table of Doc 9303-3 has {letter:?}")]
pub struct Untransliterated {
    /// The letter, or the digit: zones have no digits in names.
    pub letter: char,
}

/// A name, or part of one, in the letters A to Z with one space between its parts.
///
/// `language` is the tag of the name's language by BCP 47, such as `uk`; the tables' exceptions for that language apply.
/// Where the standard leaves a choice, its first alternative is taken, and national practice where `language` names it.
///
/// # Errors
///
/// The first letter that no table has.
///
/// ```
/// assert_eq!(mrz::transliterate("Müller-Lüdenscheidt", "de").expect("letters"), "MUELLER LUEDENSCHEIDT");
/// assert_eq!(mrz::transliterate("Гнатюк", "uk").expect("letters"), "HNATIUK");
/// assert_eq!(mrz::transliterate("أبو بكر", "ar").expect("letters"), "XAEBW BKR");
/// ```
pub fn transliterate(name: &str, language: &str) -> Result<String, Untransliterated> {
    // Capitals first: a sharp s becomes two letters only there.
    let name: String = name.nfc().collect::<String>().to_uppercase().nfc().filter(|c| !OMITTED.contains(c)).collect();
    let parts = name.split(|c: char| c.is_whitespace() || PARTING.contains(&c)).filter(|part| !part.is_empty());
    let written: Result<Vec<_>, _> = parts.map(|part| part_written(part, language)).collect();
    Ok(written?.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" "))
}

fn part_written(part: &str, language: &str) -> Result<String, Untransliterated> {
    let table = Table::all();
    let letters: Vec<char> = part.chars().collect();
    let mut written = String::new();
    let mut last = 0;
    let mut index = 0;
    while let Some(&letter) = letters.get(index) {
        let rest = letters.get(index + 1..).unwrap_or_default();
        if letter == SHADDA {
            written.extend_from_within(last..);
            index += 1;
            continue;
        }
        // An accent on the second letter leaves a pair a pair; on the first it says that there are two vowels.
        let pair = rest
            .first()
            .and_then(|second| table.find(&[letter, unaccented(*second)], language, place(index, &rest[1..])));
        let single = || {
            table
                .find(&[letter], language, place(index, rest))
                .or_else(|| table.find(&[unmarked(letter)?], language, place(index, rest)))
        };
        let (found, length) = match pair {
            Some(found) => (found.to_owned(), 2),
            None => (single().map(str::to_owned).or_else(|| plain(letter)).ok_or(Untransliterated { letter })?, 1),
        };
        if !found.is_empty() {
            last = written.len();
        }
        written.push_str(&found);
        index += length;
    }
    Ok(written)
}

/// Where in a part of a name the letters before `after` stand.
fn place(index: usize, after: &[char]) -> Where {
    Where { initial: index == 0, after: after.iter().copied().find(|letter| !is_combining_mark(*letter)) }
}

/// A Greek letter without its accent; its diaeresis stays, since it parts two vowels.
fn unaccented(letter: char) -> char {
    let mut marks = Vec::new();
    decompose_canonical(letter, |part| marks.push(part));
    let kept = marks.into_iter().filter(|part| !matches!(part, '\u{300}' | '\u{301}' | '\u{342}'));
    kept.reduce(|letter, mark| compose(letter, mark).unwrap_or(letter)).unwrap_or(letter)
}

/// A letter without any marks; none if it has none.
fn unmarked(letter: char) -> Option<char> {
    let mut parts = Vec::new();
    decompose_canonical(letter, |part| parts.push(part));
    let (base, marks) = parts.split_first()?;
    (!marks.is_empty() && marks.iter().all(|mark| is_combining_mark(*mark))).then_some(*base)
}

/// A letter that is, or is but for its marks, one of A to Z; a mark alone is nothing.
fn plain(letter: char) -> Option<String> {
    match unmarked(letter).unwrap_or(letter) {
        base @ 'A'..='Z' => Some(base.to_string()),
        mark if is_combining_mark(mark) => Some(String::new()),
        _ => None,
    }
}

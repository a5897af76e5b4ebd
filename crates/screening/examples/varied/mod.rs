//! A million names for measuring: those of the real lists and variants made from them, and queries made the same way. The same
//! each time.

use screening::lists::{OfacFiles, read_ofac, read_un};
use screening::{Entry, Kind, Subject};
use std::path::Path;

/// Numbers that look random and are the same each time (xorshift).
struct Dice(u64);

impl Dice {
    fn below(&mut self, most: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % most.max(1) as u64).unwrap_or(0)
    }
}

/// The entries of the real lists.
pub(crate) fn listed() -> anyhow::Result<Vec<Entry>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/sanctions");
    let [sdn, alt, add] = ["sdn.csv", "alt.csv", "add.csv"].map(|file| std::fs::read(folder.join(file)));
    let mut entries = read_ofac("ofac-sdn", OfacFiles { sdn: &sdn?, alt: &alt?, add: &add? })?;
    entries.extend(read_un("un-sc", &std::fs::read_to_string(folder.join("UN_consolidated.xml"))?)?.entries);
    Ok(entries)
}

/// The listed entries, and entries with one varied name each until there are so many names.
pub(crate) fn varied(listed: &[Entry], names: usize) -> Vec<Entry> {
    let mut dice = Dice(0x9e37_79b9_7f4a_7c15);
    let mut entries = listed.to_vec();
    let have: usize = entries.iter().map(|entry| entry.names.len()).sum();
    let persons: Vec<&Entry> = listed.iter().filter(|entry| entry.kind == Kind::Person).collect();
    let bodies: Vec<&Entry> = listed.iter().filter(|entry| entry.kind != Kind::Person).collect();
    for number in have..names {
        // Four of five are persons, as travellers are.
        let (kind, from) = if dice.below(5) > 0 { (Kind::Person, &persons) } else { (Kind::Body, &bodies) };
        let name = variant(&mut dice, from);
        entries.push(Entry::new("generated", number.to_string(), kind, name));
    }
    entries
}

/// Parts of two names joined, with up to two slips.
fn variant(dice: &mut Dice, from: &[&Entry]) -> String {
    let name = |dice: &mut Dice| {
        let entry = from[dice.below(from.len())];
        entry.names[dice.below(entry.names.len())].replace(',', "")
    };
    let (one, other) = (name(dice), name(dice));
    let half = |text: &str, first: bool| -> Vec<String> {
        let words: Vec<_> = text.split_whitespace().map(str::to_owned).collect();
        let middle = words.len().div_ceil(2);
        if first { words[..middle].to_vec() } else { words[middle.min(words.len() - 1)..].to_vec() }
    };
    let mut words = half(&one, true);
    words.extend(half(&other, false));
    for _ in 0..dice.below(3) {
        let which = dice.below(words.len());
        slip(dice, &mut words[which]);
    }
    words.join(" ")
}

/// A letter changed, dropped, doubled, or changed places with its neighbour.
fn slip(dice: &mut Dice, word: &mut String) {
    let mut letters: Vec<char> = word.chars().collect();
    if letters.len() < 4 {
        return;
    }
    let at = 1 + dice.below(letters.len() - 2);
    match dice.below(4) {
        0 => letters[at] = char::from(b'a' + u8::try_from(dice.below(26)).unwrap_or(0)),
        1 => drop(letters.remove(at)),
        2 => letters.insert(at, letters[at]),
        _ => letters.swap(at, at + 1),
    }
    *word = letters.into_iter().collect();
}

/// Names of listed persons with a slip, and names made as [`varied`] makes them, in turn.
pub(crate) fn queries(listed: &[Entry], many: usize) -> Vec<Subject> {
    let mut dice = Dice(0x2545_f491_4f6c_dd1d);
    let all: Vec<&Entry> = listed.iter().filter(|entry| entry.kind == Kind::Person).collect();
    let query = |number: usize| {
        let name = if number.is_multiple_of(2) {
            let entry = all[dice.below(all.len())];
            let mut words: Vec<String> = entry.names[0].split_whitespace().map(str::to_owned).collect();
            let which = dice.below(words.len());
            slip(&mut dice, &mut words[which]);
            words.join(" ")
        } else {
            variant(&mut dice, &all)
        };
        Subject::named(Kind::Person, name)
    };
    (0..many).map(query).collect()
}

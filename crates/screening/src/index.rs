//! A million names so arranged that a search looks at a few thousand of them.
//!
//! A name is found if two of its words sound like two words of the query, give or take slips; if it has one rare word of
//! it; or if it sounds like it when run together. What is found is then compared word by word.

use crate::entry::document_alike;
use crate::postings::{Postings, key};
use crate::similar::{Token, sound};
use crate::vocabulary::{Collector, Vocabulary};
use crate::{Entry, Folded, Scorer};
use std::collections::BTreeMap;

/// The most telling words of a name of which each two are looked up together.
const PAIRED: usize = 8;

/// All entries of all lists, ready to be searched. It cannot change; a new one takes its place.
#[derive(Debug, Default)]
pub struct Index {
    pub(super) entries: Box<[Entry]>,
    pub(super) vocabulary: Vocabulary,
    /// Names, those of few words first: where a search must stop, it has seen the closest.
    pub(super) rows: Box<[Row]>,
    words: Box<[u32]>,
    pub(super) pairs: Postings,
    pub(super) single: Postings,
    pub(super) whole: Postings,
    pub(super) documents: Postings,
    /// The version of each list.
    versions: BTreeMap<String, String>,
}

/// A name in the index.
#[derive(Clone, Copy, Debug)]
pub(super) struct Row {
    pub(super) entry: u32,
    /// Which of the entry's names it is.
    pub(super) name: u16,
    first_word: u32,
    words: u16,
    forms: u8,
    inverted: bool,
    pub(super) person: bool,
}

impl Index {
    /// An index of these entries.
    pub fn of(entries: Vec<Entry>, scorer: &Scorer) -> Self {
        let mut collector = Collector::default();
        let (mut rows, mut words) = (Vec::new(), Vec::<u32>::new());
        for (number, entry) in (0..).zip(&entries) {
            for (which, name) in (0..).zip(&entry.names) {
                let folded = scorer.folded(name, entry.kind);
                if folded.tokens.is_empty() {
                    continue;
                }
                let first_word = u32::try_from(words.len()).expect("fewer words than numbers");
                words.extend(folded.tokens.iter().take(64).map(|token| collector.number(token)));
                rows.push(Row {
                    entry: number,
                    name: which,
                    first_word,
                    words: u16::try_from(folded.tokens.len().min(64)).expect("64 at most"),
                    forms: folded.forms,
                    inverted: folded.inverted,
                    person: entry.kind.is_person(),
                });
            }
        }
        rows.sort_by_key(|row| row.words);
        let mut index = Self {
            vocabulary: collector.finish(),
            rows: rows.into(),
            words: words.into(),
            documents: documents(&entries),
            entries: entries.into(),
            ..Self::default()
        };
        index.look_up();
        index
    }

    /// The index with the version of each list it is made of.
    #[must_use]
    pub fn with_versions(mut self, versions: BTreeMap<String, String>) -> Self {
        self.versions = versions;
        self
    }

    /// The version of each list it is made of.
    pub fn versions(&self) -> &BTreeMap<String, String> {
        &self.versions
    }

    /// How many entries there are.
    pub fn entries(&self) -> usize {
        self.entries.len()
    }

    /// How many names there are.
    pub fn names(&self) -> usize {
        self.rows.len()
    }

    fn look_up(&mut self) {
        let (mut pairs, mut single, mut whole) = (Vec::new(), Vec::new(), Vec::new());
        for (number, row) in (0..).zip(&self.rows) {
            let words = self.words_of(row);
            let telling = || words.iter().copied().filter(|&word| self.vocabulary.word(word).tells());
            let sounds: Vec<u32> = if telling().next().is_some() {
                telling().map(|word| self.vocabulary.sound(word)).collect()
            } else {
                words.iter().map(|&word| self.vocabulary.sound(word)).collect()
            };
            single.extend(sounds.iter().map(|&sound| (u64::from(sound), number)));
            let paired = &sounds[..sounds.len().min(PAIRED)];
            for (at, &one) in paired.iter().enumerate() {
                pairs.extend(paired[at + 1..].iter().map(|&other| (pair(one, other), number)));
            }
            whole.push((run_together(words.iter().map(|&word| self.vocabulary.word(word))), number));
        }
        self.pairs = Postings::of(pairs);
        self.single = Postings::of(single);
        self.whole = Postings::of(whole);
    }

    pub(super) fn words_of(&self, row: &Row) -> &[u32] {
        &self.words[row.first_word as usize..][..usize::from(row.words)]
    }

    /// A name as it is compared.
    pub(super) fn folded(&self, row: &Row) -> Folded {
        let tokens = self.words_of(row).iter().map(|&word| self.vocabulary.word(word).clone()).collect();
        Folded { tokens, forms: row.forms, inverted: row.inverted }
    }
}

/// The key of two sounds in either order.
pub(super) fn pair(one: u32, other: u32) -> u64 {
    u64::from(one.min(other)) << 32 | u64::from(one.max(other))
}

/// The key of what a name sounds like when its words are run together.
pub(super) fn run_together<'a>(words: impl Iterator<Item = &'a Token>) -> u64 {
    let text: String = words.map(|word| &*word.text).collect();
    key(sound(&text).as_bytes())
}

fn documents(entries: &[Entry]) -> Postings {
    let of = |(number, entry): (u32, &Entry)| -> Vec<(u64, u32)> {
        entry.documents.iter().map(|text| (key(document_alike(text).as_bytes()), number)).collect()
    };
    Postings::of((0..).zip(entries).flat_map(of).collect())
}

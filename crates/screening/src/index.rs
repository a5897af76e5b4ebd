//! A million names so arranged that a search looks at a few thousand of them.
//!
//! A name is found if two of its words sound like two words of the query, give or take slips; if it has one rare word of
//! it; or if it sounds like it when run together. What is found is then compared word by word.

use crate::entry::document_alike;
use crate::names::{self, MOST_WORDS, Names, Row};
use crate::postings::{Postings, key};
use crate::similar::{Token, sound};
use crate::vocabulary::{self, Vocabulary};
use crate::{Entry, Folded, Scorer};
use std::collections::BTreeMap;
use std::mem;
use std::sync::OnceLock;
use std::sync::mpsc::Sender;

/// The most telling words of a name of which each two are looked up together.
const PAIRED: usize = 8;

/// All entries of all lists, ready to be searched. It cannot change; a new one takes its place.
#[derive(Debug, Default)]
pub struct Index {
    pub(super) entries: Box<[Entry]>,
    pub(super) vocabulary: Vocabulary,
    pub(super) names: Names,
    pub(super) pairs: Postings,
    pub(super) single: Postings,
    pub(super) whole: Postings,
    pub(super) documents: Postings,
    /// The version of each list.
    versions: BTreeMap<String, String>,
    /// Who takes it apart when nobody holds it any more.
    heir: OnceLock<Sender<Index>>,
}

impl Drop for Index {
    fn drop(&mut self) {
        if let Some(heir) = self.heir.take() {
            // If the heir waits no more, it is taken apart here after all.
            drop(heir.send(mem::take(self)));
        }
    }
}

impl Index {
    /// An index of these entries.
    pub fn of(entries: Vec<Entry>, scorer: &Scorer) -> Self {
        let (mut vocabulary, mut names) = (vocabulary::Collector::default(), names::Collector::default());
        for (number, entry) in (0..).zip(&entries) {
            for (which, name) in (0..u16::MAX).zip(&entry.names) {
                let folded = scorer.folded(name, entry.kind);
                if !folded.tokens.is_empty() {
                    let row = Row { entry: number, name: which, forms: folded.forms, inverted: folded.inverted };
                    let words = folded.tokens.iter().take(MOST_WORDS).map(|token| vocabulary.number(token));
                    names.add(row, entry.kind.is_person(), &folded, words);
                }
            }
        }
        let mut index = Self::default();
        index.vocabulary = vocabulary.finish();
        index.names = names.finish();
        index.documents = documents(&entries);
        index.entries = entries.into();
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
        self.names.count()
    }

    /// Leaves what it is made of to another; the first who asks has it.
    pub(super) fn bequeath(&self, heir: Sender<Self>) {
        drop(self.heir.set(heir));
    }

    fn look_up(&mut self) {
        let (mut pairs, mut single, mut whole) = (Vec::new(), Vec::new(), Vec::new());
        for number in (0..).take(self.names.count()) {
            let words = self.names.words(number);
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

    /// A name as it is compared; none if it is no number of a name.
    pub(super) fn folded(&self, name: u32) -> Option<Folded> {
        let row = self.names.row(name)?;
        let tokens = self.names.words(name).iter().map(|&word| self.vocabulary.word(word).clone()).collect();
        Some(Folded { tokens, forms: row.forms, inverted: row.inverted })
    }
}

/// The key of two sounds in either order.
pub(super) fn pair(one: u32, other: u32) -> u64 {
    u64::from(one.min(other)) << 32 | u64::from(one.max(other))
}

/// The key of what a name sounds like when its words are run together.
pub(super) fn run_together<'a>(words: impl Iterator<Item = &'a Token>) -> u64 {
    let letters: Vec<u8> = words.flat_map(|word| word.text.iter().copied()).collect();
    key(sound(&String::from_utf8_lossy(&letters)).as_bytes())
}

fn documents(entries: &[Entry]) -> Postings {
    let of = |(number, entry): (u32, &Entry)| -> Vec<(u64, u32)> {
        entry.documents.iter().map(|text| (key(document_alike(text).as_bytes()), number)).collect()
    };
    Postings::of((0..).zip(entries).flat_map(of).collect())
}

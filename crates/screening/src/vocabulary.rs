//! Every word of every name once, and the words that a word may be meant for.

use crate::fuzzy::remains;
use crate::postings::{Postings, key};
use crate::similar::{Token, same, slips_allowed};
use std::collections::HashMap;
use std::sync::Arc;

/// The words, by number.
#[derive(Debug, Default)]
pub(super) struct Vocabulary {
    words: Vec<Token>,
    /// The number of each word's sound; several words have one.
    sounds: Vec<u32>,
    /// In how many names a sound is.
    frequencies: Vec<u32>,
    by_sound: Postings,
    by_remains: Postings,
    by_group: Postings,
}

/// A word of the vocabulary that a word may be meant for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Meant {
    pub(super) word: u32,
    pub(super) like: f32,
}

/// Words as they come in.
#[derive(Debug, Default)]
pub(super) struct Collector {
    words: Vec<Token>,
    numbers: HashMap<Arc<str>, u32>,
    sounds: Vec<u32>,
    sound_numbers: HashMap<Arc<str>, u32>,
    frequencies: Vec<u32>,
}

impl Collector {
    /// The word's number.
    pub(super) fn number(&mut self, word: &Token) -> u32 {
        let next = u32::try_from(self.words.len()).expect("fewer words than numbers");
        let number = *self.numbers.entry(word.text.clone()).or_insert(next);
        if number == next {
            self.words.push(word.clone());
            let next = u32::try_from(self.frequencies.len()).expect("fewer sounds than words");
            let sound = *self.sound_numbers.entry(word.sound.clone()).or_insert(next);
            if sound == next {
                self.frequencies.push(0);
            }
            self.sounds.push(sound);
        }
        self.frequencies[self.sounds[number as usize] as usize] += 1;
        number
    }

    pub(super) fn finish(self) -> Vocabulary {
        let numbered = || (0..).zip(&self.words);
        let by_sound = numbered().map(|(number, word)| (key(word.sound.as_bytes()), number)).collect();
        let grouped = numbered().filter(|(_, word)| word.same != 0);
        let by_group = grouped.map(|(number, word)| (u64::from(word.same), number)).collect();
        let mut left = Vec::new();
        for (number, word) in numbered().filter(|(_, word)| word.tells()) {
            remains(word.text.as_bytes(), slips_allowed(word.text.len()), |rest| left.push((key(rest), number)));
        }
        Vocabulary {
            by_sound: Postings::of(by_sound),
            by_remains: Postings::of(left),
            by_group: Postings::of(by_group),
            words: self.words,
            sounds: self.sounds,
            frequencies: self.frequencies,
        }
    }
}

impl Vocabulary {
    pub(super) fn word(&self, number: u32) -> &Token {
        &self.words[number as usize]
    }

    /// The number of a word's sound.
    pub(super) fn sound(&self, number: u32) -> u32 {
        self.sounds[number as usize]
    }

    /// In how many names a sound is.
    pub(super) fn frequency(&self, sound: u32) -> u32 {
        self.frequencies[sound as usize]
    }

    /// The words that this one may be meant for: slips, sounds, short forms.
    pub(super) fn meant(&self, word: &Token) -> Vec<Meant> {
        let mut numbers = self.by_sound.get(key(word.sound.as_bytes())).to_vec();
        // One more than the word's own length allows: the other may be longer.
        remains(word.text.as_bytes(), slips_allowed(word.text.len() + 1), |rest| {
            numbers.extend_from_slice(self.by_remains.get(key(rest)));
        });
        if word.same != 0 {
            numbers.extend_from_slice(self.by_group.get(u64::from(word.same)));
        }
        numbers.sort_unstable();
        numbers.dedup();
        let meant = |number: u32| Some(Meant { word: number, like: same(word, self.word(number))? });
        numbers.into_iter().filter_map(meant).collect()
    }
}

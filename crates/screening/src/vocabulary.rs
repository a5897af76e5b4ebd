//! Every word of every name once, and the words that a word may be meant for.

use crate::fuzzy::remains;
use crate::postings::{Postings, key};
use crate::similar::{Asked, Token, slips_allowed};
use crate::text::Text;
use std::collections::HashMap;

/// How many words are looked at together: so many looks at memory are under way at once.
const TOGETHER: usize = 32;

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
    /// What the word says about who is meant.
    pub(super) weight: f32,
}

/// Words as they come in.
#[derive(Debug, Default)]
pub(super) struct Collector {
    words: Vec<Token>,
    numbers: HashMap<Text, u32>,
    sounds: Vec<u32>,
    sound_numbers: HashMap<u64, u32>,
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
            let sound = *self.sound_numbers.entry(word.sound).or_insert(next);
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
        let by_sound = numbered().map(|(number, word)| (word.sound, number)).collect();
        let grouped = numbered().filter(|(_, word)| word.same != 0);
        let by_group = grouped.map(|(number, word)| (u64::from(word.same), number)).collect();
        let mut left = Vec::new();
        for (number, word) in numbered().filter(|(_, word)| word.tells()) {
            remains(&word.text, slips_allowed(word.text.len()), |rest| left.push((key(rest), number)));
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
        let mut numbers = self.by_sound.get(word.sound).to_vec();
        // One more than the word's own length allows: the other may be longer.
        remains(&word.text, slips_allowed(word.text.len() + 1), |rest| {
            numbers.extend_from_slice(self.by_remains.get(key(rest)));
        });
        if word.same != 0 {
            numbers.extend_from_slice(self.by_group.get(u64::from(word.same)));
        }
        numbers.sort_unstable();
        numbers.dedup();
        let (asked, mut all) = (Asked::new(word), Vec::with_capacity(numbers.len()));
        let mut letters = [0; TOGETHER];
        for these in numbers.chunks(TOGETHER) {
            // A step of its own, in which no look waits for another.
            for (letters, &number) in letters.iter_mut().zip(these) {
                *letters = self.word(number).letters;
            }
            for (&letters, &number) in letters.iter().zip(these) {
                let other = self.word(number);
                let like = asked.same(other, letters);
                all.extend(like.map(|like| Meant { word: number, like, weight: other.weight }));
            }
        }
        all
    }
}

//! How alike two words are: slips of the pen, sounds, short forms.

use crate::distance::{Pattern, distance};
use crate::postings::key;
use crate::text::Text;

/// A word of a folded name.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Token {
    pub(super) text: Text,
    /// What is left of its sound, its first sound and the consonants after it, as a [`key`].
    pub(super) sound: u64,
    /// How many letters that is.
    sound_length: u8,
    /// Which letters it has, a bit each: words of which many differ are no slips of each other.
    pub(super) letters: u32,
    /// How much it says about who is meant.
    pub(super) weight: f32,
    /// The group of words that say the same; 0 is none.
    pub(super) same: u16,
}

/// How alike two words are.
#[derive(Clone, Copy, Debug)]
pub(super) struct Likeness {
    /// 0 to 1.
    pub(super) value: f32,
    /// Whether they are the same word but for what slips, sounds and short forms explain.
    pub(super) same: bool,
}

/// Digits that stand for letters in words written to deceive.
const DIGITS: [(char, char); 7] = [('0', 'o'), ('1', 'i'), ('9', 'g'), ('3', 'e'), ('4', 'a'), ('5', 's'), ('7', 't')];

/// Spellings of one sound in the languages that list names come from, rewritten in this order.
const SOUNDS: [(&str, &str); 21] = [
    ("sch", "sh"),
    ("ch", "h"),
    ("kh", "h"),
    ("gh", "g"),
    ("ph", "f"),
    ("dzh", "j"),
    ("dj", "j"),
    ("zh", "j"),
    ("ts", "s"),
    ("tz", "s"),
    ("th", "t"),
    ("ck", "k"),
    ("q", "k"),
    ("c", "k"),
    ("w", "v"),
    ("x", "ks"),
    ("oo", "u"),
    ("ou", "u"),
    ("ee", "i"),
    ("y", "i"),
    ("z", "s"),
];

impl Token {
    pub(super) fn new(word: &str, particle: bool, joining: bool, same: u16) -> Self {
        let digits = word.bytes().filter(u8::is_ascii_digit).count();
        let deceiving = digits > 0 && digits <= 2 && word.len() >= digits + 3 && same == 0;
        let text: String = if deceiving { word.chars().map(letter).collect() } else { word.to_owned() };
        let number = digits == word.len();
        let weight = match text.len() {
            _ if particle => 0.25,
            _ if joining => 0.2,
            1 => 0.4,
            _ if number => 0.5,
            #[expect(clippy::cast_precision_loss, reason = "eight at most")]
            length => 0.5 + length.min(8) as f32 / 10.0,
        };
        let sound = sound(&text);
        Self {
            sound: key(sound.as_bytes()),
            sound_length: u8::try_from(sound.len()).unwrap_or(u8::MAX),
            letters: letters(&text),
            text: text.as_str().into(),
            weight,
            same,
        }
    }

    /// Whether it says enough to tell two names apart.
    pub(super) fn tells(&self) -> bool {
        self.weight > 0.5
    }

    pub(super) fn is_initial(&self) -> bool {
        self.text.len() == 1
    }

    fn is_number(&self) -> bool {
        self.text.iter().all(u8::is_ascii_digit)
    }
}

/// The letters and digits of a word, a bit each; digits share six.
fn letters(word: &str) -> u32 {
    word.bytes()
        .fold(0, |bits, byte| bits | 1_u32 << if byte.is_ascii_digit() { 26 + byte % 6 } else { byte % 32 % 26 })
}

fn letter(character: char) -> char {
    DIGITS.iter().find(|(digit, _)| *digit == character).map_or(character, |(_, letter)| *letter)
}

/// The first sound, any vowel as `a`, and the consonants after it but `h`, doubled ones once.
pub(super) fn sound(word: &str) -> String {
    let mut heard = word.to_owned();
    for (spelling, sound) in SOUNDS {
        if heard.contains(spelling) {
            heard = heard.replace(spelling, sound);
        }
    }
    heard = heard.replace('j', "i");
    let mut letters: Vec<char> = heard.chars().collect();
    letters.dedup();
    let vowel = |letter: char| matches!(letter, 'a' | 'e' | 'i' | 'o' | 'u');
    let Some((&first, rest)) = letters.split_first() else { return String::new() };
    let first = if vowel(first) { 'a' } else { first };
    std::iter::once(first).chain(rest.iter().copied().filter(|&letter| !vowel(letter) && letter != 'h')).collect()
}

/// How many slips make one word of the length the other, and are still slips.
pub(super) fn slips_allowed(length: usize) -> usize {
    if length < 3 { 0 } else { (length / 4).max(1) }
}

/// A word that others are compared with, one after another.
#[derive(Debug)]
pub(super) struct Asked<'t> {
    word: &'t Token,
    pattern: Option<Pattern>,
}

impl<'t> Asked<'t> {
    pub(super) fn new(word: &'t Token) -> Self {
        Self { word, pattern: Pattern::of(&word.text) }
    }

    /// How alike they are if they are the same but for what slips, sounds and short forms explain. As [`likeness`], and quicker
    /// for the many words that are not. `letters` are those of the other.
    pub(super) fn same(&self, other: &Token, letters: u32) -> Option<f32> {
        if !may_be_same(self.word, other, letters) {
            return None;
        }
        let slips = || match &self.pattern {
            Some(pattern) => pattern.slips(&other.text),
            None => distance(&self.word.text, &other.text),
        };
        let like = likeness_by(self.word, other, slips);
        like.same.then_some(like.value)
    }
}

/// Whether it is worth counting slips. `letters` are those of the second.
fn may_be_same(one: &Token, two: &Token, letters: u32) -> bool {
    let (short, long) = if one.text.len() <= two.text.len() { (one, two) } else { (two, one) };
    let allowed = slips_allowed(long.text.len());
    // A slip changes two letters at most: one that is there, one that is not.
    let near =
        long.text.len() - short.text.len() <= allowed && (one.letters ^ letters).count_ones() as usize <= 2 * allowed;
    near || one.sound == two.sound
        || one.same != 0 && one.same == two.same
        || short.text.len() == 1
        || long.text.starts_with(&short.text)
}

/// How alike two words are.
pub(super) fn likeness(one: &Token, two: &Token) -> Likeness {
    likeness_by(one, two, || distance(&one.text, &two.text))
}

fn likeness_by(one: &Token, two: &Token, slips: impl FnOnce() -> usize) -> Likeness {
    let (a, b) = (&*one.text, &*two.text);
    if a == b {
        return Likeness { value: 1.0, same: true };
    }
    if one.same != 0 && one.same == two.same {
        return Likeness { value: 0.9, same: true };
    }
    if one.is_number() || two.is_number() {
        return Likeness { value: 0.0, same: false };
    }
    if one.is_initial() || two.is_initial() {
        let same = a.first() == b.first();
        return Likeness { value: if same { 0.75 } else { 0.0 }, same };
    }
    let (short, long) = if a.len() <= b.len() { (a, b) } else { (b, a) };
    let slips = slips();
    #[expect(clippy::cast_precision_loss, reason = "lengths of words")]
    let mut value = 1.0 - slips as f32 / long.len() as f32;
    if one.sound == two.sound && one.sound_length > 1 {
        value = value.max(0.5 + 0.5 * value).max(if one.sound_length > 2 { 0.88 } else { 0.0 });
    }
    if slips <= slips_allowed(long.len()) || value >= 0.88 {
        return Likeness { value, same: true };
    }
    // Cut short: the beginning of the other.
    let cut = short.len() >= 3 && long.len() - short.len() <= 6 && long.starts_with(short);
    Likeness { value: if cut { value.max(0.8) } else { value }, same: cut }
}

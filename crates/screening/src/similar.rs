//! How alike two words are: slips of the pen, sounds, short forms.

use std::sync::Arc;

/// A word of a folded name.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Token {
    pub(super) text: Arc<str>,
    /// What is left of its sound: its first sound and the consonants after it.
    pub(super) sound: Arc<str>,
    /// Which letters it has, a bit each: words of which many differ are no slips of each other.
    letters: u32,
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
        Self { sound: sound(&text).into(), letters: letters(&text), text: text.into(), weight, same }
    }

    /// Whether it says enough to tell two names apart.
    pub(super) fn tells(&self) -> bool {
        self.weight > 0.5
    }

    pub(super) fn is_initial(&self) -> bool {
        self.text.len() == 1
    }

    fn is_number(&self) -> bool {
        self.text.bytes().all(|byte| byte.is_ascii_digit())
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

/// How alike two words are if they are the same but for what slips, sounds and short forms explain. As [`likeness`], and
/// quicker for the many words that are not.
pub(super) fn same(one: &Token, two: &Token) -> Option<f32> {
    let (short, long) = if one.text.len() <= two.text.len() { (one, two) } else { (two, one) };
    let allowed = slips_allowed(long.text.len());
    // A slip changes two letters at most: one that is there, one that is not.
    let near = long.text.len() - short.text.len() <= allowed
        && (one.letters ^ two.letters).count_ones() as usize <= 2 * allowed;
    let other_ways = one.sound == two.sound
        || one.same != 0 && one.same == two.same
        || short.text.len() == 1
        || long.text.starts_with(&*short.text);
    if !near && !other_ways {
        return None;
    }
    let like = likeness(one, two);
    like.same.then_some(like.value)
}

/// How alike two words are.
pub(super) fn likeness(one: &Token, two: &Token) -> Likeness {
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
        let same = a.as_bytes().first() == b.as_bytes().first();
        return Likeness { value: if same { 0.75 } else { 0.0 }, same };
    }
    let (short, long) = if a.len() <= b.len() { (a, b) } else { (b, a) };
    let slips = distance(a.as_bytes(), b.as_bytes());
    #[expect(clippy::cast_precision_loss, reason = "lengths of words")]
    let mut value = 1.0 - slips as f32 / long.len() as f32;
    if one.sound == two.sound && one.sound.len() > 1 {
        value = value.max(0.5 + 0.5 * value).max(if one.sound.len() > 2 { 0.88 } else { 0.0 });
    }
    if slips <= slips_allowed(long.len()) || value >= 0.88 {
        return Likeness { value, same: true };
    }
    // Cut short: the beginning of the other.
    let cut = short.len() >= 3 && long.len() - short.len() <= 6 && long.starts_with(short);
    Likeness { value: if cut { value.max(0.8) } else { value }, same: cut }
}

/// Optimal string alignment: insertions, deletions, substitutions, and neighbours that changed places.
pub(super) fn distance(a: &[u8], b: &[u8]) -> usize {
    const SHORT: usize = 64;
    if b.len() < SHORT {
        let mut rows = [[0_u16; SHORT]; 3];
        let [one, two, three] = &mut rows;
        return rolled(a, b, [&mut one[..], &mut two[..], &mut three[..]]);
    }
    let mut rows = [vec![0; b.len() + 1], vec![0; b.len() + 1], vec![0; b.len() + 1]];
    let [one, two, three] = &mut rows;
    rolled(a, b, [one, two, three])
}

fn rolled(a: &[u8], b: &[u8], rows: [&mut [u16]; 3]) -> usize {
    let [mut before, mut last, mut this] = rows;
    for (cell, cost) in last[..=b.len()].iter_mut().zip(0..) {
        *cell = cost;
    }
    for (i, &letter) in a.iter().enumerate() {
        this[0] = last[0] + 1;
        for (j, &other) in b.iter().enumerate() {
            let change = last[j] + u16::from(letter != other);
            let mut cost = change.min(last[j + 1] + 1).min(this[j] + 1);
            if i > 0 && j > 0 && letter == b[j - 1] && a[i - 1] == other {
                cost = cost.min(before[j - 1] + 1);
            }
            this[j + 1] = cost;
        }
        (before, last, this) = (last, this, before);
    }
    usize::from(last[b.len()])
}

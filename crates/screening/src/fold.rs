//! Names as they are compared: in small letters a to z and digits, without titles, legal forms told apart.

use crate::Kind;
use crate::similar::Token;
use serde::Deserialize;
use std::collections::{HashMap, HashSet};
use unicode_normalization::UnicodeNormalization as _;

/// Text in small letters a to z, digits and spaces, whatever script it was in. Apostrophes are nothing, every other
/// character a space.
pub fn fold(text: &str) -> String {
    let plain: String = text.nfkc().collect::<String>().replace('&', " and ");
    let latin = any_ascii::any_ascii(&plain);
    let heard = latin.chars().filter(|character| !matches!(character, '\'' | '`'));
    heard.map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { ' ' }).collect()
}

/// A name as it is compared.
#[derive(Clone, Debug)]
pub struct Folded {
    pub(super) tokens: Vec<Token>,
    /// Legal forms that stood in it, a bit for what each amounts to.
    pub(super) forms: u8,
    /// Whether its parts stand in another order than they are said in: `Putin, Vladimir`.
    pub(super) inverted: bool,
}

/// Words that say little about who a name belongs to, and words that say the same: `data/words.toml`.
#[derive(Debug)]
pub struct Words {
    titles: HashSet<String>,
    joining: HashSet<String>,
    particles: HashSet<String>,
    forms: HashMap<String, u8>,
    longest_form: usize,
    same: HashMap<String, u16>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    titles: HashSet<String>,
    particles: HashSet<String>,
    joining: HashSet<String>,
    forms: HashMap<String, Vec<String>>,
    same: Vec<Same>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Same {
    words: Vec<String>,
}

impl Words {
    /// The words that come with the service.
    ///
    /// # Errors
    /// The file is not of this form, or a word is not as names are after folding.
    pub fn shipped() -> anyhow::Result<Self> {
        Self::read(include_str!("../data/words.toml"))
    }

    fn read(text: &str) -> anyhow::Result<Self> {
        let file: File = toml::from_str(text)?;
        let all = file.titles.iter().chain(&file.particles).chain(&file.joining).chain(file.forms.values().flatten());
        for word in all.chain(file.same.iter().flat_map(|same| &same.words)) {
            anyhow::ensure!(fold(word) == *word, "the word {word:?} is not as names are after folding");
        }
        anyhow::ensure!(file.forms.len() <= 8, "there are more legal forms than bits for them");
        let mut names: Vec<_> = file.forms.into_iter().collect();
        names.sort();
        let mut forms = HashMap::new();
        for (number, (_, spellings)) in (0..).zip(names) {
            forms.extend(spellings.into_iter().map(|spelling| (spelling, number)));
        }
        let longest_form = forms.keys().map(|form| form.split(' ').count()).max().unwrap_or(0);
        let groups = (1..).zip(file.same);
        let same = groups.flat_map(|(group, same)| same.words.into_iter().map(move |word| (word, group))).collect();
        let (titles, joining, particles) = (file.titles, file.joining, file.particles);
        Ok(Self { titles, joining, particles, forms, longest_form, same })
    }

    /// A name as it is compared.
    pub fn folded(&self, name: &str, kind: Kind) -> Folded {
        let text = fold(name);
        let words = initials_joined(text.split_ascii_whitespace());
        let (words, forms) = self.without_forms(words, kind);
        let left_out = if kind.is_person() { &self.titles } else { &self.joining };
        let ship = |word: &String| !kind.is_person() && ["mv", "mt", "ms", "ss"].contains(&word.as_str());
        let kept: Vec<_> = words.iter().filter(|word| !left_out.contains(*word) && !ship(word)).cloned().collect();
        let kept = if kept.is_empty() { words } else { kept };
        let token = |word: String| {
            let group = self.same.get(&word).copied().unwrap_or(0);
            Token::new(&word, self.particles.contains(&word), self.joining.contains(&word), group)
        };
        Folded { tokens: kept.into_iter().map(token).collect(), forms, inverted: name.contains(',') }
    }

    /// The words without legal forms, unless nothing else is there; in names of persons only those that are no names.
    fn without_forms(&self, words: Vec<String>, kind: Kind) -> (Vec<String>, u8) {
        let (mut kept, mut forms) = (Vec::new(), 0);
        let mut at = 0;
        while at < words.len() {
            let longest = self.longest_form.min(words.len() - at);
            let found = (1..=longest).rev().find_map(|length| {
                let spelling = words[at..at + length].join(" ");
                let known = !kind.is_person() || ["inc", "llc", "ltd"].contains(&spelling.as_str());
                self.forms.get(&spelling).filter(|_| known).map(|form| (length, *form))
            });
            match found {
                Some((length, form)) => {
                    forms |= 1 << form;
                    at += length;
                }
                None => {
                    kept.push(words[at].clone());
                    at += 1;
                }
            }
        }
        if kept.is_empty() { (words, forms) } else { (kept, forms) }
    }
}

/// Letters that stand alone next to each other are one word: `A.B.C.`.
fn initials_joined<'a>(words: impl Iterator<Item = &'a str>) -> Vec<String> {
    let mut joined: Vec<String> = Vec::new();
    let mut alone = false;
    for word in words {
        let letter = word.len() == 1 && word.bytes().all(|byte| byte.is_ascii_alphabetic());
        match joined.last_mut() {
            Some(last) if letter && alone => last.push_str(word),
            _ => joined.push(word.to_owned()),
        }
        alone = letter;
    }
    joined
}

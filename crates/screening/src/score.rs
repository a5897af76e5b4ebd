//! What a comparison is worth: features, what each adds, and the score they make.

use crate::align::{Alignment, align, bits};
use crate::distance::distance;
use crate::evidence::Evidence;
use crate::similar::{Token, likeness};
use crate::{Entry, Folded, Kind, Subject, Words};
use serde::Deserialize;
use std::fmt;

/// One feature of a comparison.
#[derive(Clone, Debug, PartialEq)]
pub struct Feature {
    /// Its name: `agreement`, `birth`.
    pub name: &'static str,
    /// What was found: a share, or 1 for what is so.
    pub value: f64,
    /// What it adds to the score, in log-odds.
    pub contribution: f64,
}

/// How strong a hit is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Band {
    /// To be shown to who searches by hand.
    Weak,
    /// To be looked at by an officer.
    Possible,
    /// The name and something beside the name agree, or a document's number does.
    Strong,
}

/// Compares names and what is known beside them, by `data/weights.toml`.
pub struct Scorer {
    words: Words,
    weights: Weights,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Weights {
    name: NameWeights,
    evidence: super::evidence::Weights,
    bands: Bands,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NameWeights {
    bias: f64,
    agreement: f64,
    conflict: f64,
    near_conflict: f64,
    conflicting_share: f64,
    likeness: f64,
    order: f64,
    body: f64,
    body_surplus: f64,
    person_surplus: f64,
    form: f64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Bands {
    strong: f64,
    possible: f64,
    weak: f64,
    document_alike: f64,
}

impl fmt::Debug for Scorer {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Scorer").field("words", &self.words).finish_non_exhaustive()
    }
}

impl Scorer {
    /// The words and weights that come with the service.
    ///
    /// # Errors
    /// The data is not of the form that is expected.
    pub fn shipped() -> anyhow::Result<Self> {
        let weights: Weights = toml::from_str(include_str!("../data/weights.toml"))?;
        let Bands { strong, possible, weak, document_alike } = weights.bands;
        anyhow::ensure!(weak <= possible && possible <= strong, "the bands are not in order");
        let alone = possible <= document_alike && document_alike < strong;
        anyhow::ensure!(alone, "a number that may be misread makes a possible hit, no strong one");
        Ok(Self { words: Words::shipped()?, weights })
    }

    /// A name as it is compared.
    pub fn folded(&self, name: &str, kind: Kind) -> Folded {
        self.words.folded(name, kind)
    }

    /// The least score that is a hit.
    pub fn least(&self) -> f64 {
        self.weights.bands.weak
    }

    /// What a document's number that may be misread, or is of another state, makes at least.
    pub(super) fn document_alike(&self) -> f64 {
        self.weights.bands.document_alike
    }

    /// How strong a hit of this score is; none is no hit. Without anything beside the name it is possible at most.
    pub fn band(&self, score: f64, corroborated: bool) -> Option<Band> {
        let Bands { strong, possible, weak, .. } = self.weights.bands;
        match score {
            _ if score >= strong && corroborated => Some(Band::Strong),
            _ if score >= possible => Some(Band::Possible),
            _ if score >= weak => Some(Band::Weak),
            _ => None,
        }
    }

    /// How alike two names are, 0 to 1, and what makes it so.
    pub fn compare(&self, one: &Folded, other: &Folded, kind: Kind) -> (f64, Vec<Feature>) {
        let features = self.features(one, other, kind);
        let sum = features.iter().map(|feature| feature.contribution).sum();
        (logistic(sum), features.into_iter().filter(|feature| feature.value != 0.0).collect())
    }

    /// The same, without words about it.
    pub(super) fn name_odds(&self, one: &Folded, other: &Folded, kind: Kind) -> f64 {
        self.features(one, other, kind).iter().map(|feature| feature.contribution).sum()
    }

    /// What is known beside the names, and what it adds.
    pub(super) fn evidence(&self, subject: &Subject, entry: &Entry) -> Evidence {
        Evidence::of(subject, entry, &self.weights.evidence)
    }

    fn features(&self, one: &Folded, other: &Folded, kind: Kind) -> [Feature; 11] {
        let weights = &self.weights.name;
        let found = Found::of(one, other, kind);
        let so = |so: bool| f64::from(u8::from(so));
        let person = kind.is_person();
        let feature = |name, value: f64, weight: f64| Feature { name, value, contribution: value * weight };
        [
            feature("bias", 1.0, weights.bias),
            feature("agreement", found.agreement, weights.agreement),
            feature("conflict", so(found.conflict), weights.conflict),
            feature("near_conflict", found.near_conflict, weights.near_conflict),
            feature("conflicting_share", found.conflicting_share, weights.conflicting_share),
            feature("likeness", found.likeness, weights.likeness),
            feature("order", so(found.swapped), weights.order),
            feature("body", so(!person), weights.body),
            feature("body_surplus", if person { 0.0 } else { found.surplus }, weights.body_surplus),
            feature("person_surplus", if person { found.surplus } else { 0.0 }, weights.person_surplus),
            feature("form", so(!person && found.other_form), weights.form),
        ]
    }
}

/// The logistic function.
pub(super) fn logistic(odds: f64) -> f64 {
    1.0 / (1.0 + (-odds).exp())
}

/// What a comparison of two names finds.
struct Found {
    /// The share of the words' weight that has a counterpart.
    agreement: f64,
    /// Both names have a word that tells and has no counterpart.
    conflict: bool,
    /// How alike the most alike of these are.
    near_conflict: f64,
    /// The share of their weight.
    conflicting_share: f64,
    /// How alike the names are as a whole, letter by letter.
    likeness: f64,
    /// The two words of a name change places, and nothing says that they were inverted.
    swapped: bool,
    /// The share of weight that one name has more.
    surplus: f64,
    /// Both say a legal form, and not the same.
    other_form: bool,
}

impl Found {
    fn of(one: &Folded, other: &Folded, kind: Kind) -> Self {
        let (left, right) = (&one.tokens[..one.tokens.len().min(64)], &other.tokens[..other.tokens.len().min(64)]);
        let aligned = align(left, right);
        let weight = |tokens: &[Token], mask: u64, set: bool| -> f64 {
            let words = tokens.iter().enumerate().filter(|(index, _)| (mask >> index & 1 == 1) == set);
            words.map(|(_, token)| f64::from(token.weight)).sum()
        };
        let (paired, lone_left, lone_right) = (
            weight(left, aligned.left, true) + weight(right, aligned.right, true),
            weight(left, aligned.left, false),
            weight(right, aligned.right, false),
        );
        let total = (paired + lone_left + lone_right).max(f64::MIN_POSITIVE);
        let (conflict, near_conflict) = conflict(left, right, &aligned);
        Self {
            agreement: paired / total,
            conflict,
            near_conflict,
            conflicting_share: 2.0 * lone_left.min(lone_right) / total,
            likeness: whole(left, right),
            swapped: kind.is_person() && !one.inverted && !other.inverted && swapped(left, right, &aligned),
            surplus: 2.0 * (lone_left - lone_right).abs() / total,
            other_form: one.forms != 0 && other.forms != 0 && one.forms & other.forms == 0,
        }
    }
}

fn conflict(left: &[Token], right: &[Token], aligned: &Alignment) -> (bool, f64) {
    let lone = |tokens: &[Token], mask: u64| -> Vec<usize> {
        (0..tokens.len()).filter(|index| mask >> index & 1 == 0).collect()
    };
    let (lone_left, lone_right) = (lone(left, aligned.left), lone(right, aligned.right));
    let telling = |tokens: &[Token], lone: &[usize]| -> Vec<usize> {
        lone.iter().copied().filter(|&index| tokens[index].tells()).collect()
    };
    let (tell_left, tell_right) = (telling(left, &lone_left), telling(right, &lone_right));
    // An initial that begins no word of the other name speaks against it as a whole word does.
    let initial = |tokens: &[Token], lone: &[usize]| lone.iter().any(|&index| tokens[index].is_initial());
    let conflict = !tell_left.is_empty() && !tell_right.is_empty()
        || initial(left, &lone_left) && !lone_right.is_empty()
        || initial(right, &lone_right) && !lone_left.is_empty();
    let pairs = tell_left.iter().flat_map(|&i| tell_right.iter().map(move |&j| (i, j)));
    let near = pairs.map(|(i, j)| f64::from(likeness(&left[i], &right[j]).value)).fold(0.0, f64::max);
    (conflict, near)
}

fn words(tokens: &[Token]) -> Vec<&[u8]> {
    tokens.iter().map(|token| &*token.text).collect()
}

/// Likeness of the names with their words run together, as they stand or sorted; 0 for half alike and less.
fn whole(left: &[Token], right: &[Token]) -> f64 {
    let (mut one, mut other) = (words(left), words(right));
    let (text, of) = (one.concat(), other.concat());
    let longest = text.len().max(of.len()).max(1);
    // Half as many slips as letters are worth nothing, and so are not counted.
    let mut slips = longest;
    if 2 * text.len().abs_diff(of.len()) < longest {
        slips = distance(&text, &of);
        one.sort_unstable();
        other.sort_unstable();
        if slips > 0 {
            slips = slips.min(distance(&one.concat(), &other.concat()));
        }
    }
    #[expect(clippy::cast_precision_loss, reason = "lengths of names")]
    let like = 1.0 - slips as f64 / longest as f64;
    (like - 0.5).max(0.0) * 2.0
}

fn swapped(left: &[Token], right: &[Token], aligned: &Alignment) -> bool {
    let [one, two] = aligned.pairs.as_slice() else { return false };
    let both = left.len() == 2 && right.len() == 2 && bits(one.left) | bits(two.left) == 3;
    both && (one.left.0 < two.left.0) != (one.right.0 < two.right.0)
}

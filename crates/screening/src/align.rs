//! Which words of one name are which words of another.

use crate::distance::distance;
use crate::similar::{Asked, Token};
use std::cmp::Ordering;

/// The most words of one name that can be one word of another: `Plat Ono Vich`.
const JOINED: usize = 3;
/// What a pair of which one side is joined must reach.
const LIKE_JOINED: f32 = 0.85;

/// Words of one name that are words of another.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pair {
    pub(super) like: f32,
    /// The first word and how many, on either side.
    pub(super) left: (usize, usize),
    pub(super) right: (usize, usize),
}

/// Two names laid side by side. Bit `n` of `left` is set if word `n` has a counterpart.
#[derive(Debug, Default)]
pub(super) struct Alignment {
    pub(super) pairs: Vec<Pair>,
    pub(super) left: u64,
    pub(super) right: u64,
}

/// Pairs up words, the most alike first. Names of more than 64 words are compared by their first 64.
pub(super) fn align(left: &[Token], right: &[Token]) -> Alignment {
    let mut candidates = Vec::with_capacity(left.len() + right.len());
    for (i, one) in left.iter().enumerate() {
        let one = Asked::new(one);
        for (j, other) in right.iter().enumerate() {
            if let Some(like) = one.same(other, other.letters) {
                candidates.push(Pair { like, left: (i, 1), right: (j, 1) });
            }
        }
    }
    joined(left, right, &mut candidates, |joined, one| Pair { left: joined.left, right: one.left, ..joined });
    joined(right, left, &mut candidates, |joined, one| Pair { left: one.left, right: joined.left, ..joined });
    candidates.sort_by(|a, b| better(left, right, a, b));
    let mut alignment = Alignment::default();
    for pair in candidates {
        let (one, other) = (bits(pair.left), bits(pair.right));
        if alignment.left & one == 0 && alignment.right & other == 0 {
            alignment.left |= one;
            alignment.right |= other;
            alignment.pairs.push(pair);
        }
    }
    alignment
}

/// The words as bits.
pub(super) fn bits((first, count): (usize, usize)) -> u64 {
    ((1_u64 << count) - 1) << first
}

fn better(left: &[Token], right: &[Token], a: &Pair, b: &Pair) -> Ordering {
    let length = |pair: &Pair| left[pair.left.0].text.len().min(right[pair.right.0].text.len());
    let apart = |pair: &Pair| pair.left.0.abs_diff(pair.right.0);
    b.like.total_cmp(&a.like).then(length(b).cmp(&length(a))).then(apart(a).cmp(&apart(b)))
}

/// Words of `many` written as one word of `few`: joined, or as their initials.
fn joined(many: &[Token], few: &[Token], into: &mut Vec<Pair>, pair: impl Fn(Pair, Pair) -> Pair) {
    for first in 0..many.len() {
        for count in 2..=JOINED.min(many.len() - first) {
            let parts = &many[first..first + count];
            let length: usize = parts.iter().map(|part| part.text.len()).sum();
            let letters = parts.iter().fold(0, |letters, part| letters | part.letters);
            for (index, one) in few.iter().enumerate() {
                let like = if one.text.len() == count && length > count + 2 {
                    let initials = parts.iter().filter_map(|part| part.text.first());
                    initials.eq(one.text.iter()).then_some(0.75)
                } else if length.min(one.text.len()) >= 4 && length.abs_diff(one.text.len()) <= 2 {
                    like_joined(parts, length, letters, one)
                } else {
                    None
                };
                if let Some(like) = like {
                    let half = |words| Pair { like, left: words, right: words };
                    into.push(pair(half((first, count)), half((index, 1))));
                }
            }
        }
    }
}

/// How alike words run together are to one word, if they are alike.
fn like_joined(parts: &[Token], length: usize, letters: u32, one: &Token) -> Option<f32> {
    let longest = length.max(one.text.len());
    #[expect(clippy::cast_precision_loss, reason = "lengths of words")]
    let like = |slips: usize| Some(1.0 - slips as f32 / longest as f32).filter(|like| *like >= LIKE_JOINED);
    // A slip changes two letters at most: without counting, it cannot be fewer than half of those that differ.
    like((letters ^ one.letters).count_ones().div_ceil(2) as usize)?;
    let text: Vec<u8> = parts.iter().flat_map(|part| part.text.iter().copied()).collect();
    Some(like(distance(&text, &one.text))? - 0.02)
}

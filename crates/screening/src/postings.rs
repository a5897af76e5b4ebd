//! Which numbers stand under which key: found in three looks at memory, however many keys there are.
//!
//! Keys are mixed, so that their highest bits spread them evenly over buckets, about one key in each; the bits after those tell
//! the keys of a bucket apart.

/// Numbers by key. Under each key they ascend.
#[derive(Debug, Default)]
pub(super) struct Postings {
    /// How many of a key's bits are the number of its bucket; at least 1, but for nothing at all.
    bits: u32,
    /// Where the keys of each bucket begin; one more at the end.
    buckets: Box<[u32]>,
    /// The keys of each bucket; one more at the end.
    keys: Box<[Key]>,
    numbers: Box<[u32]>,
}

#[derive(Clone, Copy, Debug)]
struct Key {
    /// What tells it from the others of its bucket.
    tag: u32,
    /// Where its numbers begin.
    first: u32,
}

impl Postings {
    /// Of pairs of key and number, in any order.
    pub(super) fn of(pairs: Vec<(u64, u32)>) -> Self {
        if pairs.is_empty() {
            return Self::default();
        }
        let bits = pairs.len().ilog2().clamp(1, 31);
        let mut sorted = by_bucket(&pairs, bits);
        let (mut keys, mut buckets, mut numbers) = (Vec::new(), vec![0], Vec::with_capacity(pairs.len()));
        // There are many, and as many again are in hand.
        drop(pairs);
        let mut rest = &mut sorted.pairs[..];
        for length in sorted.lengths {
            let (these, others) = rest.split_at_mut(length as usize);
            rest = others;
            these.sort_unstable();
            for (at, &(tag, number)) in these.iter().enumerate() {
                if at > 0 && these[at - 1] == (tag, number) {
                    continue;
                }
                if at == 0 || these[at - 1].0 != tag {
                    keys.push(Key { tag, first: count(&numbers) });
                }
                numbers.push(number);
            }
            buckets.push(count(&keys));
        }
        keys.push(Key { tag: 0, first: count(&numbers) });
        Self { bits, buckets: buckets.into(), keys: keys.into(), numbers: numbers.into() }
    }

    /// The numbers under a key.
    pub(super) fn get(&self, key: u64) -> &[u32] {
        if self.bits == 0 {
            return &[];
        }
        let (bucket, tag) = place(key, self.bits);
        let range = self.buckets[bucket] as usize..self.buckets[bucket + 1] as usize;
        let Some(at) = self.keys[range.clone()].iter().position(|key| key.tag == tag) else { return &[] };
        let at = range.start + at;
        &self.numbers[self.keys[at].first as usize..self.keys[at + 1].first as usize]
    }
}

fn count<T>(of: &[T]) -> u32 {
    u32::try_from(of.len()).expect("fewer postings than numbers")
}

/// Pairs in the order of their buckets, and how many each bucket has.
struct Sorted {
    pairs: Vec<(u32, u32)>,
    lengths: Vec<u32>,
}

fn by_bucket(pairs: &[(u64, u32)], bits: u32) -> Sorted {
    let mut lengths = vec![0_u32; 1 << bits];
    for (key, _) in pairs {
        lengths[place(*key, bits).0] += 1;
    }
    let mut next = vec![0; lengths.len()];
    for bucket in 1..lengths.len() {
        next[bucket] = next[bucket - 1] + lengths[bucket - 1];
    }
    let mut sorted = vec![(0, 0); pairs.len()];
    for &(key, number) in pairs {
        let (bucket, tag) = place(key, bits);
        sorted[next[bucket] as usize] = (tag, number);
        next[bucket] += 1;
    }
    Sorted { pairs: sorted, lengths }
}

/// The bucket of a key and its tag there.
fn place(key: u64, bits: u32) -> (usize, u32) {
    let mixed = (key ^ key >> 32).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let mixed = (mixed ^ mixed >> 29).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    #[expect(clippy::cast_possible_truncation, reason = "the bits that are meant")]
    ((mixed >> (64 - bits)) as usize, (mixed >> (32 - bits)) as u32)
}

/// The key of a text: FNV-1a, 64 bits. Two texts with one key only make a search look at more.
pub(super) fn key(text: &[u8]) -> u64 {
    text.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::{BTreeMap, BTreeSet};

    proptest! {
        #[test]
        fn each_key_has_its_numbers(pairs in prop::collection::vec((0_u64..40, 0_u32..20), 0..300), absent in 40_u64..) {
            let postings = Postings::of(pairs.clone());
            let mut expected: BTreeMap<u64, BTreeSet<u32>> = BTreeMap::new();
            for (key, number) in pairs {
                expected.entry(key).or_default().insert(number);
            }
            for (key, numbers) in expected {
                prop_assert_eq!(postings.get(key), numbers.into_iter().collect::<Vec<_>>());
            }
            prop_assert_eq!(postings.get(absent), &[] as &[u32]);
        }
    }
}

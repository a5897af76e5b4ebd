//! Which numbers stand under which key: two sorted arrays, searched by halving.

/// Numbers by key. Under each key they ascend.
#[derive(Debug, Default)]
pub(super) struct Postings {
    keys: Box<[u64]>,
    ends: Box<[u32]>,
    numbers: Box<[u32]>,
}

impl Postings {
    /// Of pairs of key and number, in any order.
    pub(super) fn of(mut pairs: Vec<(u64, u32)>) -> Self {
        pairs.sort_unstable();
        pairs.dedup();
        let (mut keys, mut ends) = (Vec::new(), Vec::<u32>::new());
        for (at, (key, _)) in (1..).zip(&pairs) {
            if keys.last() == Some(key) {
                if let Some(end) = ends.last_mut() {
                    *end = at;
                }
            } else {
                keys.push(*key);
                ends.push(at);
            }
        }
        let numbers = pairs.into_iter().map(|(_, number)| number).collect();
        Self { keys: keys.into(), ends: ends.into(), numbers }
    }

    /// The numbers under a key.
    pub(super) fn get(&self, key: u64) -> &[u32] {
        let Ok(index) = self.keys.binary_search(&key) else { return &[] };
        let from = if index == 0 { 0 } else { self.ends[index - 1] };
        &self.numbers[from as usize..self.ends[index] as usize]
    }
}

/// The key of a text: FNV-1a, 64 bits. Two texts with one key only make a search look at more.
pub(super) fn key(text: &[u8]) -> u64 {
    text.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3))
}

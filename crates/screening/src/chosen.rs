//! The names that a search looks at: each once, in ascending order, however often it was found.

/// A set of names, as a bit for each name there is.
#[derive(Debug)]
pub(super) struct Chosen {
    bits: Vec<u64>,
    count: usize,
}

impl Chosen {
    /// None yet, of so many.
    pub(super) fn of(names: usize) -> Self {
        Self { bits: vec![0; names.div_ceil(64)], count: 0 }
    }

    /// How many there are.
    pub(super) fn count(&self) -> usize {
        self.count
    }

    /// Takes the first `most` of these that are not among them.
    pub(super) fn take(&mut self, names: &[u32], most: usize) {
        let full = self.count.saturating_add(most);
        for &name in names {
            if self.count >= full {
                return;
            }
            let (bits, bit) = (&mut self.bits[name as usize / 64], 1 << (name % 64));
            self.count += usize::from(*bits & bit == 0);
            *bits |= bit;
        }
    }

    /// Takes whole the lists that are short, and of those that are long an equal share, `most` names in all: what few names have
    /// in common says more than what many have.
    pub(super) fn share(&mut self, mut lists: Vec<&[u32]>, most: usize) {
        lists.sort_unstable_by_key(|names| names.len());
        let full = self.count.saturating_add(most);
        let many = lists.len();
        for (at, names) in lists.into_iter().enumerate() {
            self.take(names, full.saturating_sub(self.count) / (many - at));
        }
    }

    /// The names, ascending.
    pub(super) fn into_names(self) -> impl Iterator<Item = u32> {
        (0..).step_by(64).zip(self.bits).flat_map(|(first, mut bits)| {
            std::iter::from_fn(move || {
                let name = (bits != 0).then(|| first + bits.trailing_zeros());
                bits &= bits.wrapping_sub(1);
                name
            })
        })
    }
}

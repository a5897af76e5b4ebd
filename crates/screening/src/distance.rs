//! How many slips make one text another: insertions, deletions, substitutions, and neighbours that changed places.
//!
//! Hyyro's bit-parallel form of optimal string alignment ("A bit-vector algorithm for computing Levenshtein and Damerau edit
//! distances", 2003): a column of the table of slips is two numbers, its differences up and down, so that each letter of the
//! other text costs a dozen operations.

/// The most letters of a pattern: bits of a number.
const LONGEST: usize = 64;
/// Letters a to z, digits, and whatever else there may be.
const SYMBOLS: usize = 37;

/// A text of which the slips to others are counted.
#[derive(Debug)]
pub(super) struct Pattern {
    /// Where each symbol stands, a bit for each place.
    places: [u64; SYMBOLS],
    length: usize,
}

impl Pattern {
    /// The pattern of a text, unless it is too long to be one.
    pub(super) fn of(text: &[u8]) -> Option<Self> {
        if text.len() > LONGEST {
            return None;
        }
        let mut places = [0; SYMBOLS];
        for (place, &letter) in text.iter().enumerate() {
            places[symbol(letter)] |= 1 << place;
        }
        Some(Self { places, length: text.len() })
    }

    /// How many slips make it the other text.
    pub(super) fn slips(&self, other: &[u8]) -> usize {
        let Some(last) = self.length.checked_sub(1) else { return other.len() };
        let (mut more, mut less) = (u64::MAX, 0_u64);
        let (mut same, mut before) = (0_u64, 0_u64);
        let mut slips = self.length;
        for &letter in other {
            let here = self.places[symbol(letter)];
            let swapped = ((!same & here) << 1) & before;
            same = ((here & more).wrapping_add(more) ^ more) | here | less | swapped;
            let (up, down) = (less | !(same | more), same & more);
            slips += (up >> last & 1) as usize;
            slips -= (down >> last & 1) as usize;
            let (up, down) = (up << 1 | 1, down << 1);
            more = down | !(same | up);
            less = up & same;
            before = here;
        }
        slips
    }
}

fn symbol(letter: u8) -> usize {
    match letter {
        b'a'..=b'z' => usize::from(letter - b'a'),
        b'0'..=b'9' => usize::from(letter - b'0') + 26,
        _ => SYMBOLS - 1,
    }
}

/// How many slips make one text the other.
pub(super) fn distance(one: &[u8], other: &[u8]) -> usize {
    let (short, long) = if one.len() <= other.len() { (one, other) } else { (other, one) };
    Pattern::of(short).map_or_else(|| by_table(short, long), |pattern| pattern.slips(long))
}

/// The same by the table itself, for texts too long for a pattern.
fn by_table(one: &[u8], other: &[u8]) -> usize {
    let mut rows = [vec![0; other.len() + 1], (0..=other.len()).collect(), vec![0; other.len() + 1]];
    for (i, &letter) in one.iter().enumerate() {
        let [before, last, this] = &mut rows;
        this[0] = i + 1;
        for (j, &against) in other.iter().enumerate() {
            let change = last[j] + usize::from(letter != against);
            this[j + 1] = change.min(last[j + 1] + 1).min(this[j] + 1);
            if i > 0 && j > 0 && letter == other[j - 1] && one[i - 1] == against {
                this[j + 1] = this[j + 1].min(before[j - 1] + 1);
            }
        }
        rows.rotate_left(1);
    }
    rows[1][other.len()]
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn slips_are_counted() {
        for (one, other, slips) in
            [("", "", 0), ("", "ab", 2), ("ab", "ba", 1), ("ca", "abc", 3), ("lukashenko", "luakshenka", 2)]
        {
            assert_eq!(distance(one.as_bytes(), other.as_bytes()), slips, "{one} {other}");
        }
    }

    proptest! {
        #[test]
        fn the_pattern_counts_as_the_table_does(one in "[abc0]{0,64}", other in "[abc0]{0,90}") {
            let pattern = Pattern::of(one.as_bytes()).expect("short enough");
            prop_assert_eq!(pattern.slips(other.as_bytes()), by_table(one.as_bytes(), other.as_bytes()));
        }
    }
}

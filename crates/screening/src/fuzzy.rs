//! The texts that are left of a word when up to two letters are taken out: two words within as many slips share one.

/// The most slips that are looked for.
const MOST: usize = 2;
/// Letters after these do not matter for looking a word up; they do for comparing it.
const LONGEST: usize = 16;

/// Calls `each` with every text that is left of a word when up to `slips` of its letters are taken out.
pub(super) fn remains(word: &[u8], slips: usize, mut each: impl FnMut(&[u8])) {
    let word = &word[..word.len().min(LONGEST)];
    each(word);
    let slips = slips.min(MOST).min(word.len());
    if slips == 0 {
        return;
    }
    let mut one = [0_u8; LONGEST];
    let mut two = [0_u8; LONGEST];
    for first in 0..word.len() {
        let left = without(word, first, &mut one);
        each(left);
        if slips > 1 {
            for second in first..left.len() {
                each(without(left, second, &mut two));
            }
        }
    }
}

fn without<'b>(word: &[u8], at: usize, into: &'b mut [u8; LONGEST]) -> &'b [u8] {
    into[..at].copy_from_slice(&word[..at]);
    into[at..word.len() - 1].copy_from_slice(&word[at + 1..]);
    &into[..word.len() - 1]
}

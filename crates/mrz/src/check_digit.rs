//! The check digit of Doc 9303-3, 4.9: weights 7, 3, 1, sum modulo 10.

/// What each character counts: a digit itself, A to Z 10 to 35, the filler 0.
const WORTH: [u8; 128] = {
    let mut worth = [0; 128];
    let mut digit = 0;
    while digit < 10 {
        worth[b'0' as usize + digit as usize] = digit;
        digit += 1;
    }
    let mut letter = 0;
    while letter < 26 {
        worth[b'A' as usize + letter as usize] = 10 + letter;
        letter += 1;
    }
    worth
};

/// The check digit, `'0'` to `'9'`, over pieces of a zone read one after the other.
///
/// Characters that no zone can hold count as the filler; whoever reads a zone has refused them before.
///
/// ```
/// assert_eq!(mrz::check_digit(["L898902C3"]), '6');
/// ```
pub fn check_digit<'a>(pieces: impl IntoIterator<Item = &'a str>) -> char {
    let mut weights = [7, 3, 1].into_iter().cycle();
    let mut sum = 0;
    for character in pieces.into_iter().flat_map(str::bytes) {
        let weight = weights.next().expect("a cycle does not end");
        sum += weight * u32::from(WORTH.get(usize::from(character)).copied().unwrap_or(0));
    }
    char::from(b'0' + u8::try_from(sum % 10).expect("below 10"))
}

//! Card numbers: nine characters, the last a check digit, so that a misread number is told from an unknown one.

use ring::rand::{SecureRandom as _, SystemRandom};

/// Characters of a number: no vowels, so that no words arise, and none that is mistaken for another at night.
const ALPHABET: &[u8; 24] = b"BCDFGHJKLMNPQRTVWXY34679";
/// How many characters a number has.
const LENGTH: usize = 9;

/// A new number, which nobody can guess from others.
///
/// # Panics
/// If the system gives no random numbers.
pub(crate) fn generate() -> String {
    let random = SystemRandom::new();
    let mut number = String::with_capacity(LENGTH);
    while number.len() < LENGTH - 1 {
        let mut bytes = [0_u8; 16];
        random.fill(&mut bytes).expect("the system gives random numbers");
        // Bytes past the last whole multiple would make the first characters likelier.
        let fair = bytes.iter().filter(|byte| **byte < 240);
        let wanted = LENGTH - 1 - number.len();
        number.extend(fair.map(|byte| char::from(ALPHABET[usize::from(byte % 24)])).take(wanted));
    }
    number.push(check_digit(number.as_bytes()));
    number
}

/// Whether the number is of our form and its check digit is right.
pub(crate) fn is_well_read(number: &str) -> bool {
    let bytes = number.as_bytes();
    bytes.len() == LENGTH
        && bytes[..LENGTH - 1].iter().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit())
        && char::from(bytes[LENGTH - 1]) == check_digit(&bytes[..LENGTH - 1])
}

/// The check digit: weights 7, 3, 1 over digits as they are and letters from A = 10, modulo 10 (ICAO Doc 9303-3, 4.9).
fn check_digit(characters: &[u8]) -> char {
    let value = |byte: u8| match byte {
        b'0'..=b'9' => u32::from(byte - b'0'),
        b'A'..=b'Z' => u32::from(byte - b'A') + 10,
        _ => 0,
    };
    let weights = [7, 3, 1].into_iter().cycle();
    let sum: u32 = characters.iter().zip(weights).map(|(byte, weight)| value(*byte) * weight).sum();
    char::from_digit(sum % 10, 10).expect("a remainder of ten is a digit")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The document number and check digit of the specimen in ICAO Doc 9303-4, appendix A.
    #[test]
    fn the_specimen_of_the_standard_has_its_check_digit() {
        assert_eq!(check_digit(b"L898902C3"), '6');
    }

    #[test]
    fn a_number_is_well_read_and_none_that_differs_in_a_digit_or_by_a_slip() {
        for _ in 0..200 {
            let number = generate();
            assert!(is_well_read(&number), "{number}");
            let last = number.len() - 1;
            let digit = number.as_bytes()[last];
            let wrong = format!("{}{}", &number[..last], if digit == b'9' { '0' } else { char::from(digit + 1) });
            assert!(!is_well_read(&wrong), "{wrong}");
            assert!(!is_well_read(&number[1..]));
            let small = number.to_ascii_lowercase();
            assert!(small == number || !is_well_read(&small), "{small}");
        }
    }
}

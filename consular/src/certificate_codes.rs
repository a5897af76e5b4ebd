//! Codes that certificates bear: whoever knows one has the paper in hand.

use fault::Fault;
use proto::policy::v1::Reason as House;
use ring::digest::{SHA256, digest};
use ring::rand::{SecureRandom as _, SystemRandom};

/// Letters and digits, none of which is read as another.
const LETTERS: &[u8; 32] = b"ABCDEFGHJKLMNPQRSTUVWXYZ23456789";
/// How many of them a code has: 60 bits.
const LENGTH: usize = 12;

/// A code that nobody guesses.
///
/// # Errors
/// `INTERNAL` if the system gives no random numbers.
pub(crate) fn code() -> Result<String, Fault> {
    let mut bytes = [0_u8; LENGTH];
    let no_random = |_| Fault::new(House::Internal, "the system gives no random numbers");
    SystemRandom::new().fill(&mut bytes).map_err(no_random)?;
    Ok(bytes.iter().map(|byte| char::from(LETTERS[usize::from(byte % 32)])).collect())
}

/// Whether someone named this code; in small letters too. What has no code is opened by none. Digests are compared, so
/// that the time it takes says nothing of the letters.
pub(crate) fn is_code(own: &str, named: &str) -> bool {
    let digest = |text: &str| digest(&SHA256, text.to_uppercase().as_bytes());
    digest(own).as_ref() == digest(named).as_ref() && !own.is_empty()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_opens_what_it_was_given_for_and_nothing_opens_what_has_none() {
        let one = code().expect("there are random numbers");
        assert!(one.len() == LENGTH && one.bytes().all(|letter| LETTERS.contains(&letter)), "{one}");
        assert!(is_code(&one, &one.to_lowercase()));
        assert!(!is_code(&one, &code().expect("there are random numbers")));
        assert!(!is_code(&one, "") && !is_code("", ""));
    }
}

//! Seals: a compact payload signed with Ed25519, as text for a barcode, that anyone with the public key verifies offline.
//!
//! The text is `LGS1:` and base45 (RFC 9285) of: the version, 1 byte; the key's id, 4 bytes; the payload; the
//! signature, 64 bytes (RFC 8032) over `legation seal 1`, a zero byte and all that goes before it. A QR code holds such
//! text at five and a half bits a character.

mod barcode;
mod base45;
mod key;

pub use barcode::{TooLong, barcode};
pub use key::{PublicKey, SealKey};

use ring::signature::{ED25519, UnparsedPublicKey};

/// What every seal begins with.
const MARK: &str = "LGS1:";
/// The form of what follows the mark.
const VERSION: u8 = 1;
/// What is signed begins so: a signature of another purpose is never one of ours.
const PURPOSE: &[u8] = b"legation seal 1\0";
const ID: usize = 4;
const SIGNATURE: usize = 64;

/// Why a text is no good seal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unsealed {
    /// It is no seal at all, or it was misread.
    #[error("this is no seal, or it was misread")]
    Unreadable,
    /// It is of a form that this verifier does not know.
    #[error("this seal is of a form that is not known here")]
    UnknownForm,
    /// It is signed with a key that is not among those given.
    #[error("this seal is signed with a key that is not known here")]
    UnknownKey,
    /// The signature does not fit: the content was changed, or it was never ours.
    #[error("the signature does not fit what it stands under")]
    Forged,
}

/// The payload of a seal, if one of these keys signed it. Pure: it asks nobody.
///
/// # Errors
/// Why it is no good seal.
pub fn verify(text: &str, keys: &[PublicKey]) -> Result<Vec<u8>, Unsealed> {
    let encoded = text.trim().strip_prefix(MARK).ok_or(Unsealed::Unreadable)?;
    let bytes = base45::decode(encoded).ok_or(Unsealed::Unreadable)?;
    let (version, rest) = bytes.split_first().ok_or(Unsealed::Unreadable)?;
    if *version != VERSION {
        return Err(Unsealed::UnknownForm);
    }
    let (_, signature) = rest.split_last_chunk::<SIGNATURE>().ok_or(Unsealed::Unreadable)?;
    let content = &bytes[..bytes.len() - SIGNATURE];
    let (id, payload) = content[1..].split_first_chunk::<ID>().ok_or(Unsealed::Unreadable)?;
    let mut signers = keys.iter().filter(|key| key.id() == *id).peekable();
    signers.peek().ok_or(Unsealed::UnknownKey)?;
    let signed = signed(content);
    let good = |key: &PublicKey| UnparsedPublicKey::new(&ED25519, key.bytes()).verify(&signed, signature).is_ok();
    if signers.any(good) { Ok(payload.to_vec()) } else { Err(Unsealed::Forged) }
}

/// Seals a payload.
fn sealed(key: &SealKey, payload: &[u8]) -> String {
    let mut bytes = Vec::with_capacity(1 + ID + payload.len() + SIGNATURE);
    bytes.push(VERSION);
    bytes.extend_from_slice(&key.public().id());
    bytes.extend_from_slice(payload);
    let signature = key.sign(&signed(&bytes));
    bytes.extend_from_slice(&signature);
    format!("{MARK}{}", base45::encode(&bytes))
}

fn signed(content: &[u8]) -> Vec<u8> {
    [PURPOSE, content].concat()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn key(seed: u8) -> SealKey {
        SealKey::of_seed(&[seed; 32]).unwrap()
    }

    #[test]
    fn what_was_sealed_is_read_with_the_public_key_alone() {
        let text = key(7).seal(b"card BCD123456");
        assert_eq!(verify(&text, &[key(9).public(), key(7).public()]).unwrap(), b"card BCD123456");
        assert_eq!(verify(&format!(" {text}\n"), &[key(7).public()]).unwrap(), b"card BCD123456");
        let alphanumeric = |c: char| c.is_ascii_uppercase() || c.is_ascii_digit() || " $%*+-./:".contains(c);
        assert!(text.chars().all(alphanumeric), "{text}");
    }

    #[test]
    fn a_seal_is_the_same_each_time() {
        assert_eq!(key(7).seal(b"one"), key(7).seal(b"one"));
    }

    #[test]
    fn what_is_no_seal_says_why() {
        let keys = [key(7).public()];
        for text in ["", "LGS1:", "LGS1:A", "LGS1::::", "HC1:6BF", "lgs1:00", "LGS1:zz"] {
            assert_eq!(verify(text, &keys), Err(Unsealed::Unreadable), "{text}");
        }
        assert_eq!(verify(&key(8).seal(b"one"), &keys), Err(Unsealed::UnknownKey));
        assert_eq!(verify(&key(7).seal(b"one"), &[]), Err(Unsealed::UnknownKey));
        let other = format!("{MARK}{}", base45::encode(&[2; 90]));
        assert_eq!(verify(&other, &keys), Err(Unsealed::UnknownForm));
    }

    /// The signature of the same bytes for another purpose is not one of ours.
    #[test]
    fn a_signature_of_another_purpose_is_forged() {
        let key = key(7);
        let mut bytes = vec![VERSION];
        bytes.extend_from_slice(&key.public().id());
        bytes.extend_from_slice(b"one");
        let signature = key.sign(&bytes);
        bytes.extend_from_slice(&signature);
        let text = format!("{MARK}{}", base45::encode(&bytes));
        assert_eq!(verify(&text, &[key.public()]), Err(Unsealed::Forged));
    }

    proptest! {
        #[test]
        fn no_changed_bit_passes(payload in proptest::collection::vec(any::<u8>(), 0..80), place in any::<prop::sample::Index>(), bit in 0..8_u8) {
            let text = key(7).seal(&payload);
            prop_assert_eq!(verify(&text, &[key(7).public()]).unwrap(), payload);
            let mut bytes = base45::decode(text.strip_prefix(MARK).unwrap()).unwrap();
            let place = place.index(bytes.len());
            bytes[place] ^= 1 << bit;
            let changed = format!("{MARK}{}", base45::encode(&bytes));
            prop_assert!(verify(&changed, &[key(7).public()]).is_err());
        }
    }
}

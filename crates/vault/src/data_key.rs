//! The key of one record, and how it seals: AES-256-GCM with a random nonce, bound to the place where the bytes lie.

use crate::{Broken, KEY, joined};
use ring::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use ring::rand::{SecureRandom as _, SystemRandom};
use std::fmt;

/// The key of one record. Its bytes are in memory while a record is read or written, and nowhere else unwrapped.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct DataKey([u8; KEY]);

impl DataKey {
    /// A new key.
    ///
    /// # Errors
    /// There are no random numbers.
    pub fn random() -> Result<Self, Broken> {
        let mut key = [0; KEY];
        SystemRandom::new().fill(&mut key).map_err(|_| Broken::Random)?;
        Ok(Self(key))
    }

    pub(crate) fn of(bytes: &[u8]) -> Result<Self, Broken> {
        bytes.try_into().map(Self).map_err(|_| Broken::Sealed)
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        &self.0
    }

    /// Seals bytes for this place alone: nonce, ciphertext and tag.
    ///
    /// # Errors
    /// There are no random numbers.
    pub fn seal(&self, place: &[&str], plain: &[u8]) -> Result<Vec<u8>, Broken> {
        seal(&cipher(&self.0), place, plain)
    }

    /// What was sealed for this place.
    ///
    /// # Errors
    /// It was altered, or sealed for another place or with another key.
    pub fn open(&self, place: &[&str], sealed: &[u8]) -> Result<Vec<u8>, Broken> {
        open(&cipher(&self.0), place, sealed)
    }
}

impl fmt::Debug for DataKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("DataKey(…)")
    }
}

pub(crate) fn cipher(key: &[u8; KEY]) -> LessSafeKey {
    LessSafeKey::new(UnboundKey::new(&AES_256_GCM, key).expect("the key has the length of the cipher's keys"))
}

/// A nonce is random: a record's key seals a few times, a wrapping key must not wrap more than 2^32 times (NIST SP
/// 800-38D, section 8.3), which no register reaches.
pub(crate) fn seal(key: &LessSafeKey, place: &[&str], plain: &[u8]) -> Result<Vec<u8>, Broken> {
    let mut nonce = [0; NONCE_LEN];
    SystemRandom::new().fill(&mut nonce).map_err(|_| Broken::Random)?;
    let mut sealed = Vec::with_capacity(NONCE_LEN + plain.len() + AES_256_GCM.tag_len());
    sealed.extend_from_slice(&nonce);
    sealed.extend_from_slice(plain);
    let nonce = Nonce::assume_unique_for_key(nonce);
    let tag = key.seal_in_place_separate_tag(nonce, Aad::from(joined(place)), &mut sealed[NONCE_LEN..]);
    sealed.extend_from_slice(tag.map_err(|_| Broken::Sealed)?.as_ref());
    Ok(sealed)
}

pub(crate) fn open(key: &LessSafeKey, place: &[&str], sealed: &[u8]) -> Result<Vec<u8>, Broken> {
    let (nonce, content) = sealed.split_at_checked(NONCE_LEN).ok_or(Broken::Sealed)?;
    let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_| Broken::Sealed)?;
    let mut plain = content.to_vec();
    let length = key.open_in_place(nonce, Aad::from(joined(place)), &mut plain).map_err(|_| Broken::Sealed)?.len();
    plain.truncate(length);
    Ok(plain)
}

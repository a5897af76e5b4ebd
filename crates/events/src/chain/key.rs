//! The key of the chain's hashes.

use super::Hash;
use ring::hmac;
use std::fmt;

/// The fewest bytes a key may have: those of the hash.
const LEAST_BYTES: usize = 32;

/// A key for HMAC-SHA256. Its debug form does not show it.
#[derive(Clone)]
pub struct Key(hmac::Key);

impl Key {
    /// A key of at least 32 bytes.
    ///
    /// # Errors
    /// When it is shorter.
    pub fn new(secret: &[u8]) -> Result<Self, TooShort> {
        if secret.len() < LEAST_BYTES {
            return Err(TooShort);
        }
        Ok(Self(hmac::Key::new(hmac::HMAC_SHA256, secret)))
    }

    /// The next link: over the one before it and a row in canonical form.
    pub(super) fn link(&self, before: &Hash, canonical: &[u8]) -> Hash {
        let mut context = hmac::Context::with_key(&self.0);
        context.update(before);
        context.update(canonical);
        let mut hash = Hash::default();
        hash.copy_from_slice(context.sign().as_ref());
        hash
    }
}

impl config::Value for Key {
    const SECRET: bool = true;

    fn parse(text: &str) -> Result<Self, String> {
        let secret = hex::decode(text.trim()).map_err(|_| "is not made of hexadecimal digits".to_owned())?;
        Self::new(&secret).map_err(|_| format!("has fewer than {} hexadecimal digits", 2 * LEAST_BYTES))
    }

    fn kind() -> String {
        format!("a secret of {} or more hexadecimal digits", 2 * LEAST_BYTES)
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Key(…)")
    }
}

/// A key of the audit chain has fewer than 32 bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TooShort;

impl fmt::Display for TooShort {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the key of the audit chain has fewer than {LEAST_BYTES} bytes")
    }
}

impl std::error::Error for TooShort {}

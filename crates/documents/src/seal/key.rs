//! The keys of seals, as settings have them.

use super::{ID, sealed};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ring::digest::{SHA256, digest};
use ring::signature::{Ed25519KeyPair, KeyPair as _};
use std::fmt;
use std::sync::Arc;

/// The private key. Its debug form does not show it. Cheap to clone.
#[derive(Clone)]
pub struct SealKey(Arc<Ed25519KeyPair>);

/// A public key: what a phone needs to verify.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PublicKey([u8; 32]);

impl SealKey {
    /// The key of a seed of 32 bytes; none if there are not 32.
    pub fn of_seed(seed: &[u8]) -> Option<Self> {
        Ed25519KeyPair::from_seed_unchecked(seed).ok().map(|pair| Self(Arc::new(pair)))
    }

    /// The payload as sealed text. The same payload gives the same text each time.
    pub fn seal(&self, payload: &[u8]) -> String {
        sealed(self, payload)
    }

    /// The public half.
    pub fn public(&self) -> PublicKey {
        let bytes = self.0.public_key().as_ref().try_into();
        PublicKey(bytes.expect("an Ed25519 public key has 32 bytes"))
    }

    pub(super) fn sign(&self, bytes: &[u8]) -> Vec<u8> {
        self.0.sign(bytes).as_ref().to_vec()
    }
}

impl PublicKey {
    /// Its 32 bytes (RFC 8032).
    pub fn bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// The key's id in seals: the first four bytes of its SHA-256.
    pub fn id(&self) -> [u8; ID] {
        let hash = digest(&SHA256, &self.0);
        hash.as_ref().first_chunk().copied().expect("the hash is longer than the id")
    }
}

impl fmt::Debug for SealKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SealKey(…)")
    }
}

impl config::Value for SealKey {
    const SECRET: bool = true;

    fn parse(text: &str) -> Result<Self, String> {
        let seed = STANDARD.decode(text.trim()).map_err(|_| "is not base64".to_owned())?;
        Self::of_seed(&seed).ok_or_else(|| "is not an Ed25519 seed of 32 bytes".to_owned())
    }

    fn kind() -> String {
        "a secret: base64 of an Ed25519 seed of 32 bytes".into()
    }
}

impl config::Value for PublicKey {
    fn parse(text: &str) -> Result<Self, String> {
        let bytes = STANDARD.decode(text.trim()).map_err(|_| "is not base64".to_owned())?;
        bytes.try_into().map(Self).map_err(|_| "is not an Ed25519 public key of 32 bytes".to_owned())
    }

    fn kind() -> String {
        "base64 of an Ed25519 public key of 32 bytes".into()
    }
}

//! The signer: how the gateway vouches for a caller.

use crate::key::{BASE64, KeyError, decode, id};
use crate::token::{Claims, LIFETIME, seal, unsigned};
use crate::{Principal, Verifier};
use base64::Engine as _;
use chrono::{DateTime, Utc};
use ring::rand::SystemRandom;
use ring::signature::{Ed25519KeyPair, KeyPair as _};
use std::fmt;

/// Signs principals with one Ed25519 key (RFC 8032).
pub struct Signer {
    pair: Ed25519KeyPair,
    id: Box<str>,
}

impl Signer {
    /// A signer of a key as settings have it: base64 of the 32-byte seed or of a PKCS#8 document (RFC 8410), such as
    /// `openssl genpkey -algorithm ed25519 -outform DER | base64` writes.
    pub fn from_text(private: &str) -> Result<Self, KeyError> {
        let bytes = decode(private)?;
        let pair = match bytes.len() {
            32 => Ed25519KeyPair::from_seed_unchecked(&bytes),
            _ => Ed25519KeyPair::from_pkcs8_maybe_unchecked(&bytes),
        };
        Ok(Self::of(pair.map_err(|_| KeyError::NotPrivate)?))
    }

    /// A signer of a new key that nobody else has: for development and tests, where one process signs and verifies.
    pub fn generate() -> Self {
        let document = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new()).expect("the system gives random bytes");
        Self::of(Ed25519KeyPair::from_pkcs8(document.as_ref()).expect("it was generated just now"))
    }

    fn of(pair: Ed25519KeyPair) -> Self {
        let id = id(pair.public_key().as_ref());
        Self { pair, id }
    }

    /// The key's id, which its tokens carry.
    pub fn key_id(&self) -> &str {
        &self.id
    }

    /// The public key as a [`Verifier`]'s settings want it: base64 of its 32 bytes.
    pub fn public_text(&self) -> String {
        BASE64.encode(self.pair.public_key().as_ref())
    }

    /// A verifier that knows this key alone.
    pub fn verifier(&self) -> Verifier {
        Verifier::of([self.public_text()]).expect("the key of a pair is a key")
    }

    /// The token that says who calls. It is good for [`LIFETIME`], and never longer than the caller's own credential.
    pub fn mint(&self, principal: &Principal, now: DateTime<Utc>) -> String {
        let until = now.timestamp().saturating_add(LIFETIME.as_secs().cast_signed()).min(principal.expires);
        let unsigned = unsigned(&Claims { key: self.id.clone(), until, principal });
        let signature = self.pair.sign(unsigned.as_bytes());
        seal(unsigned, signature.as_ref())
    }
}

impl fmt::Debug for Signer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Signer").field("id", &self.id).finish_non_exhaustive()
    }
}

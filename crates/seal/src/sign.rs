//! Signing and verifying: ECDSA with r and s side by side, as Doc 9303-13 has it.

use crate::{Misfit, SIGNATURE, Seal, Unverified};
use ring::rand::SystemRandom;
use ring::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P256_SHA256_FIXED_SIGNING, ECDSA_P384_SHA384_FIXED, ECDSA_P384_SHA384_FIXED_SIGNING,
    EcdsaKeyPair, KeyPair as _, UnparsedPublicKey,
};
use std::fmt;

/// Whoever prints seals: a private key.
pub struct Signer {
    pair: EcdsaKeyPair,
    random: SystemRandom,
}

impl fmt::Debug for Signer {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Signer").field("public", &self.public()).finish_non_exhaustive()
    }
}

/// A public key: an uncompressed point on P-256 or P-384.
#[derive(Clone, PartialEq, Eq)]
pub struct PublicKey(Vec<u8>);

impl fmt::Debug for PublicKey {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().take(8).try_for_each(|byte| write!(out, "{byte:02x}"))
    }
}

impl Signer {
    /// A key in PKCS #8, DER.
    ///
    /// # Errors
    /// It is no private key on one of the two curves.
    pub fn from_pkcs8(der: &[u8]) -> Result<Self, Misfit> {
        let random = SystemRandom::new();
        let algorithms = [&ECDSA_P256_SHA256_FIXED_SIGNING, &ECDSA_P384_SHA384_FIXED_SIGNING];
        let pair = algorithms.into_iter().find_map(|algorithm| EcdsaKeyPair::from_pkcs8(algorithm, der, &random).ok());
        Ok(Self { pair: pair.ok_or(Misfit::Key)?, random })
    }

    /// The public key that its seals are verified with.
    pub fn public(&self) -> PublicKey {
        PublicKey(self.pair.public_key().as_ref().to_vec())
    }

    /// The bytes to be printed.
    ///
    /// # Errors
    /// Something does not fit where it belongs.
    pub fn seal(&self, seal: &Seal) -> Result<Vec<u8>, Misfit> {
        let mut bytes = seal.header.bytes()?;
        for feature in &seal.features {
            if feature.tag == SIGNATURE {
                return Err(Misfit::Feature(feature.tag));
            }
            put(&mut bytes, feature.tag, &feature.value).ok_or(Misfit::Feature(feature.tag))?;
        }
        let signature = self.sign(&bytes)?;
        put(&mut bytes, SIGNATURE, &signature).ok_or(Misfit::Signing)?;
        Ok(bytes)
    }

    /// The signature of bytes: r and s.
    pub(crate) fn sign(&self, bytes: &[u8]) -> Result<Vec<u8>, Misfit> {
        let signature = self.pair.sign(&self.random, bytes).map_err(|_| Misfit::Signing)?;
        Ok(signature.as_ref().to_vec())
    }
}

/// Tag, length as in DER, value; none if the value is too long.
fn put(bytes: &mut Vec<u8>, tag: u8, value: &[u8]) -> Option<()> {
    bytes.push(tag);
    match (u8::try_from(value.len()), u16::try_from(value.len())) {
        (Ok(short @ ..=0x7f), _) => bytes.push(short),
        (Ok(long), _) => bytes.extend([0x81, long]),
        (_, Ok(longer)) => {
            bytes.push(0x82);
            bytes.extend(longer.to_be_bytes());
        }
        _ => return None,
    }
    bytes.extend(value);
    Some(())
}

impl PublicKey {
    /// An uncompressed point (0x04, x, y) on P-256, 65 bytes, or P-384, 97 bytes. Whether it lies on the curve is seen
    /// when something is verified.
    ///
    /// # Errors
    /// It has another length or form.
    pub fn from_point(point: &[u8]) -> Result<Self, Misfit> {
        let formed = matches!(point.len(), 65 | 97) && point.first() == Some(&4);
        if formed { Ok(Self(point.to_vec())) } else { Err(Misfit::Key) }
    }

    /// The point.
    pub fn point(&self) -> &[u8] {
        &self.0
    }

    /// How it signs, as JSON Web Signatures name it (RFC 7518, 3.1).
    pub(crate) fn algorithm(&self) -> &'static str {
        if self.0.len() == 65 { "ES256" } else { "ES384" }
    }

    pub(crate) fn verify(&self, signed: &[u8], signature: &[u8]) -> Result<(), Unverified> {
        let algorithm = if self.0.len() == 65 { &ECDSA_P256_SHA256_FIXED } else { &ECDSA_P384_SHA384_FIXED };
        UnparsedPublicKey::new(algorithm, &self.0).verify(signed, signature).map_err(|_| Unverified::Signature)
    }
}

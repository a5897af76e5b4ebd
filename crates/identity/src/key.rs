//! Keys as they stand in settings: base64 of the raw public key, of the seed, or of a PKCS#8 document.

use base64::Engine as _;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use ring::digest::{SHA256, digest};

/// Standard base64, padded or not, as `openssl base64` and `base64` write it.
pub(crate) const BASE64: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// Why a key in the settings cannot be used. It never shows the key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// The text is not base64.
    #[error("is not base64")]
    NotBase64,
    /// The bytes are not an Ed25519 private key.
    #[error("is neither an Ed25519 seed of 32 bytes nor a PKCS#8 document that holds one")]
    NotPrivate,
    /// The bytes are not an Ed25519 public key.
    #[error("is not an Ed25519 public key of 32 bytes")]
    NotPublic,
    /// There is no key at all: then nobody could be known.
    #[error("names no key")]
    None,
}

pub(crate) fn decode(text: &str) -> Result<Vec<u8>, KeyError> {
    let text: String = text.split_whitespace().collect();
    BASE64.decode(text).map_err(|_| KeyError::NotBase64)
}

/// A key's id: the first 8 bytes of its SHA-256 in hexadecimal. Both sides derive it, so no setting need name it.
pub(crate) fn id(public: &[u8]) -> Box<str> {
    hex::encode(&digest(&SHA256, public).as_ref()[..8]).into()
}

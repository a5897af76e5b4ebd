//! The bytes of a barcode taken apart: what is sealed, and the signature over it.

use crate::header::Rest;
use crate::{Feature, Header, PublicKey, SIGNATURE, Seal, Unreadable, Unverified};

/// A seal as it was read. Nothing of it is to be believed before it is verified.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sealed {
    /// What is sealed.
    pub seal: Seal,
    /// The signature: r and s.
    pub signature: Vec<u8>,
    /// What was signed: header and features, as they stand in the barcode.
    signed: Vec<u8>,
}

/// Takes the bytes of a barcode apart.
///
/// # Errors
/// The bytes are not those of one whole seal.
pub fn read(bytes: &[u8]) -> Result<Sealed, Unreadable> {
    let (header, after) = Header::read(bytes)?;
    let mut rest = Rest(after);
    let mut features = Vec::new();
    loop {
        let signed = &bytes[..bytes.len() - rest.0.len()];
        if rest.0.is_empty() {
            return Err(Unreadable::Signature);
        }
        let tag = rest.take(1, "a tag")?[0];
        let length = length(&mut rest)?;
        let value = rest.take(length, "a feature")?.to_vec();
        if tag != SIGNATURE {
            features.push(Feature { tag, value });
        } else if rest.0.is_empty() && !value.is_empty() {
            return Ok(Sealed { seal: Seal { header, features }, signature: value, signed: signed.to_vec() });
        } else {
            return Err(Unreadable::Signature);
        }
    }
}

/// A length as in DER: one byte below 128, or how many bytes it takes and these.
fn length(rest: &mut Rest<'_>) -> Result<usize, Unreadable> {
    let cut = "a length";
    match rest.take(1, cut)?[0] {
        short @ ..=0x7f => Ok(short.into()),
        0x81 => Ok(rest.take(1, cut)?[0].into()),
        0x82 => {
            let bytes = rest.take(2, cut)?;
            Ok(u16::from_be_bytes([bytes[0], bytes[1]]).into())
        }
        _ => Err(Unreadable::Cut(cut)),
    }
}

impl Sealed {
    /// Whether it was signed with the private key that belongs to this one.
    ///
    /// # Errors
    /// It was not, or was changed since.
    pub fn verify(&self, key: &PublicKey) -> Result<(), Unverified> {
        key.verify(&self.signed, &self.signature)
    }
}

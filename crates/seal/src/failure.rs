//! Why a seal cannot be made, read or believed.

/// Why a barcode is no seal that can be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Unreadable {
    /// The first byte is not 0xDC.
    #[error("the barcode does not begin as a seal does")]
    NoSeal,
    /// Not one of the versions there are.
    #[error("version {0} of seals is not known")]
    Version(u8),
    /// It ends within something.
    #[error("the seal ends within {0}")]
    Cut(&'static str),
    /// Bytes that are no text in C40.
    #[error("{0} is no text")]
    Text(&'static str),
    /// Bytes that are no date.
    #[error("{0} is no date")]
    Date(&'static str),
    /// There is no signature, or something after it.
    #[error("the seal does not end with one signature")]
    Signature,
    /// A feature of the profile is missing or not of its form.
    #[error("the feature {0} is missing or not of its form")]
    Feature(&'static str),
    /// More bytes than a barcode holds.
    #[error("{0} bytes are more than a barcode holds")]
    TooLarge(usize),
}

/// Why a seal is not believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Unverified {
    /// It was not signed with this key, or was changed since.
    #[error("the signature does not fit")]
    Signature,
    /// Nobody told us of such a certificate.
    #[error("the certificate is not known here")]
    UnknownKey,
    /// The certificate is another issuer's.
    #[error("the certificate is not one of this issuer")]
    UntrustedCertificate,
    /// It was signed before the certificate was valid, or in the future.
    #[error("the certificate was not valid yet, or the seal is of the future")]
    NotYetValid,
    /// It was signed when the certificate was no longer valid.
    #[error("the certificate was no longer valid")]
    Expired,
    /// The certificate is revoked.
    #[error("the certificate is revoked")]
    Revoked,
}

/// Why something cannot be sealed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Misfit {
    /// Characters that C40 has not, or of another number than the field has.
    #[error("{0} does not fit its field")]
    Field(&'static str),
    /// A value of more than 65,535 bytes, or a tag that is the signature's.
    #[error("the feature {0} is too long, or has the signature's tag")]
    Feature(u8),
    /// Not a private key of one of the two curves in PKCS #8.
    #[error("the key is no private key on P-256 or P-384 in PKCS #8")]
    Key,
    /// The signature could not be made.
    #[error("the seal could not be signed")]
    Signing,
}

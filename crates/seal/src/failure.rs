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

/// Why a certificate is none of an authority, or of a signer that it has certified.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Unfit {
    /// It cannot be read, or has a critical part that is not known here.
    #[error("the certificate cannot be read, or has a critical part that is not known")]
    Form,
    /// It is not signed by itself, or may not sign certificates.
    #[error("the certificate is none of a signing authority")]
    NoAuthority,
    /// It names another authority.
    #[error("the certificate was issued by another authority")]
    NotIssued,
    /// The authority it names has not signed it, or it was changed since.
    #[error("the certificate is not signed by the authority it names")]
    Signature,
    /// It is signed by what is too weak, or not known here.
    #[error("the certificate is signed by an algorithm that is not accepted")]
    Algorithm,
    /// It is of another country than the authority, or of none.
    #[error("the certificate is of another country than its authority")]
    Country,
    /// It is for something else than signing documents.
    #[error("the certificate is not for signing documents")]
    NoSigner,
    /// Its key is on neither of the two curves.
    #[error("the key is on neither P-256 nor P-384")]
    Key,
}

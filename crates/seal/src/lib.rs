//! Visible digital seals (ICAO Doc 9303-13): the signed bytes of the barcode on a visa, an emergency travel document or a
//! passport.
//!
//! A [`Seal`] is a header and features; [`Signer`] makes of it the bytes that are printed, [`read`] takes them apart, and
//! [`Sealed::verify`] says whether they were signed with a key. Keys are the caller's: whoever prints has them outside any
//! database, and whoever checks knows whose certificate has which key. [`Visa`] and [`Emergency`] are seals in words,
//! and [`Passport`] is one of our own profile; [`SealedJson`] is the form for screens and paper with room, VDS-NC. [`Trust`]
//! says whose seals are believed: signers that we were told of, and those that a state's [`Authority`] has certified.
//!
//! Signatures are ECDSA on P-256 with SHA-256 or on P-384 with SHA-384; seals on Brainpool curves are read, and cannot be
//! verified here.

mod authority;
mod c40;
mod emergency;
mod failure;
mod header;
mod nc;
mod passport;
mod read;
mod sign;
mod trust;
mod visa;
mod whole_zone;

pub use authority::Authority;
pub use emergency::Emergency;
pub use failure::{Misfit, Unfit, Unreadable, Unverified};
pub use header::{Header, Version};
pub use nc::{MOST_BYTES, SealedJson, canonical};
pub use passport::Passport;
pub use read::{Sealed, read};
pub use sign::{PublicKey, Signer};
pub use trust::{Certificate, Trust};
pub use visa::{Entries, Stay, Visa};

/// One feature of the document: its tag, whose meaning the profile gives, and its value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Feature {
    /// The tag, 1 to 254; 255 is the signature's.
    pub tag: u8,
    /// The value, 65,535 bytes at most.
    pub value: Vec<u8>,
}

/// What is sealed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seal {
    /// Who sealed it, when, and what it is.
    pub header: Header,
    /// What it says of the document.
    pub features: Vec<Feature>,
}

/// The tag of the signature.
const SIGNATURE: u8 = 0xff;

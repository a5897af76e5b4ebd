//! The token's text: `v1.<base64url of JSON>.<base64url of an Ed25519 signature>`.
//!
//! The signature covers everything before the second dot, the version among it. Base64 is strict: no padding and no
//! loose bits, so that a token has one spelling and an altered character never verifies.

use crate::Principal;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// The metadata key a token travels under.
pub const METADATA_KEY: &str = "legation-principal";

/// How long a token is good. The gateway uses one token for a caller that long, a service verifies it once.
pub const LIFETIME: Duration = Duration::from_secs(60);

/// By how much the clocks of two machines may differ.
pub const SKEW: Duration = Duration::from_secs(5);

const VERSION: &str = "v1.";

/// What a token says, besides its signature.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Claims<P> {
    /// The id of the key that signed it.
    #[serde(rename = "kid")]
    pub(crate) key: Box<str>,
    /// Until when it is good, in seconds since 1970.
    #[serde(rename = "til")]
    pub(crate) until: i64,
    /// Who calls.
    #[serde(rename = "who")]
    pub(crate) principal: P,
}

/// A token taken apart, its signature not yet checked.
pub(crate) struct Parts<'t> {
    /// What the signature covers.
    pub(crate) signed: &'t [u8],
    pub(crate) claims: Claims<Principal>,
    pub(crate) signature: [u8; 64],
}

/// Everything of a token that is signed.
pub(crate) fn unsigned(claims: &Claims<&Principal>) -> String {
    let json = serde_json::to_vec(claims).expect("text, numbers and lists of text always serialise");
    let mut text = String::with_capacity(VERSION.len() + json.len().div_ceil(3) * 4 + 88);
    text.push_str(VERSION);
    BASE64.encode_string(json, &mut text);
    text
}

/// Adds the signature to what it signs.
pub(crate) fn seal(mut unsigned: String, signature: &[u8]) -> String {
    unsigned.push('.');
    BASE64.encode_string(signature, &mut unsigned);
    unsigned
}

/// Takes a token apart; `None` if it does not have a token's shape.
pub(crate) fn parts(token: &str) -> Option<Parts<'_>> {
    let (signed, signature) = token.rsplit_once('.')?;
    let claims = BASE64.decode(signed.strip_prefix(VERSION)?).ok()?;
    Some(Parts {
        signed: signed.as_bytes(),
        claims: serde_json::from_slice(&claims).ok()?,
        signature: BASE64.decode(signature).ok()?.try_into().ok()?,
    })
}

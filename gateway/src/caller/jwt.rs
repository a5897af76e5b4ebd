//! Reads JSON Web Tokens (RFC 7519) strictly: three algorithms, signatures by ring, claims that must be there.
//!
//! A reader of our own rather than a library's: what we accept is small enough to see whole, there is no `none` and no
//! HMAC to confuse with a public key because they do not exist here, and ring, which verifies, is in the tree for TLS
//! already.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::signature::{self, RsaPublicKeyComponents, UnparsedPublicKey};
use serde::Deserialize;
use std::collections::HashMap;

/// The longest token that is read.
const MOST_BYTES: usize = 8 * 1024;
/// The types of tokens that are accepted (RFC 9068, RFC 7519); most issuers say the last, or nothing.
const TYPES: [&str; 3] = ["at+jwt", "application/at+jwt", "JWT"];
/// How far clocks may differ, in seconds.
const SKEW: i64 = 30;

/// The algorithms that are accepted (RFC 7518, section 3; RFC 8037).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Deserialize)]
pub(crate) enum Algorithm {
    /// RSASSA-PKCS1-v1_5 with SHA-256, keys of 2,048 bits and more.
    RS256,
    /// ECDSA on P-256 with SHA-256.
    ES256,
    /// Ed25519.
    EdDSA,
}

/// A public key of an issuer.
#[derive(Debug)]
pub(crate) enum PublicKey {
    /// Modulus and exponent, big-endian.
    Rsa {
        /// The modulus.
        n: Vec<u8>,
        /// The exponent.
        e: Vec<u8>,
    },
    /// A point on P-256, uncompressed: 65 bytes.
    P256(Vec<u8>),
    /// An Ed25519 key: 32 bytes.
    Ed25519(Vec<u8>),
}

impl PublicKey {
    /// The algorithm the key is for.
    pub(crate) fn algorithm(&self) -> Algorithm {
        match self {
            Self::Rsa { .. } => Algorithm::RS256,
            Self::P256(_) => Algorithm::ES256,
            Self::Ed25519(_) => Algorithm::EdDSA,
        }
    }

    fn verifies(&self, signed: &[u8], signature: &[u8]) -> bool {
        let verified = match self {
            Self::Rsa { n, e } => {
                RsaPublicKeyComponents { n, e }.verify(&signature::RSA_PKCS1_2048_8192_SHA256, signed, signature)
            }
            Self::P256(point) => {
                UnparsedPublicKey::new(&signature::ECDSA_P256_SHA256_FIXED, point).verify(signed, signature)
            }
            Self::Ed25519(key) => UnparsedPublicKey::new(&signature::ED25519, key).verify(signed, signature),
        };
        verified.is_ok()
    }
}

/// A token taken apart; nothing in it is believed yet.
#[derive(Debug)]
pub(super) struct Unverified<'a> {
    /// The algorithm it says it is signed with.
    pub algorithm: Algorithm,
    /// The key it says it is signed with.
    pub key_id: Option<String>,
    signed: &'a str,
    claims: &'a str,
    signature: Vec<u8>,
}

#[derive(Deserialize)]
struct Header {
    alg: Algorithm,
    kid: Option<String>,
    /// What kind of token it is (RFC 9068, section 2.1).
    typ: Option<String>,
    /// Extensions that must be understood: we understand none (RFC 7515, section 4.1.11).
    crit: Option<serde_json::Value>,
}

/// The claims we read. Others are an issuer's own affair.
#[derive(Debug, Deserialize)]
pub(super) struct Claims {
    iss: String,
    aud: Audience,
    /// Who the token is about.
    pub sub: String,
    /// Until when it is good, in seconds since 1970.
    pub exp: i64,
    #[serde(default)]
    nbf: Option<i64>,
    /// When it was made.
    #[serde(default)]
    iat: Option<i64>,
    /// To which application it was given (OpenID Connect Core, section 2; RFC 9068 calls it `client_id`).
    #[serde(default)]
    azp: Option<String>,
    #[serde(default)]
    client_id: Option<String>,
    /// What only ID tokens have: they tell an application who logged in, and open nothing.
    #[serde(default)]
    nonce: Option<serde_json::Value>,
    #[serde(default)]
    at_hash: Option<serde_json::Value>,
    /// Names of roles.
    #[serde(default)]
    pub roles: Vec<String>,
    /// The foreign mission the person belongs to: `missions/fr-embassy`.
    #[serde(default)]
    pub mission: Option<String>,
    /// The post of ours where the person serves, whose records it is bound to: `posts/rome`. Headquarters' people have none.
    #[serde(default)]
    pub post: Option<String>,
    /// The partner agency the person belongs to: `metropolitan-police`.
    #[serde(default)]
    pub agency: Option<String>,
    /// `U`, `C`, `S` or `T`; no clearance if unset.
    #[serde(default)]
    pub clearance: identity::Clearance,
}

/// What a token must be besides signed.
#[derive(Clone, Debug)]
pub(crate) struct Terms {
    /// For whom it is made, as `aud` says.
    pub audience: String,
    /// The longest it may last, in seconds.
    pub longest: i64,
    /// Applications that it may have been given to; any if there are none.
    pub parties: Vec<String>,
}

impl Terms {
    fn fit(&self, claims: &Claims, now: i64) -> bool {
        let made = claims.iat.unwrap_or(now);
        let brief = claims.exp.saturating_sub(made) <= self.longest.saturating_add(SKEW);
        let party = claims.azp.as_ref().or(claims.client_id.as_ref());
        // One that is good elsewhere too must say who holds it: elsewhere it may have been handed on.
        let held = match party {
            Some(party) => self.parties.is_empty() || self.parties.contains(party),
            None => self.parties.is_empty() && !claims.aud.is_several(),
        };
        let is_id_token = claims.nonce.is_some() || claims.at_hash.is_some();
        made <= now.saturating_add(SKEW) && brief && held && !is_id_token && claims.aud.holds(&self.audience)
    }
}

impl Claims {
    /// Until when the token is good by our clock, in seconds since 1970.
    pub(super) fn good_until(&self) -> i64 {
        self.exp.saturating_add(SKEW)
    }
}

#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Audience {
    One(String),
    Several(Vec<String>),
}

impl Audience {
    fn is_several(&self) -> bool {
        matches!(self, Self::Several(several) if several.len() > 1)
    }

    fn holds(&self, audience: &str) -> bool {
        match self {
            Self::One(one) => one == audience,
            Self::Several(several) => several.iter().any(|one| one == audience),
        }
    }
}

impl<'a> Unverified<'a> {
    /// Takes a token apart: `header.claims.signature`, each base64url without padding. `None` if it is no such thing, or
    /// its algorithm is not one of ours.
    pub(super) fn read(text: &'a str) -> Option<Self> {
        if text.len() > MOST_BYTES {
            return None;
        }
        let (signed, signature) = text.rsplit_once('.')?;
        let (header, claims) = signed.split_once('.')?;
        if claims.contains('.') {
            return None;
        }
        let header: Header = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(header).ok()?).ok()?;
        // A token of another kind that the same issuer signs (a logout token, a proof of possession) is nobody's word here.
        let is_access = |typ: &String| TYPES.iter().any(|known| typ.eq_ignore_ascii_case(known));
        if header.crit.is_some() || !header.typ.as_ref().is_none_or(is_access) {
            return None;
        }
        let signature = URL_SAFE_NO_PAD.decode(signature).ok()?;
        Some(Self { algorithm: header.alg, key_id: header.kid, signed, claims, signature })
    }

    /// The claims, if the key made the signature, the token is of this issuer, on these terms, and good `now` (in seconds
    /// since 1970). Which of these fails is not told.
    pub(super) fn verify(&self, key: &PublicKey, issuer: &str, terms: &Terms, now: i64) -> Option<Claims> {
        if key.algorithm() != self.algorithm || !key.verifies(self.signed.as_bytes(), &self.signature) {
            return None;
        }
        let claims: Claims = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(self.claims).ok()?).ok()?;
        let in_time = now < claims.good_until() && claims.nbf.is_none_or(|nbf| nbf <= now.saturating_add(SKEW));
        let for_us = claims.iss == issuer && terms.fit(&claims, now);
        let named = !claims.sub.is_empty() && claims.sub.len() <= 255 && !claims.sub.contains(char::is_control);
        (in_time && for_us && named).then_some(claims)
    }
}

/// An issuer's keys by `kid`, as its JWKS lists them (RFC 7517).
#[derive(Debug, Default)]
pub(crate) struct Keys {
    named: HashMap<String, PublicKey>,
    /// A set of one key need not name it.
    only: Option<PublicKey>,
}

#[derive(Deserialize)]
struct Jwks {
    keys: Vec<serde_json::Value>,
}

#[derive(Deserialize)]
struct Jwk {
    kty: String,
    kid: Option<String>,
    #[serde(rename = "use")]
    usage: Option<String>,
    alg: Option<String>,
    crv: Option<String>,
    n: Option<String>,
    e: Option<String>,
    x: Option<String>,
    y: Option<String>,
}

impl Keys {
    /// Reads a JWKS. Keys for other uses and of other kinds are passed over; a key without a name counts only if it is
    /// alone.
    ///
    /// # Errors
    /// The text is no JWKS, or it has no key for us: such an answer must not replace the keys we have.
    pub(crate) fn read(text: &[u8]) -> anyhow::Result<Self> {
        let entries = serde_json::from_slice::<Jwks>(text)?.keys;
        let listed = entries.into_iter().filter_map(|entry| serde_json::from_value::<Jwk>(entry).ok());
        let mut keys = Self::default();
        let mut nameless = Vec::new();
        for jwk in listed {
            let Some(key) = jwk.public_key() else { continue };
            match jwk.kid {
                Some(kid) => drop(keys.named.insert(kid, key)),
                None => nameless.push(key),
            }
        }
        if keys.named.is_empty() && nameless.len() == 1 {
            keys.only = nameless.pop();
        }
        anyhow::ensure!(!keys.named.is_empty() || keys.only.is_some(), "the JWKS has no key that we can use");
        Ok(keys)
    }

    /// One key under one name.
    pub(crate) fn one(kid: &str, key: PublicKey) -> Self {
        Self { named: HashMap::from([(kid.to_owned(), key)]), only: None }
    }

    /// The key a token names; the only one, if neither side names it.
    pub(crate) fn find(&self, kid: Option<&str>) -> Option<&PublicKey> {
        match kid {
            Some(kid) => self.named.get(kid).or(self.only.as_ref()),
            None if self.named.len() == 1 => self.named.values().next(),
            None => self.only.as_ref(),
        }
    }
}

impl Jwk {
    fn public_key(&self) -> Option<PublicKey> {
        if self.usage.as_deref().is_some_and(|usage| usage != "sig") {
            return None;
        }
        let bytes = |text: &Option<String>| URL_SAFE_NO_PAD.decode(text.as_deref()?).ok();
        let key = match (self.kty.as_str(), self.crv.as_deref()) {
            ("RSA", _) => PublicKey::Rsa { n: bytes(&self.n)?, e: bytes(&self.e)? },
            ("EC", Some("P-256")) => {
                let (x, y) = (bytes(&self.x)?, bytes(&self.y)?);
                (x.len() == 32 && y.len() == 32).then(|| PublicKey::P256([&[4], x.as_slice(), &y].concat()))?
            }
            ("OKP", Some("Ed25519")) => PublicKey::Ed25519(bytes(&self.x).filter(|x| x.len() == 32)?),
            _ => return None,
        };
        let fits = self.alg.as_deref().is_none_or(|alg| alg == format!("{:?}", key.algorithm()));
        fits.then_some(key)
    }
}

#[cfg(test)]
#[path = "jwt_tests.rs"]
mod tests;

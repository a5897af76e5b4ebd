//! The verifier: how a service knows that the gateway vouched for a caller.

use crate::Principal;
use crate::key::{KeyError, decode, id};
use crate::token::{LIFETIME, SKEW, parts};
use chrono::{DateTime, Utc};
use fault::Fault;
use moka::sync::Cache;
use proto::policy::v1::Reason;
use ring::signature::{ED25519, UnparsedPublicKey};
use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

/// The most tokens remembered; about 1 KiB each.
const REMEMBERED: u64 = 20_000;

/// Checks tokens against the public keys of all signers there are: during a rotation the old one and the new.
pub struct Verifier {
    keys: HashMap<Box<str>, UnparsedPublicKey<Vec<u8>>>,
    /// Tokens whose signature was good. A verification costs some 50 µs, a look-up a fraction of one.
    seen: Cache<Box<str>, Seen>,
}

#[derive(Clone)]
struct Seen {
    until: i64,
    principal: Arc<Principal>,
}

/// Why a token was refused; for our log alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
enum Refusal {
    #[error("the token has not the shape of one")]
    Malformed,
    #[error("the token names a key we do not know")]
    UnknownKey,
    #[error("the token's signature is not that of its text")]
    BadSignature,
    #[error("the token has expired")]
    Expired,
    #[error("the token is good for longer than any signer makes one")]
    TooLong,
}

impl Verifier {
    /// A verifier of public keys as settings have them: each base64 of 32 bytes. At least one is needed.
    pub fn of<T: AsRef<str>>(public: impl IntoIterator<Item = T>) -> Result<Self, KeyError> {
        let mut keys = HashMap::new();
        for text in public {
            let bytes = decode(text.as_ref())?;
            if bytes.len() != 32 {
                return Err(KeyError::NotPublic);
            }
            keys.insert(id(&bytes), UnparsedPublicKey::new(&ED25519, bytes));
        }
        if keys.is_empty() {
            return Err(KeyError::None);
        }
        let seen = Cache::builder().max_capacity(REMEMBERED).time_to_live(LIFETIME + SKEW).build();
        Ok(Self { keys, seen })
    }

    /// Who the token says calls. Altered, expired, of an unknown key or no token at all: the answer is the same
    /// `UNAUTHENTICATED`, and the fault's source says which for our log.
    pub fn check(&self, token: &str, now: DateTime<Utc>) -> Result<Arc<Principal>, Fault> {
        self.known(token, now).map_err(|refusal| {
            Fault::new(Reason::Unauthenticated, "the caller is not known to this service").caused_by(refusal)
        })
    }

    fn known(&self, token: &str, now: DateTime<Utc>) -> Result<Arc<Principal>, Refusal> {
        let now = now.timestamp();
        let seen = match self.seen.get(token) {
            Some(seen) => seen,
            None => self.verify(token, now)?,
        };
        // On every use: what is remembered grows old too.
        if now >= seen.until.saturating_add(SKEW.as_secs().cast_signed()) {
            return Err(Refusal::Expired);
        }
        Ok(seen.principal)
    }

    fn verify(&self, token: &str, now: i64) -> Result<Seen, Refusal> {
        let parts = parts(token).ok_or(Refusal::Malformed)?;
        let key = self.keys.get(&parts.claims.key).ok_or(Refusal::UnknownKey)?;
        key.verify(parts.signed, &parts.signature).map_err(|_| Refusal::BadSignature)?;
        let longest = (LIFETIME + SKEW).as_secs().cast_signed();
        if parts.claims.until > now.saturating_add(longest) {
            return Err(Refusal::TooLong);
        }
        let seen = Seen { until: parts.claims.until, principal: Arc::new(parts.claims.principal) };
        self.seen.insert(token.into(), seen.clone());
        Ok(seen)
    }
}

impl fmt::Debug for Verifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Verifier").field("keys", &self.keys.keys()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Permissions, Signer};
    use chrono::TimeDelta;

    fn officer() -> Principal {
        Principal {
            subject: "apiKeys/abcdefgh2345".into(),
            agency: Some("metropolitan-police".into()),
            mission: None,
            post: None,
            permissions: Permissions::of(["accreditation.members.determineImmunity"]),
            clearance: crate::Clearance::Unclassified,
            elevation: None,
            expires: i64::MAX,
        }
    }

    fn now() -> DateTime<Utc> {
        DateTime::from_timestamp(1_800_000_000, 0).unwrap()
    }

    #[test]
    fn a_token_carries_the_whole_principal() {
        let signer = Signer::generate();
        let checked = signer.verifier().check(&signer.mint(&officer(), now()), now()).unwrap();
        assert_eq!(*checked, officer());
    }

    #[test]
    fn every_altered_byte_is_refused_also_by_a_verifier_that_knows_the_token() {
        let signer = Signer::generate();
        let verifier = signer.verifier();
        let token = signer.mint(&officer(), now());
        verifier.check(&token, now()).unwrap();
        for at in 0..token.len() {
            for other in [b'A', b'B', b'g', b'w', b'_', b'.', b'='] {
                let mut bytes = token.clone().into_bytes();
                if bytes[at] == other {
                    continue;
                }
                bytes[at] = other;
                let altered = String::from_utf8(bytes).unwrap();
                assert!(verifier.check(&altered, now()).is_err(), "byte {at} became {}", char::from(other));
            }
        }
        for end in 0..token.len() {
            assert!(verifier.check(&token[..end], now()).is_err(), "cut at {end}");
        }
        assert!(verifier.check(&format!("{token}A"), now()).is_err());
    }

    #[test]
    fn an_expired_token_is_refused_though_it_was_seen_before() {
        let signer = Signer::generate();
        let verifier = signer.verifier();
        let token = signer.mint(&officer(), now());
        let last = now() + TimeDelta::seconds(64);
        assert!(verifier.check(&token, last).is_ok());
        assert!(verifier.check(&token, last + TimeDelta::seconds(1)).is_err());
        assert!(signer.verifier().check(&token, last + TimeDelta::seconds(1)).is_err());
    }

    #[test]
    fn a_token_does_not_outlive_the_credential_behind_it() {
        let signer = Signer::generate();
        let token = signer.mint(&Principal { expires: now().timestamp() + 3, ..officer() }, now());
        assert!(signer.verifier().check(&token, now() + TimeDelta::seconds(9)).is_err());
    }

    #[test]
    fn a_token_from_a_far_ahead_clock_is_refused() {
        let signer = Signer::generate();
        let token = signer.mint(&officer(), now() + TimeDelta::seconds(30));
        assert!(signer.verifier().check(&token, now()).is_err());
        assert!(signer.verifier().check(&token, now() + TimeDelta::seconds(26)).is_ok());
    }

    #[test]
    fn during_a_rotation_both_keys_are_good_and_afterwards_one() {
        let (old, new) = (Signer::generate(), Signer::generate());
        assert_ne!(old.key_id(), new.key_id());
        let both = Verifier::of([old.public_text(), new.public_text()]).unwrap();
        assert!(both.check(&old.mint(&officer(), now()), now()).is_ok());
        assert!(both.check(&new.mint(&officer(), now()), now()).is_ok());
        assert!(new.verifier().check(&old.mint(&officer(), now()), now()).is_err());
    }

    #[test]
    fn every_refusal_reads_the_same() {
        let signer = Signer::generate();
        let verifier = signer.verifier();
        let expired = signer.mint(&officer(), now() - TimeDelta::seconds(500));
        let foreign = Signer::generate().mint(&officer(), now());
        let words = |token: &str| tonic::Status::from(verifier.check(token, now()).unwrap_err());
        let reference = words("");
        for token in [expired.as_str(), foreign.as_str(), "v1.e30.AA", "nonsense"] {
            let status = words(token);
            assert_eq!(status.code(), tonic::Code::Unauthenticated);
            assert_eq!((status.message(), status.details()), (reference.message(), reference.details()));
        }
    }

    #[test]
    fn keys_are_read_as_settings_have_them_and_bad_ones_are_named() {
        // RFC 8032, section 7.1, test 1: seed and public key; and the same seed as a PKCS#8 document (RFC 8410).
        let seed = hex::decode("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60").unwrap();
        let public = hex::decode("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a").unwrap();
        let mut document = hex::decode("302e020100300506032b657004220420").unwrap();
        document.extend_from_slice(&seed);
        let text = |bytes: &[u8]| base64::Engine::encode(&crate::key::BASE64, bytes);
        for private in [text(&seed), format!("{}\n", text(&document)), text(&seed).trim_end_matches('=').to_owned()] {
            assert_eq!(Signer::from_text(&private).unwrap().public_text(), text(&public));
        }
        assert_eq!(Signer::from_text("no base64!").unwrap_err(), KeyError::NotBase64);
        assert_eq!(Signer::from_text("AAAA").unwrap_err(), KeyError::NotPrivate);
        assert_eq!(Verifier::of(["AAAA"]).unwrap_err(), KeyError::NotPublic);
        assert_eq!(Verifier::of(Vec::<String>::new()).unwrap_err(), KeyError::None);
    }
}

//! Secrets of webhooks, derived from one key of the settings, so that none of them is in the database; and what they sign.
//!
//! Standard Webhooks 1.0: `v1` is HMAC-SHA256 with a `whsec_` secret, `v1a` is Ed25519 with a `whsk_`/`whpk_` pair; both
//! over `id.timestamp.body`.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, Utc};
use config::Value;
use ring::hkdf::{HKDF_SHA256, KeyType, Prk, Salt};
use ring::hmac;
use ring::signature::{Ed25519KeyPair, KeyPair as _};
use std::fmt;

/// What derived secrets are of this house's webhooks for, and nothing else.
const PURPOSE: &[u8] = b"legation.gateway.webhooks.v1";

/// The key that all secrets of webhooks are derived from.
#[derive(Clone)]
pub struct WebhookKey(Prk);

impl Value for WebhookKey {
    const SECRET: bool = true;

    fn parse(text: &str) -> Result<Self, String> {
        let bytes = hex::decode(text.trim()).ok().filter(|bytes| bytes.len() >= 32);
        let bytes = bytes.ok_or("is not 64 or more hexadecimal digits")?;
        Ok(Self(Salt::new(HKDF_SHA256, PURPOSE).extract(&bytes)))
    }

    fn kind() -> String {
        "a secret of 64 or more hexadecimal digits".to_owned()
    }
}

impl fmt::Debug for WebhookKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("WebhookKey(…)")
    }
}

struct Length32;

impl KeyType for Length32 {
    fn len(&self) -> usize {
        32
    }
}

impl WebhookKey {
    /// The secret of a version of a webhook, which nobody else's is.
    pub(crate) fn secret(&self, webhook: &str, version: i32) -> Secret {
        Secret { hmac: self.derive(webhook, version, b"v1"), seed: self.derive(webhook, version, b"v1a") }
    }

    /// The secrets in force at this instant, the newest first: the one before signs too until their overlap ends.
    pub(crate) fn in_force(
        &self,
        webhook: &str,
        version: i32,
        overlap_end: Option<DateTime<Utc>>,
        now: DateTime<Utc>,
    ) -> Vec<Secret> {
        let before = overlap_end.is_some_and(|end| now < end) && version > 1;
        let versions = [Some(version), before.then(|| version - 1)];
        versions.into_iter().flatten().map(|version| self.secret(webhook, version)).collect()
    }

    fn derive(&self, webhook: &str, version: i32, scheme: &[u8]) -> [u8; 32] {
        let version = version.to_be_bytes();
        // The name is the only part of no fixed length and stands last.
        let info = [scheme, b"\0", version.as_slice(), webhook.as_bytes()];
        let mut secret = [0; 32];
        let expanded = self.0.expand(&info, Length32).and_then(|okm| okm.fill(&mut secret));
        expanded.expect("32 bytes are no more than HKDF gives");
        secret
    }
}

/// One version of one webhook's secret.
pub(crate) struct Secret {
    hmac: [u8; 32],
    seed: [u8; 32],
}

impl Secret {
    /// As it is shown once: `whsec_…`.
    pub(crate) fn text(&self) -> String {
        format!("whsec_{}", STANDARD.encode(self.hmac))
    }

    /// The public half of the pair: `whpk_…`.
    pub(crate) fn public_text(&self) -> String {
        format!("whpk_{}", STANDARD.encode(self.pair().public_key().as_ref()))
    }

    /// Whether an answer to a challenge is its HMAC-SHA256, in hexadecimal digits, keyed with what the receiver checks
    /// signatures by: the text of the secret, or of the public key.
    ///
    /// The text, not the bytes it stands for: those sign messages, and a receiver that answered whatever calls itself a
    /// challenge would sign messages for anyone.
    pub(crate) fn is_proven(&self, challenge: &str, answer: &[u8]) -> bool {
        let Ok(tag) = hex::decode(answer.trim_ascii()) else { return false };
        let proves = |key: String| {
            let key = hmac::Key::new(hmac::HMAC_SHA256, key.as_bytes());
            hmac::verify(&key, challenge.as_bytes(), &tag).is_ok()
        };
        proves(self.text()) || proves(self.public_text())
    }

    fn pair(&self) -> Ed25519KeyPair {
        Ed25519KeyPair::from_seed_unchecked(&self.seed).expect("any 32 bytes are a seed")
    }

    /// Both signatures of a message, as `webhook-signature` has them.
    fn sign(&self, signed: &[u8]) -> String {
        let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, &self.hmac), signed);
        format!("v1,{} v1a,{}", STANDARD.encode(tag), STANDARD.encode(self.pair().sign(signed)))
    }
}

/// The value of `webhook-signature` for a message by every secret in force, the newest first.
pub(crate) fn signature(secrets: &[Secret], id: &str, timestamp: i64, body: &str) -> String {
    let signed = format!("{id}.{timestamp}.{body}");
    secrets.iter().map(|secret| secret.sign(signed.as_bytes())).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use ring::signature::{ED25519, UnparsedPublicKey};

    fn published() -> Secret {
        let hmac = STANDARD.decode("C2FVsBQIhrscChlQIMV+b5sSYspob7oD").unwrap();
        // The secret of the vector has 24 bytes; HMAC pads keys with zeros, so the longer one signs alike.
        let mut padded = [0; 32];
        padded[..24].copy_from_slice(&hmac);
        // RFC 8032, section 7.1, test 3.
        let seed = hex::decode("c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7").unwrap();
        Secret { hmac: padded, seed: seed.try_into().unwrap() }
    }

    #[test]
    fn the_hmac_is_that_of_the_published_vector() {
        // The reference library's own test of `sign` (libraries/rust, standard-webhooks).
        let body = r#"{"email":"test@example.com","username":"test_user"}"#;
        let signature = signature(&[published()], "msg_27UH4WbU6Z5A5EzD8u03UvzRbpk", 1_649_367_553, body);
        assert_eq!(signature.split(' ').next(), Some("v1,tZ1I4/hDygAJgO5TYxiSd6Sd0kDW6hPenDe+bTa3Kkw="));
    }

    #[test]
    fn the_pair_is_that_of_the_published_vector() {
        let signed = published().pair().sign(&hex::decode("af82").unwrap());
        let wanted = "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c\
                      15e9716ed28dc027beceea1ec40a";
        assert_eq!(hex::encode(signed), wanted);
    }

    #[test]
    fn every_secret_in_force_signs_and_no_two_are_alike() {
        let key = WebhookKey::parse(&"5a".repeat(32)).unwrap();
        let secrets = [key.secret("webhooks/a", 2), key.secret("webhooks/a", 1)];
        let header = signature(&secrets, "msg_1", 7, "{}");
        let parts: Vec<_> = header.split(' ').collect();
        assert_eq!(
            parts.iter().map(|part| part.split(',').next().unwrap()).collect::<Vec<_>>(),
            ["v1", "v1a", "v1", "v1a"]
        );
        let public = STANDARD.decode(secrets[0].public_text().strip_prefix("whpk_").unwrap()).unwrap();
        let signed = STANDARD.decode(parts[1].strip_prefix("v1a,").unwrap()).unwrap();
        UnparsedPublicKey::new(&ED25519, public).verify(b"msg_1.7.{}", &signed).unwrap();
        let others = [key.secret("webhooks/b", 2), key.secret("webhooks/a", 1), key.secret("webhooks/a", 2)];
        let texts: Vec<_> = others.iter().map(Secret::text).collect();
        assert!(texts[0] != texts[1] && texts[1] != texts[2] && texts[0] != texts[2]);
        assert_eq!(texts[2], secrets[0].text());
        assert!(WebhookKey::parse("5a5a").is_err());
        assert!(!format!("{key:?}").contains("5a"));
    }

    #[test]
    fn the_secret_before_is_in_force_until_the_overlap_ends() {
        let key = WebhookKey::parse(&"5a".repeat(32)).unwrap();
        let end: DateTime<Utc> = "2026-05-04T13:00:00Z".parse().unwrap();
        let at = |version, end, now| {
            let secrets = key.in_force("webhooks/a", version, end, now);
            secrets.iter().map(Secret::text).collect::<Vec<_>>()
        };
        let [first, second] = [1, 2].map(|version| key.secret("webhooks/a", version).text());
        let instant = chrono::TimeDelta::nanoseconds(1);
        assert_eq!(at(2, Some(end), end - instant), [second.clone(), first.clone()]);
        assert_eq!(at(2, Some(end), end), std::slice::from_ref(&second));
        assert_eq!(at(2, None, end), [second]);
        assert_eq!(at(1, Some(end), end - instant), [first], "there is none before the first");
    }

    #[test]
    fn a_challenge_is_answered_by_who_has_the_secret_or_the_public_key_of_this_webhook() {
        let key = WebhookKey::parse(&"5a".repeat(32)).unwrap();
        let (own, other) = (key.secret("webhooks/a", 1), key.secret("webhooks/b", 1));
        let answer = |key: &[u8], challenge: &str| {
            hex::encode(hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key), challenge.as_bytes()))
        };
        for text in [own.text(), own.public_text()] {
            let proof = answer(text.as_bytes(), "c");
            assert!(own.is_proven("c", proof.as_bytes()), "{text}");
            assert!(own.is_proven("c", format!("{proof}\n").as_bytes()), "a line may end");
            assert!(!own.is_proven("d", proof.as_bytes()), "of another challenge");
            assert!(!other.is_proven("c", proof.as_bytes()), "of another webhook");
            assert!(!key.secret("webhooks/a", 2).is_proven("c", proof.as_bytes()), "of another version");
            assert!(!own.is_proven("c", &proof.as_bytes()[..62]), "a part of it");
        }
        assert!(!own.is_proven("c", answer(&own.hmac, "c").as_bytes()), "what signs messages proves nothing");
        assert!(!own.is_proven("c", b"c") && !own.is_proven("c", b""));
    }
}

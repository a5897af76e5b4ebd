//! API keys as text: `lg_<id>_<secret>`, the secret with a checksum at its end. We keep the id and a SHA-256; the text is
//! shown once.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use ring::rand::{SecureRandom as _, SystemRandom};
use sha2::{Digest as _, Sha256};
use std::fmt;
use subtle::ConstantTimeEq as _;

const PREFIX: &str = "lg_";
const ID_CHARACTERS: usize = 12;
const SECRET_BYTES: usize = 32;
/// Characters of a secret, of base64 without padding.
const SECRET_CHARACTERS: usize = 43;
/// Bytes and characters of the checksum behind it. Keys made before there was one have none.
const CHECK_BYTES: usize = 3;
const CHECK_CHARACTERS: usize = 4;
/// The alphabet of base32 (RFC 4648, section 6) in lower case: five bits a character.
const BASE32: &[u8; 32] = b"abcdefghijklmnopqrstuvwxyz234567";

/// A whole API key. It is a secret: `Debug` shows its id alone, and there is no `Display`.
#[derive(Clone)]
pub struct ApiKeyText(String);

impl ApiKeyText {
    /// A new key: an id of 60 random bits and a secret of 256.
    pub fn generate() -> Self {
        let mut random = [0; ID_CHARACTERS + SECRET_BYTES];
        SystemRandom::new().fill(&mut random).expect("the system gives random bytes");
        let (id, secret) = random.split_at(ID_CHARACTERS);
        let id: String = id.iter().map(|byte| char::from(BASE32[usize::from(byte & 31)])).collect();
        let text = format!("{PREFIX}{id}_{}", BASE64.encode(secret));
        let check = checksum(&text);
        Self(text + &check)
    }

    /// The key in a text; `None` if the text has not a key's shape.
    pub fn parse(text: &str) -> Option<Self> {
        let (id, secret) = text.strip_prefix(PREFIX)?.split_once('_')?;
        let id_is_good = id.len() == ID_CHARACTERS && id.bytes().all(|byte| BASE32.contains(&byte));
        let (bare, check) = secret.split_at_checked(SECRET_CHARACTERS)?;
        let secret_is_good = BASE64.decode(bare).is_ok_and(|bytes| bytes.len() == SECRET_BYTES);
        let check_is_good = check.is_empty() || check == checksum(&text[..text.len() - check.len()]);
        (id_is_good && secret_is_good && check_is_good).then(|| Self(text.to_owned()))
    }

    /// Whether the text ends with its checksum: what was mistyped, cut or made up is known without asking anyone.
    pub fn is_checked(&self) -> bool {
        self.0.len() == PREFIX.len() + ID_CHARACTERS + 1 + SECRET_CHARACTERS + CHECK_CHARACTERS
    }

    /// The id, which is no secret: the record is `apiKeys/{id}`.
    pub fn id(&self) -> &str {
        &self.0[PREFIX.len()..PREFIX.len() + ID_CHARACTERS]
    }

    /// The whole text, to be shown once to whom it is made for.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// What is kept: SHA-256 of the whole text, in lower-case hexadecimal. A fast hash is right for a secret of 256
    /// random bits.
    pub fn sha256_hex(&self) -> String {
        hex::encode(Sha256::digest(&self.0))
    }

    /// Whether this is the key whose SHA-256 is kept. The comparison takes the same time wherever they differ.
    pub fn matches(&self, sha256_hex: &str) -> bool {
        self.sha256_hex().as_bytes().ct_eq(sha256_hex.as_bytes()).into()
    }
}

/// What stands behind a key's text so that nonsense can be told from a key: no proof, since anyone can work it out.
fn checksum(text: &str) -> String {
    BASE64.encode(&Sha256::digest(text)[..CHECK_BYTES])
}

impl fmt::Debug for ApiKeyText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{PREFIX}{}_…", self.id())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_key_reads_back_and_matches_its_own_hash_alone() {
        let (key, other) = (ApiKeyText::generate(), ApiKeyText::generate());
        let again = ApiKeyText::parse(key.expose()).unwrap();
        assert_eq!(again.id(), key.id());
        assert_ne!(key.id(), other.id());
        assert!(again.matches(&key.sha256_hex()));
        assert!(!other.matches(&key.sha256_hex()));
        assert!(!key.matches(""));
    }

    #[test]
    fn the_hash_is_that_of_the_whole_text() {
        let key = ApiKeyText::parse("lg_abcdefghijkl_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA").unwrap();
        assert_eq!(key.sha256_hex(), hex::encode(Sha256::digest(key.expose().as_bytes())));
        assert_eq!(key.sha256_hex().len(), 64);
    }

    #[test]
    fn what_is_not_shaped_as_a_key_is_none() {
        let secret = "A".repeat(43);
        for text in [
            String::new(),
            "lg_".into(),
            format!("lg_abcdefghijk_{secret}"),
            format!("lg_abcdefghijkL_{secret}"),
            format!("lg_abcdefghijk1_{secret}"),
            format!("lg_abcdefghijkl_{}", &secret[1..]),
            format!("lg_abcdefghijkl_{secret}A"),
            format!("lg_abcdefghijkl_{}B", &secret[1..]),
            format!("LG_abcdefghijkl_{secret}"),
            format!(" lg_abcdefghijkl_{secret}"),
        ] {
            assert!(ApiKeyText::parse(&text).is_none(), "{text}");
        }
    }

    #[test]
    fn a_checksum_tells_nonsense_from_a_key_and_old_keys_have_none() {
        let key = ApiKeyText::generate();
        assert!(key.is_checked());
        let old = ApiKeyText::parse(&key.expose()[..key.expose().len() - CHECK_CHARACTERS]).unwrap();
        assert!(!old.is_checked() && old.id() == key.id() && !old.matches(&key.sha256_hex()), "another key");
        let other = ApiKeyText::generate();
        let mixed = format!("{}{}", &key.expose()[..20], &other.expose()[20..]);
        assert!(ApiKeyText::parse(&mixed).is_none());
        assert!(ApiKeyText::parse(&key.expose()[..key.expose().len() - 1]).is_none(), "cut");
    }

    #[test]
    fn a_key_in_a_log_shows_its_id_alone() {
        let key = ApiKeyText::generate();
        let shown = format!("{key:?}");
        assert!(shown.contains(key.id()));
        assert!(!shown.contains(&key.expose()[16..]));
    }
}

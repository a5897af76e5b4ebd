//! Secrets made at first need and kept in `.local/secrets.json`, which only its owner may read.

use crate::local::Local;
use anyhow::{Context as _, Result};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use identity::ApiKeyText;
use rcgen::{CertificateParams, KeyPair};
use ring::rand::{SecureRandom as _, SystemRandom};
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair};
use std::collections::BTreeMap;

const FILE: &str = "secrets.json";

/// The secrets by name.
pub(crate) struct Secrets {
    local: Local,
    kept: BTreeMap<String, String>,
}

impl Secrets {
    /// Reads what there is.
    pub(crate) fn open(local: &Local) -> Result<Self> {
        let text = local.read(FILE)?;
        let kept = text.map(|text| serde_json::from_str(&text)).transpose().context("read .local/secrets.json")?;
        Ok(Self { local: local.clone(), kept: kept.unwrap_or_default() })
    }

    /// The secret of this name; made now if there is none.
    pub(crate) fn get(&mut self, name: &str, make: impl FnOnce() -> String) -> Result<String> {
        if let Some(kept) = self.kept.get(name) {
            return Ok(kept.clone());
        }
        let made = make();
        self.kept.insert(name.to_owned(), made.clone());
        self.local.write(FILE, &serde_json::to_string_pretty(&self.kept)?)?;
        Ok(made)
    }
}

/// The key with which `up` makes the other keys. The gateway is told its hash alone.
pub(crate) fn bootstrap_key(secrets: &mut Secrets) -> Result<ApiKeyText> {
    let text = secrets.get("bootstrap-key", || ApiKeyText::generate().expose().to_owned())?;
    ApiKeyText::parse(&text).context("the bootstrap key in .local/secrets.json is none")
}

/// 32 random bytes in base64: the seed of an Ed25519 key, or a symmetric key.
pub(crate) fn random_key() -> String {
    let mut bytes = [0; 32];
    SystemRandom::new().fill(&mut bytes).expect("the system gives random bytes");
    STANDARD.encode(bytes)
}

/// A private key on P-256 in PKCS #8, in base64.
pub(crate) fn random_p256() -> String {
    let made = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &SystemRandom::new());
    STANDARD.encode(made.expect("the system gives random bytes"))
}

/// A certificate that such a key has signed for itself: X.509 in DER, in base64.
pub(crate) fn self_signed(key: &str) -> String {
    let key = STANDARD.decode(key).expect("a key that was made here is base64");
    let pair = KeyPair::try_from(key).expect("a key that was made here is one on P-256");
    let certificate = CertificateParams::default().self_signed(&pair).expect("a key on P-256 signs");
    STANDARD.encode(certificate.der())
}

/// The keys of what a service seals in its database: one for its index, one to wrap with.
pub(crate) fn sealing_keys() -> String {
    format!("index {} key {}", random_key(), random_key())
}

/// 32 random bytes in hexadecimal.
pub(crate) fn random_hex() -> String {
    let mut bytes = [0; 32];
    SystemRandom::new().fill(&mut bytes).expect("the system gives random bytes");
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

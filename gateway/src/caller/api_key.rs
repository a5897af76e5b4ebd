//! API keys: found by their id, compared by their SHA-256 in constant time.

use super::{Digest, Found, Refusal};
use chrono::{DateTime, Utc};
use identity::{ApiKeyText, Permissions, Principal};
use proto::gateway::v1::{ApiKey, api_key::State};
use std::fmt;
use std::sync::Arc;
use std::time::Duration;
use subtle::ConstantTimeEq as _;

/// How long a key found good is not looked up again: a revoked key is refused within a second wherever it is used.
const GOOD_FOR: Duration = Duration::from_millis(500);

/// Where keys are kept.
#[tonic::async_trait]
pub trait KeyStore: Send + Sync + fmt::Debug {
    /// The record of `apiKeys/{id}` with what it may do; `None` if there is none.
    ///
    /// # Errors
    /// The store is away.
    async fn find(&self, id: &str) -> anyhow::Result<Option<FoundKey>>;
}

/// A key's record, and all that its permissions and its role together let it do.
#[derive(Clone, Debug)]
pub struct FoundKey {
    /// The record.
    pub record: ApiKey,
    /// What it may do.
    pub permissions: Permissions,
}

/// The key of the settings, with which the first other keys are made.
#[derive(Clone, Debug)]
pub struct Bootstrap {
    /// Its id.
    pub id: String,
    /// SHA-256 of the whole key.
    pub sha256: [u8; 32],
    /// What it may do.
    pub permissions: Permissions,
}

impl Bootstrap {
    /// Reads `id:hexhash`, the id being the middle part of the key and the hash SHA-256 of the whole of it.
    ///
    /// # Errors
    /// What is wrong with the text, without the text.
    pub fn read(text: &str, permissions: Permissions) -> Result<Self, String> {
        let (id, hash) = text.split_once(':').ok_or("is not id:hash")?;
        let mut sha256 = [0; 32];
        hex::decode_to_slice(hash, &mut sha256).map_err(|_| "has no hash of 64 hexadecimal digits after the colon")?;
        let shaped = ApiKeyText::parse(&format!("lg_{id}_{}", "A".repeat(43))).is_some();
        if !shaped {
            return Err("has no key id before the colon".to_owned());
        }
        Ok(Self { id: id.to_owned(), sha256, permissions })
    }

    /// The subject it calls as.
    pub fn subject(&self) -> String {
        format!("apiKeys/{}", self.id)
    }
}

/// Finds keys.
#[derive(Debug)]
pub(super) struct ApiKeys {
    store: Arc<dyn KeyStore>,
    bootstrap: Option<Bootstrap>,
}

impl ApiKeys {
    pub(super) fn new(store: Arc<dyn KeyStore>, bootstrap: Option<Bootstrap>) -> Self {
        Self { store, bootstrap }
    }

    /// Whose key the text is. An id that does not exist costs the same look-up and the same comparison as a wrong secret.
    pub(super) async fn find(&self, text: &str, digest: &Digest) -> Result<Found, Refusal> {
        let key = ApiKeyText::parse(text).ok_or(Refusal::Unknown)?;
        if let Some(bootstrap) = self.bootstrap.as_ref().filter(|own| bool::from(own.sha256.ct_eq(digest))) {
            return Ok(bootstrap.found());
        }
        let found = self.store.find(key.id()).await.map_err(|error| {
            tracing::error!(error = format!("{error:#}"), "cannot look up an api key");
            Refusal::Away
        })?;
        let kept = found.as_ref().map_or("", |found| found.record.secret_sha256.as_str());
        let same = key.matches(if kept.is_empty() { NOBODYS } else { kept });
        match found {
            Some(found) if same => good(found, Utc::now()).ok_or(Refusal::Unknown),
            _ => Err(Refusal::Unknown),
        }
    }
}

/// What a key is compared with whose id does not exist. No text is known with this SHA-256.
const NOBODYS: &str = "0000000000000000000000000000000000000000000000000000000000000000";

impl Bootstrap {
    fn found(&self) -> Found {
        let principal = Principal {
            subject: self.subject().into(),
            agency: None,
            mission: None,
            permissions: self.permissions.clone(),
            clearance: identity::Clearance::default(),
            expires: i64::MAX,
        };
        Found { principal, partner: false, good_for: Duration::from_secs(60) }
    }
}

/// Whom a key stands for, if it is in force.
fn good(found: FoundKey, now: DateTime<Utc>) -> Option<Found> {
    let FoundKey { record, permissions } = found;
    let expires = record.expire_time.as_ref().map(|time| time.seconds)?;
    let left = u64::try_from(expires.checked_sub(now.timestamp())?).ok().filter(|left| *left > 0)?;
    if record.state() != State::Active {
        return None;
    }
    let principal = Principal {
        subject: record.name.as_str().into(),
        agency: (!record.internal).then(|| record.agency.as_str().into()),
        mission: None,
        permissions,
        clearance: identity::Clearance::default(),
        expires,
    };
    Some(Found { principal, partner: !record.internal, good_for: GOOD_FOR.min(Duration::from_secs(left)) })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record() -> FoundKey {
        let record = ApiKey {
            name: "apiKeys/abcdefgh2345".into(),
            agency: "metropolitan-police".into(),
            state: State::Active.into(),
            expire_time: Some(prost_types::Timestamp { seconds: 1_000, nanos: 0 }),
            ..ApiKey::default()
        };
        FoundKey { record, permissions: Permissions::of(["accreditation.missions.read"]) }
    }

    fn at(seconds: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(seconds, 0).unwrap()
    }

    #[test]
    fn a_key_is_good_while_active_and_until_it_expires() {
        let found = good(record(), at(999)).unwrap();
        assert!(found.partner);
        assert_eq!(found.principal.agency.as_deref(), Some("metropolitan-police"));
        assert!(good(record(), at(1_000)).is_none());
        for state in [State::Revoked, State::Unspecified] {
            let mut key = record();
            key.record.state = state.into();
            assert!(good(key, at(0)).is_none(), "{state:?}");
        }
        let mut endless = record();
        endless.record.expire_time = None;
        assert!(good(endless, at(0)).is_none());
    }

    #[test]
    fn an_internal_key_is_no_partners() {
        let mut key = record();
        key.record.internal = true;
        let found = good(key, at(0)).unwrap();
        assert!(!found.partner);
        assert_eq!(found.principal.agency, None);
    }

    #[test]
    fn a_bootstrap_key_is_an_id_and_a_hash() {
        let read = |text: &str| Bootstrap::read(text, Permissions::default());
        let hash = "ab".repeat(32);
        assert!(read(&format!("abcdefgh2345:{hash}")).is_ok());
        for bad in ["", "abcdefgh2345", &hash, &format!("ABC:{hash}"), &format!("abcdefgh2345:{}", &hash[2..])] {
            assert!(read(bad).is_err(), "{bad}");
        }
    }
}

//! API keys: found by their id, compared by their SHA-256 in constant time.

use super::{Digest, Found, Refusal};
use crate::key_rules::Rules;
use crate::network::Network;
use chrono::{DateTime, Utc};
use config::Value as _;
use identity::{ApiKeyText, Clearance, Permissions, Principal};
use sqlx::postgres::PgRow;
use sqlx::{PgPool, Row as _};
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;
use subtle::ConstantTimeEq as _;
use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::time::timeout;

/// How long a key found good is not looked up again: a revoked key is refused within a second wherever it is used.
const GOOD_FOR: Duration = Duration::from_millis(500);

/// How long a key not seen lately waits for its turn.
const WAIT: Duration = Duration::from_millis(500);

/// Where keys are kept: the table of the gateway's own database, read past its service, which shows no hashes.
#[derive(Clone, Debug)]
pub(crate) struct KeyTable {
    pool: PgPool,
    rules: Arc<Rules>,
}

/// What the names of keys begin with.
const NAMES: &str = "apiKeys/";

/// Whether a caller calls with a key.
pub(crate) fn is_key(caller: &Principal) -> bool {
    caller.subject.starts_with(NAMES)
}

/// What is read of a key's record.
#[derive(Clone, Debug)]
struct Record {
    subject: String,
    agency: String,
    internal: bool,
    active: bool,
    sha256: String,
    expires: DateTime<Utc>,
    permissions: Permissions,
    networks: Vec<String>,
    product: String,
    certificate: (String, String),
    per_second: i32,
    per_month: i64,
}

/// A key with what its agency and its product make of it: one of ours stands for itself, a partner's is good while its
/// agency may call, and for what the agency was assigned.
const FIND: &str = "
    select k.name, k.agency, k.role, k.expire_time, k.doc->>'secretSha256' as sha256, k.holder = 'house' as internal,
        k.state = 'ACTIVE' and (k.holder = 'house' or coalesce(a.state = 'ACTIVE', false))
            and (k.product = '' or coalesce(a.doc->'products' ? k.product, false)) as active,
        array(select jsonb_array_elements_text(k.doc->'permissions')
            union all select jsonb_array_elements_text(p.doc->'permissions')) as permissions,
        array(select jsonb_array_elements_text(k.doc->'allowedNetworks')) as networks,
        coalesce(k.doc->>'certificateAuthority', '') as authority,
        coalesce(k.doc->>'certificateName', '') as certificate_name, k.product, coalesce((p.doc->>'requestsPerSecond')::int, 0) as per_second,
        coalesce((p.doc->>'requestsPerMonth')::bigint, 0) as per_month
    from api_keys k
    left join agencies a on a.name = k.holder and a.deleted_at is null
    left join products p on p.name = k.product and p.deleted_at is null
    where k.name = 'apiKeys/' || $1 and k.deleted_at is null";

/// What a key that is in force stands for.
#[derive(Debug)]
pub(crate) struct InForce {
    pub(crate) principal: Principal,
    /// Whether it is a partner's.
    pub(crate) partner: bool,
    /// The product with a quota, and how many requests a month it is.
    pub(crate) quota: Option<(Box<str>, u64)>,
}

impl KeyTable {
    /// The table in this database, whose keys hold what the rules let them hold.
    pub(crate) fn new(pool: PgPool, rules: Arc<Rules>) -> Self {
        Self { pool, rules }
    }

    /// Whom the key of this name stands for while it is in force; without its secret, for what it asked for earlier.
    pub(crate) async fn in_force(&self, name: &str) -> Result<Option<InForce>, sqlx::Error> {
        let Some(id) = name.strip_prefix(NAMES) else { return Ok(None) };
        let found = self.find(id).await?.and_then(|record| good(record, Utc::now()));
        Ok(found.map(|Found { principal, partner, quota, .. }| InForce { principal, partner, quota }))
    }

    async fn find(&self, id: &str) -> Result<Option<Record>, sqlx::Error> {
        let found = sqlx::query(FIND).bind(id).fetch_optional(&self.pool).await?;
        found.map(|row| self.record(&row)).transpose()
    }

    fn record(&self, row: &PgRow) -> Result<Record, sqlx::Error> {
        let (role, own): (&str, Vec<String>) = (row.try_get("role")?, row.try_get("permissions")?);
        let internal = row.try_get("internal")?;
        Ok(Record {
            subject: row.try_get("name")?,
            agency: row.try_get("agency")?,
            internal,
            active: row.try_get("active")?,
            sha256: row.try_get("sha256")?,
            expires: row.try_get("expire_time")?,
            permissions: self.rules.held(&own, role, internal),
            networks: row.try_get("networks")?,
            product: row.try_get("product")?,
            certificate: (row.try_get("authority")?, row.try_get("certificate_name")?),
            per_second: row.try_get("per_second")?,
            per_month: row.try_get("per_month")?,
        })
    }
}

/// The key of the settings, with which the first other keys are made.
#[derive(Clone, Debug)]
pub(crate) struct Bootstrap {
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
    pub(crate) fn read(text: &str, permissions: Permissions) -> Result<Self, String> {
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
    pub(crate) fn subject(&self) -> String {
        format!("apiKeys/{}", self.id)
    }
}

/// The most keys at a time that are looked up without having been good a moment ago, and of those the most that have no
/// checksum: half of the connections, and a quarter. The rest is for keys that were, which must be looked at again all the
/// time: so that nobody who makes keys up keeps those out who have one.
const UNSEEN: usize = 4;
const UNCHECKED: usize = 2;

/// Finds keys.
#[derive(Debug)]
pub(super) struct ApiKeys {
    table: KeyTable,
    bootstrap: Option<Bootstrap>,
    unseen: Semaphore,
    unchecked: Semaphore,
}

impl ApiKeys {
    pub(super) fn new(table: KeyTable, bootstrap: Option<Bootstrap>) -> Self {
        Self { table, bootstrap, unseen: Semaphore::new(UNSEEN), unchecked: Semaphore::new(UNCHECKED) }
    }

    /// Whose key the text is; `seen` says that it was good a moment ago. What has the shape of a key and is none is refused
    /// by its checksum, without the database. An id that does not exist costs the same look-up and the same comparison as a
    /// wrong secret.
    pub(super) async fn find(&self, text: &str, digest: &Digest, seen: bool) -> Result<Found, Refusal> {
        let key = ApiKeyText::parse(text).ok_or(Refusal::Unknown)?;
        if let Some(bootstrap) = self.bootstrap.as_ref().filter(|own| bool::from(own.sha256.ct_eq(digest))) {
            return Ok(bootstrap.found());
        }
        let _turn = if seen { None } else { Some(self.turn(&key).await?) };
        let found = self.table.find(key.id()).await.map_err(|error| {
            tracing::error!(%error, "cannot look up an api key");
            Refusal::Away
        })?;
        let same = key.matches(found.as_ref().map_or(NOBODYS, |record| &record.sha256));
        found.filter(|_| same).and_then(|record| good(record, Utc::now())).ok_or(Refusal::Unknown)
    }

    /// A turn for a key not seen lately, if there is one soon.
    async fn turn(&self, key: &ApiKeyText) -> Result<SemaphorePermit<'_>, Refusal> {
        let turns = if key.is_checked() { &self.unseen } else { &self.unchecked };
        timeout(WAIT, turns.acquire()).await.ok().and_then(Result::ok).ok_or(Refusal::Away)
    }
}

/// What a key is compared with whose id does not exist. No text is known with this SHA-256.
const NOBODYS: &str = "0000000000000000000000000000000000000000000000000000000000000000";

impl Bootstrap {
    /// Whom it stands for.
    pub(crate) fn principal(&self) -> Principal {
        Principal {
            subject: self.subject().into(),
            agency: None,
            mission: None,
            post: None,
            permissions: self.permissions.clone(),
            clearance: Clearance::default(),
            elevation: None,
            expires: i64::MAX,
        }
    }

    fn found(&self) -> Found {
        Found::plain(self.principal(), false, Duration::from_secs(60))
    }
}

/// Whom a key stands for, if it is in force.
fn good(record: Record, now: DateTime<Utc>) -> Option<Found> {
    let left = (record.expires - now).to_std().ok().filter(|left| record.active && !left.is_zero())?;
    let principal = Principal {
        subject: record.subject.into(),
        agency: (!record.internal).then(|| record.agency.into()),
        mission: None,
        post: None,
        permissions: record.permissions,
        clearance: Clearance::default(),
        elevation: None,
        expires: record.expires.timestamp(),
    };
    // One that cannot be read lets nobody in: it was refused when the key was made, so someone altered it.
    let networks = record.networks.iter().map(|text| Network::parse(text)).collect::<Result<_, _>>().ok()?;
    let rate = u32::try_from(record.per_second).ok().and_then(NonZeroU32::new);
    let quota = u64::try_from(record.per_month).ok().filter(|quota| *quota > 0);
    let quota = quota.map(|quota| (record.product.into(), quota));
    let found = Found::plain(principal, !record.internal, GOOD_FOR.min(left));
    let (authority, name) = record.certificate;
    let certificate = (!authority.is_empty()).then(|| (authority.into(), name.into()));
    Some(Found { networks, certificate, rate, quota, ..found })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(seconds, 0).unwrap()
    }

    fn record() -> Record {
        Record {
            subject: "apiKeys/abcdefgh2345".into(),
            agency: "metropolitan-police".into(),
            internal: false,
            active: true,
            sha256: String::new(),
            expires: at(1_000),
            permissions: Permissions::of(["accreditation.missions.read"]),
            networks: Vec::new(),
            product: String::new(),
            certificate: Default::default(),
            per_second: 0,
            per_month: 0,
        }
    }

    #[test]
    fn a_key_is_good_while_active_and_until_it_expires() {
        let found = good(record(), at(999)).unwrap();
        assert!(found.partner);
        assert_eq!(found.principal.agency.as_deref(), Some("metropolitan-police"));
        assert!(good(record(), at(1_000)).is_none());
        assert!(good(Record { active: false, ..record() }, at(0)).is_none());
    }

    #[test]
    fn a_key_about_to_expire_is_looked_at_again_when_it_does() {
        let just_before = at(1_000) - Duration::from_millis(20);
        assert_eq!(good(record(), just_before).unwrap().good_for, Duration::from_millis(20));
    }

    #[test]
    fn an_internal_key_is_no_partners() {
        let found = good(Record { internal: true, ..record() }, at(0)).unwrap();
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

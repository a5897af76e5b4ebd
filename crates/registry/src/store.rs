//! The register of one service: its database and what all its kinds of record share.

use crate::Keep;
use crate::audit::Auditor;
use crate::clockwork::{Clockwork, SystemClock};
use crate::due::Fires;
use crate::kind::Kind;
use crate::registry::Registry;
use crate::rewrap;
use crate::signal::Signal;
use crate::time::kept;
use crate::token::TokenKey;
use calendar::WorkingDays;
use chrono::{DateTime, Utc};
use config::Home;
use fault::Fault;
use proto::policy::v1::Reason;
use ring::rand::{SecureRandom as _, SystemRandom};
use sqlx::PgPool;
use std::any::{Any, TypeId};
use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::sync::{Arc, RwLock};
use tokio_util::sync::{CancellationToken, WaitForCancellationFutureOwned};
use vault::Vault;

/// The register of one service. Cheap to clone.
#[derive(Clone)]
pub struct Store(Arc<Inner>);

struct Inner {
    pool: PgPool,
    home: Arc<Home>,
    days: Arc<WorkingDays>,
    clock: Arc<dyn Clockwork>,
    shutdown: CancellationToken,
    tokens: TokenKey,
    signal: Signal,
    auditor: Auditor,
    fires: RwLock<BTreeMap<&'static str, Arc<dyn Fires>>>,
    data: Data,
    vault: Option<Vault>,
}

/// Values by their types.
pub type Data = HashMap<TypeId, Arc<dyn Any + Send + Sync>>;

/// What a store is made of, besides its database.
#[derive(Clone, Debug)]
pub struct Options {
    /// Whose foreign service it is.
    pub home: Arc<Home>,
    /// The working days that timers count.
    pub days: Arc<WorkingDays>,
    /// What time it is.
    pub clock: Arc<dyn Clockwork>,
    /// When the service stops: then watchers are sent away.
    pub shutdown: CancellationToken,
    /// What the service's own rules go by; [`Options::with`] adds to it.
    pub data: Data,
    /// The keys of sealed fields. A service whose records have such fields opens its register with them.
    pub vault: Option<Vault>,
}

impl Options {
    /// Options on the system's clock, with the working days of our own state.
    pub fn new(home: Arc<Home>) -> Self {
        let days = Arc::new(WorkingDays::of([home.state.as_str()], home.timezone));
        let (clock, shutdown) = (Arc::new(SystemClock), CancellationToken::new());
        Self { home, days, clock, shutdown, data: Data::new(), vault: None }
    }

    /// Adds what the service's own rules go by, such as the numbers of its practice: one value of each type, which rules
    /// then find by the type ([`Call::data`](crate::Call::data)).
    #[must_use]
    pub fn with<T: Any + Send + Sync>(mut self, data: Arc<T>) -> Self {
        self.data.insert(TypeId::of::<T>(), data);
        self
    }
}

impl Store {
    /// Opens the register in a migrated database.
    ///
    /// # Errors
    /// If the database cannot be read; if it was written with other sealing keys than these.
    pub async fn open(pool: PgPool, options: Options) -> Result<Self, Fault> {
        let tokens = TokenKey::new(&own_key(&pool, "tokens").await?);
        let Options { home, days, clock, shutdown, data, vault } = options;
        if let Some(vault) = &vault {
            rewrap::fits(&pool, vault).await?;
        }
        let signal = Signal::new(&pool);
        let auditor = Auditor::new(&pool);
        let fires = RwLock::default();
        Ok(Self(Arc::new(Inner { pool, home, days, clock, shutdown, tokens, signal, auditor, fires, data, vault })))
    }

    /// The registry of one kind of record, by the rules of `K`.
    ///
    /// # Panics
    /// If such records have sealed fields and there are no keys for them: the service's start says so before.
    pub fn keep<K: Keep>(&self) -> Registry<K> {
        let registry = Registry::new(self);
        let locked_out = registry.kind().seals() && self.vault().is_none();
        assert!(!locked_out, "{} have sealed fields: open the register with sealing keys", registry.kind().name);
        let mut fires = self.0.fires.write().unwrap_or_else(std::sync::PoisonError::into_inner);
        fires.insert(registry.kind().name, Arc::new(crate::due::Firing::<K>::default()));
        registry
    }

    /// The database.
    pub fn pool(&self) -> &PgPool {
        &self.0.pool
    }

    /// Whose foreign service it is.
    pub fn home(&self) -> &Home {
        &self.0.home
    }

    /// The working days that timers count.
    pub fn days(&self) -> &WorkingDays {
        &self.0.days
    }

    /// What the service's own rules go by, as it was given to [`Options::with`].
    ///
    /// # Panics
    /// If it was not given: then every call that asks would fail, so the first test of a service finds it.
    pub fn data<T: Any + Send + Sync>(&self) -> &T {
        let found = self.0.data.get(&TypeId::of::<T>()).and_then(|data| data.downcast_ref());
        found.expect("a service opens its register with what its rules ask for")
    }

    pub(crate) fn vault(&self) -> Option<&Vault> {
        self.0.vault.as_ref()
    }

    /// What time it is, to the microsecond.
    pub fn now(&self) -> DateTime<Utc> {
        kept(self.0.clock.now())
    }

    pub(crate) fn clock(&self) -> &dyn Clockwork {
        self.0.clock.as_ref()
    }

    /// Completes when the service stops.
    pub(crate) fn stopping(&self) -> WaitForCancellationFutureOwned {
        self.0.shutdown.clone().cancelled_owned()
    }

    pub(crate) fn tokens(&self) -> &TokenKey {
        &self.0.tokens
    }

    pub(crate) fn signal(&self) -> &Signal {
        &self.0.signal
    }

    pub(crate) fn auditor(&self) -> &Auditor {
        &self.0.auditor
    }

    /// Who does what timers of this kind of record ask for.
    pub(crate) fn fires(&self, kind: &str) -> Option<Arc<dyn Fires>> {
        self.0.fires.read().unwrap_or_else(std::sync::PoisonError::into_inner).get(kind).cloned()
    }

    /// The kinds of record that this process keeps.
    pub(crate) fn kept_kinds(&self) -> Vec<&'static Kind> {
        let fires = self.0.fires.read().unwrap_or_else(std::sync::PoisonError::into_inner);
        fires.values().map(|fires| fires.kind()).collect()
    }

    /// The kinds of record whose timers this process can fire.
    pub(crate) fn kinds(&self) -> Vec<&'static str> {
        self.0.fires.read().unwrap_or_else(std::sync::PoisonError::into_inner).keys().copied().collect()
    }
}

impl fmt::Debug for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Store").field("home", &self.0.home.state).finish_non_exhaustive()
    }
}

/// A key of the service's own, made at its first start: every process of the service has the same, without a setting.
async fn own_key(pool: &PgPool, purpose: &'static str) -> Result<Vec<u8>, Fault> {
    let mut key = [0_u8; TokenKey::LEN];
    let no_random = |_| Fault::new(Reason::Internal, "the system gives no random numbers");
    SystemRandom::new().fill(&mut key).map_err(no_random)?;
    sqlx::query("insert into own_keys (purpose, key) values ($1, $2) on conflict do nothing")
        .bind(purpose)
        .bind(&key[..])
        .execute(pool)
        .await
        .map_err(pg::fault)?;
    let read = sqlx::query_scalar("select key from own_keys where purpose = $1").bind(purpose);
    read.fetch_one(pool).await.map_err(pg::fault)
}

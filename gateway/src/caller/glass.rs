//! Who has broken the glass at present, as this gateway last read it: what they may do besides.

use super::{Caller, Digest};
use crate::roles::Roles;
use arc_swap::ArcSwap;
use chrono::{DateTime, Utc};
use identity::{Permissions, Principal};
use moka::sync::Cache;
use sqlx::{PgPool, Row as _};
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// How often it is read: an elevation begins and ends that much later at most.
const EVERY: Duration = Duration::from_secs(1);

/// One open elevation.
#[derive(Debug, PartialEq, Eq)]
struct Open {
    name: String,
    permissions: Permissions,
    until: DateTime<Utc>,
}

/// Open elevations by their subjects. Nearly always there are none, and then this costs nothing.
#[derive(Debug)]
pub(crate) struct Glass {
    open: ArcSwap<HashMap<Arc<str>, Vec<Open>>>,
    /// Callers with what they hold for the time being, by credential and elevations.
    raised: Cache<(Digest, String), Arc<Caller>>,
    roles: Arc<Roles>,
}

impl Glass {
    /// Nobody's, until it is read.
    pub(crate) fn new(roles: Arc<Roles>) -> Self {
        let raised = Cache::builder().max_capacity(1_000).time_to_live(Duration::from_secs(50)).build();
        Self { open: ArcSwap::default(), raised, roles }
    }

    /// Reads until `shutdown`.
    pub(crate) async fn run(self: Arc<Self>, pool: PgPool, shutdown: CancellationToken) {
        loop {
            match self.read(&pool).await {
                Ok(open) if open == **self.open.load() => {}
                Ok(open) => self.open.store(Arc::new(open)),
                // Those that are open end at their time all the same.
                Err(error) => tracing::warn!(%error, "who has broken the glass cannot be read"),
            }
            if shutdown.run_until_cancelled(tokio::time::sleep(EVERY)).await.is_none() {
                return;
            }
        }
    }

    async fn read(&self, pool: &PgPool) -> Result<HashMap<Arc<str>, Vec<Open>>, sqlx::Error> {
        let text = "select name, role, subject, expire_time from elevations where state = 'OPEN' and deleted_at is null order by name";
        let rows = sqlx::query(text).fetch_all(pool).await?;
        let mut open: HashMap<Arc<str>, Vec<Open>> = HashMap::new();
        for row in &rows {
            let held = self.roles.get(row.try_get("role")?).filter(|role| role.break_glass);
            let permissions = held.map(|role| role.permissions.clone()).unwrap_or_default();
            let one = Open { name: row.try_get("name")?, permissions, until: row.try_get("expire_time")? };
            open.entry(row.try_get::<String, _>("subject")?.into()).or_default().push(one);
        }
        Ok(open)
    }

    /// The caller with what it holds for the time being, made by `make`; itself if it has not broken the glass.
    pub(super) fn raise(
        &self,
        caller: Arc<Caller>,
        digest: Digest,
        make: impl FnOnce(Principal) -> Arc<Caller>,
    ) -> Arc<Caller> {
        let all = self.open.load();
        if all.is_empty() {
            return caller;
        }
        let now = Utc::now();
        let own = all.get(&caller.principal.subject).into_iter().flatten();
        let open: Vec<_> = own.filter(|open| now < open.until).collect();
        let Some(until) = open.iter().map(|open| open.until).min() else { return caller };
        let names = open.iter().map(|open| open.name.as_str()).collect::<Vec<_>>().join(" ");
        self.raised.get_with((digest, names.clone()), || {
            let own = &*caller.principal;
            let taken = open.iter().flat_map(|open| open.permissions.iter());
            let permissions = Permissions::of(own.permissions.iter().chain(taken));
            // What is done meanwhile is on record as done by it, whichever right it took.
            let elevation = Some(names.into());
            make(Principal { permissions, elevation, expires: own.expires.min(until.timestamp()), ..own.clone() })
        })
    }
}

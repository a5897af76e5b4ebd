//! Who may go on for a while when nobody can be asked: callers as they were last found good.

use super::{Caller, Digest, REMEMBERED, Verified};
use chrono::Utc;
use moka::sync::Cache;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// How soon it is tried again to look at a caller that could not be looked at.
const LOOK_AGAIN: Duration = Duration::from_millis(500);

/// Callers as they were last found good. Whoever is in it goes on calling while the database is away, also one whose key was
/// revoked just before; so a house has none unless its settings say for how long.
#[derive(Debug)]
pub(super) struct Snapshot {
    seen: Cache<Digest, (Arc<Caller>, Instant)>,
    grace: Duration,
}

impl Snapshot {
    pub(super) fn new(grace: Duration) -> Self {
        Self { seen: Cache::builder().max_capacity(REMEMBERED).time_to_live(grace).build(), grace }
    }

    pub(super) fn note(&self, digest: Digest, caller: &Arc<Caller>) {
        self.seen.insert(digest, (Arc::clone(caller), Instant::now()));
    }

    pub(super) fn forget(&self, digest: &Digest) {
        self.seen.invalidate(digest);
    }

    pub(super) fn has(&self, digest: &Digest) -> bool {
        self.seen.contains_key(digest)
    }

    /// The caller, until its grace or its credential is over; looked at again soon.
    pub(super) fn find(&self, digest: &Digest) -> Option<Verified> {
        let (caller, at) = self.seen.get(digest)?;
        let left = self.grace.checked_sub(at.elapsed())?;
        let credential = u64::try_from(caller.principal.expires.saturating_sub(Utc::now().timestamp())).ok()?;
        let good_for = LOOK_AGAIN.min(left).min(Duration::from_secs(credential));
        (!good_for.is_zero()).then_some(Verified { caller, good_for })
    }
}

//! The windows that all gateways share, in Redis; and whether Redis is there at all.

use super::quota::Lease;
use super::{BUCKET, SPAN};
use anyhow::Context as _;
use opentelemetry::metrics::Counter;
use redis::aio::{ConnectionManager, ConnectionManagerConfig};
use redis::{Client, FromRedisValue, Script, ScriptInvocation};
use std::sync::Mutex;
use std::time::{Duration, Instant};
use telemetry::metric;

/// How long Redis is left alone after it was away.
const REST: Duration = Duration::from_secs(1);

/// Requests that this gateway limited alone.
const UNASKED: &str = "gateway.rate.unasked";

/// A script in Redis, and a note of when to ask it again.
pub(super) struct Shared {
    connection: ConnectionManager,
    /// How long a reservation may take before Redis counts as away: a request waits for it.
    patience: Duration,
    script: Script,
    lease: Script,
    /// When to try again, while Redis is away.
    away: Mutex<Option<Instant>>,
    /// How often Redis could not be asked.
    unasked: Counter<u64>,
}

/// Permits to give back: spent by nobody, of a bucket that is over.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Unspent {
    pub(super) bucket: u64,
    pub(super) permits: u32,
}

/// What Redis granted.
#[derive(Clone, Copy, Debug)]
pub(super) struct Grant {
    pub(super) permits: u32,
    pub(super) left: u32,
    pub(super) bucket: u64,
    pub(super) good_for: Duration,
    pub(super) free_in: Duration,
}

impl Shared {
    /// Nothing is connected yet, and the gateway starts without Redis too.
    pub(super) fn new(url: &str, patience: Duration) -> anyhow::Result<Self> {
        let client = Client::open(url).context("the address of Redis")?;
        let config = ConnectionManagerConfig::new()
            .set_connection_timeout(Some(patience))
            .set_response_timeout(Some(patience))
            .set_number_of_retries(1)
            .set_min_delay(Duration::from_millis(10))
            .set_max_delay(Duration::from_millis(100));
        let connection = ConnectionManager::new_lazy_with_config(client, config).context("the connection to Redis")?;
        let meter = metric::meter();
        let unasked =
            meter.u64_counter(UNASKED).with_description("Requests limited alone, since Redis was away.").build();
        let script = Script::new(include_str!("reserve.lua"));
        let lease = Script::new(include_str!("lease.lua"));
        Ok(Self { connection, patience, script, lease, away: Mutex::new(None), unasked })
    }

    /// Reserves permits; `None` while Redis is away.
    pub(super) async fn reserve(&self, key: &str, limit: u32, wanted: u32, unspent: Unspent) -> Option<Grant> {
        let mut call = self.script.key(key);
        call.arg(limit).arg(SPAN).arg(BUCKET.as_micros() as u64).arg(wanted);
        call.arg(unspent.bucket).arg(unspent.permits);
        let [permits, left, bucket, good_for, free_in] = self.ask::<[u64; 5]>(&call).await?;
        Some(Grant {
            permits: u32::try_from(permits).unwrap_or(0),
            left: u32::try_from(left).unwrap_or(0),
            bucket,
            good_for: Duration::from_micros(good_for),
            free_in: Duration::from_micros(free_in),
        })
    }

    /// Leases permits of a quota, and settles what is owed to it or, below zero, given back. `before` is what was spent,
    /// if Redis has lost its count. `None` while Redis is away; within, `None` if it does not know the count.
    pub(super) async fn lease(
        &self,
        key: &str,
        limit: u64,
        wanted: u64,
        owed: i64,
        before: Option<u64>,
    ) -> Option<Option<Lease>> {
        let before = before.map_or(-1, |before| i64::try_from(before).unwrap_or(i64::MAX));
        let mut call = self.lease.key(key);
        call.arg(limit).arg(wanted).arg(owed).arg(before);
        let [permits, left] = self.ask::<[i64; 2]>(&call).await?;
        Some(u64::try_from(permits).ok().map(|permits| Lease { permits, left: left.unsigned_abs() }))
    }

    async fn ask<T: FromRedisValue>(&self, call: &ScriptInvocation<'_>) -> Option<T> {
        let answer = if self.may_ask() { self.invoke(call).await } else { None };
        if answer.is_none() {
            self.unasked.add(1, &[]);
        }
        answer
    }

    async fn invoke<T: FromRedisValue>(&self, call: &ScriptInvocation<'_>) -> Option<T> {
        let mut connection = self.connection.clone();
        match tokio::time::timeout(self.patience, call.invoke_async::<T>(&mut connection)).await {
            Ok(Ok(answer)) => {
                self.note_present();
                Some(answer)
            }
            Ok(Err(error)) => {
                self.note_away(&error.to_string());
                None
            }
            Err(_) => {
                self.note_away("no answer in time");
                None
            }
        }
    }

    /// While Redis is away one caller at a time finds out whether it is back.
    fn may_ask(&self) -> bool {
        let mut away = self.away.lock().expect("nothing panics while it is held");
        match *away {
            None => true,
            Some(again) if Instant::now() < again => false,
            Some(_) => {
                *away = Some(Instant::now() + REST);
                true
            }
        }
    }

    /// Logs once for each outage.
    fn note_away(&self, error: &str) {
        let before = self.away.lock().expect("nothing panics while it is held").replace(Instant::now() + REST);
        if before.is_none() {
            tracing::warn!(error, "redis is away; each gateway limits by itself");
        }
    }

    fn note_present(&self) {
        let before = self.away.lock().expect("nothing panics while it is held").take();
        if before.is_some() {
            tracing::info!("redis is back; gateways limit together");
        }
    }
}

impl std::fmt::Debug for Shared {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Shared").finish_non_exhaustive()
    }
}

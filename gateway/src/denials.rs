//! Denials in the audit log: written in batches behind the request's back, so that refusing stays cheap.

use crate::caller::Caller;
use opentelemetry::metrics::Counter;
use sqlx::PgPool;
use std::collections::HashMap;
use std::time::Duration;
use telemetry::{Trace, metric};
use tokio::sync::mpsc::{self, Receiver, Sender};
use tokio_util::sync::CancellationToken;

/// How many wait at most. In a flood the rest is counted and not written: the flood itself is on record by then.
const WAITING: usize = 4_096;
/// How many are written at once.
const BATCH: usize = 512;
/// How long to wait before trying again, while the database is away.
const PAUSE: Duration = Duration::from_secs(1);

/// Takes denials down. A clone writes to the same log.
#[derive(Clone, Debug)]
pub(crate) struct Denials {
    waiting: Sender<Denial>,
    unwritten: Counter<u64>,
}

/// Denials that were not written, since too many waited.
const UNWRITTEN: &str = "gateway.denials.unwritten";

/// One denial; alike ones of one batch are written once, with their number.
#[derive(Debug, PartialEq, Eq, Hash)]
struct Denial {
    actor: String,
    agency: String,
    method: String,
    outcome: String,
    trace: String,
}

impl Denials {
    /// A log, and the writer to be run beside it.
    pub(crate) fn new(pool: PgPool) -> (Self, Writer) {
        let (sender, waiting) = mpsc::channel(WAITING);
        let meter = metric::meter();
        let unwritten = meter.u64_counter(UNWRITTEN).with_description("Denials that are not in the audit log.").build();
        (Self { waiting: sender, unwritten }, Writer { pool, waiting })
    }

    /// Takes down that a caller, or someone unknown, was refused.
    pub(crate) fn note(&self, method: &str, caller: Option<&Caller>, reason: &str, trace: &Trace) {
        let principal = caller.map(|caller| &caller.principal);
        let denial = Denial {
            actor: principal.map_or("unknown", |principal| &principal.subject).to_owned(),
            agency: principal.and_then(|principal| principal.agency.as_deref()).unwrap_or_default().to_owned(),
            method: method.to_owned(),
            outcome: reason.to_owned(),
            trace: trace.traceparent(),
        };
        if self.waiting.try_send(denial).is_err() {
            self.unwritten.add(1, &[]);
        }
    }
}

/// Writes what the log takes down.
#[derive(Debug)]
pub(crate) struct Writer {
    pool: PgPool,
    waiting: Receiver<Denial>,
}

impl Writer {
    /// Writes until the last log is dropped, or until `shutdown` with what waits by then.
    pub(crate) async fn run(mut self, shutdown: CancellationToken) {
        let mut batch = Vec::with_capacity(BATCH);
        loop {
            tokio::select! {
                received = self.waiting.recv_many(&mut batch, BATCH) => if received == 0 { return },
                () = shutdown.cancelled() => {
                    self.waiting.close();
                    if self.waiting.recv_many(&mut batch, BATCH).await == 0 { return }
                }
            }
            let rows = counted(batch.drain(..));
            while let Err(error) = self.write(&rows).await {
                tracing::warn!(error = %error, "cannot write denials to the audit log");
                if shutdown.is_cancelled() {
                    return;
                }
                tokio::time::sleep(PAUSE).await;
            }
        }
    }

    async fn write(&self, rows: &[(Denial, usize)]) -> Result<(), sqlx::Error> {
        let column = |of: fn(&Denial) -> &String| rows.iter().map(|(denial, _)| of(denial).clone()).collect::<Vec<_>>();
        let times: Vec<_> = rows.iter().map(|(_, count)| times(*count)).collect();
        sqlx::query(
            "insert into audit (actor, agency, method, outcome, reason, trace) \
             select * from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[])",
        )
        .bind(column(|denial| &denial.actor))
        .bind(column(|denial| &denial.agency))
        .bind(column(|denial| &denial.method))
        .bind(column(|denial| &denial.outcome))
        .bind(times)
        .bind(column(|denial| &denial.trace))
        .execute(&self.pool)
        .await?;
        Ok(())
    }
}

/// One of each kind, with how many there were and the first one's trace.
fn counted(denials: impl Iterator<Item = Denial>) -> Vec<(Denial, usize)> {
    let mut rows: Vec<(Denial, usize)> = Vec::new();
    let mut seen: HashMap<(String, String, String), usize> = HashMap::new();
    for denial in denials {
        let kind = (denial.actor.clone(), denial.method.clone(), denial.outcome.clone());
        match seen.get(&kind) {
            Some(row) => rows[*row].1 += 1,
            None => {
                seen.insert(kind, rows.len());
                rows.push((denial, 1));
            }
        }
    }
    rows
}

fn times(count: usize) -> String {
    if count == 1 { String::new() } else { format!("{count} times") }
}

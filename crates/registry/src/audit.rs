//! Notes in the audit log that go with no change: reads that the contract wants noted, and denials.

use crate::batch::{Batcher, Writes};
use crate::effect::Deed;
use chrono::{DateTime, Utc};
use fault::Fault;
use fault::Reason as _;
use futures::FutureExt as _;
use futures::future::BoxFuture;
use proto::policy::v1::Reason;
use sqlx::PgPool;

/// What is noted of something that succeeded.
pub(crate) const OK: &str = "OK";

/// One note.
#[derive(Debug)]
pub(crate) struct Note {
    pub(crate) at: DateTime<Utc>,
    pub(crate) deed: Deed,
    /// The record; empty for a collection.
    pub(crate) name: String,
    /// `OK`, or the reason of a denial.
    pub(crate) outcome: String,
}

/// Notes what it is told, many callers' notes in one statement.
pub(crate) struct Auditor(Batcher<Notes>);

struct Notes(PgPool);

impl Auditor {
    pub(crate) fn new(pool: &PgPool) -> Self {
        Self(Batcher::new(Notes(pool.clone())))
    }

    /// Notes it. When this returns it is committed.
    pub(crate) async fn note(&self, note: Note) -> Result<(), Fault> {
        self.0.write(note).await
    }
}

/// Whether a fault says that a caller asked for what is not for it.
pub(crate) fn is_denial(fault: &Fault) -> bool {
    [Reason::NotFound, Reason::PermissionDenied, Reason::SamePerson]
        .iter()
        .any(|denial| denial.name() == fault.reason())
}

const NOTE: &str = "insert into audit (at, actor, agency, method, name, outcome, reason, trace) \
    select * from unnest($1::timestamptz[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], \
        $8::text[])";

impl Writes for Notes {
    type Item = Note;
    type Outcome = ();

    fn write<'w>(&'w self, notes: &'w [Note]) -> BoxFuture<'w, Vec<Result<(), Fault>>> {
        async move {
            match self.insert(notes).await {
                Ok(()) => notes.iter().map(|_| Ok(())).collect(),
                // One caller's note must not be lost by another's: each for itself.
                Err(_) if notes.len() > 1 => {
                    let mut outcomes = Vec::with_capacity(notes.len());
                    for note in notes {
                        outcomes.push(self.insert(std::slice::from_ref(note)).await);
                    }
                    outcomes
                }
                Err(fault) => vec![Err(fault)],
            }
        }
        .boxed()
    }
}

impl Notes {
    async fn insert(&self, notes: &[Note]) -> Result<(), Fault> {
        let texts = |text: fn(&Note) -> &str| notes.iter().map(text).collect::<Vec<_>>();
        let inserted = sqlx::query(NOTE)
            .bind(notes.iter().map(|note| note.at).collect::<Vec<_>>())
            .bind(texts(|note| &note.deed.principal.subject))
            .bind(texts(|note| note.deed.principal.agency.as_deref().unwrap_or_default()))
            .bind(texts(|note| &note.deed.method))
            .bind(texts(|note| &note.name))
            .bind(texts(|note| &note.outcome))
            .bind(texts(|note| &note.deed.reason))
            .bind(texts(|note| &note.deed.traceparent))
            .execute(&self.0)
            .await;
        inserted.map(drop).map_err(pg::fault)
    }
}

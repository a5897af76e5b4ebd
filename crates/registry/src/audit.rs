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
    /// The records that were given besides, of a list, an export or a watch.
    pub(crate) records: Vec<String>,
    /// `OK`, or the reason of a denial.
    pub(crate) outcome: String,
    /// Whether it is kept from the person's own report.
    pub(crate) withheld: bool,
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

/// What stands between two names in one text, which no name has: lists of lists are none in PostgreSQL.
const BETWEEN: &str = "\u{1f}";

const NOTE: &str = "insert into audit (at, actor, agency, method, name, outcome, reason, trace, elevation, withheld, \
        records) \
    select at, actor, agency, method, name, outcome, reason, trace, elevation, withheld, \
        case when records = '' then '{}' else string_to_array(records, E'\\x1f') end \
    from unnest($1::timestamptz[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[], \
        $9::text[], $10::boolean[], $11::text[]) as note \
        (at, actor, agency, method, name, outcome, reason, trace, elevation, withheld, records)";

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
            .bind(texts(|note| note.deed.elevation()))
            .bind(notes.iter().map(|note| note.withheld).collect::<Vec<_>>())
            .bind(notes.iter().map(|note| note.records.join(BETWEEN)).collect::<Vec<_>>())
            .execute(&self.0)
            .await;
        inserted.map(drop).map_err(pg::fault)
    }
}

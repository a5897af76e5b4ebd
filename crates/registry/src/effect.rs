//! One change and all that is written with it, in one statement: record, history, audit, event, timers, answer.

use crate::doc::Doc;
use crate::exchange::Codes;
use crate::follow::Follow;
use crate::ground::Ground;
use crate::kind::Kind;
use crate::secret::Secret;
use crate::timers::Set;
use chrono::{DateTime, Utc};
use identity::{Called, Principal};
use std::sync::Arc;
use uuid::Uuid;
use vault::Wrapped;

/// What happens to the record's row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Change {
    Insert,
    Update,
    Delete,
}

impl Change {
    pub(crate) const ALL: [Self; 3] = [Self::Insert, Self::Update, Self::Delete];
}

/// Who does what, through which method, in which trace and why: the part that does not depend on the record.
#[derive(Clone, Debug)]
pub(crate) struct Deed {
    pub(crate) principal: Arc<Principal>,
    /// The gRPC path, or `timers/grace`.
    pub(crate) method: Arc<str>,
    /// As history shows it: `create`, `open`.
    pub(crate) verb: Arc<str>,
    pub(crate) reason: String,
    pub(crate) traceparent: String,
}

impl Deed {
    pub(crate) fn of(called: &Called, reason: &str) -> Self {
        Self {
            principal: Arc::clone(&called.principal),
            method: called.method.path().into(),
            verb: called.method.verb().unwrap_or("create").into(),
            reason: reason.to_owned(),
            traceparent: called.traceparent.clone(),
        }
    }

    /// The broken glass under which it is done; empty if there is none.
    pub(crate) fn elevation(&self) -> &str {
        self.principal.elevation.as_deref().unwrap_or_default()
    }
}

/// The key of a request that is to have one effect, what it asked, and the answer to give again.
#[derive(Clone, Debug)]
pub(crate) struct Keyed {
    pub(crate) key: String,
    pub(crate) fingerprint: [u8; 32],
    /// The same by the other index key, while keys are exchanged.
    pub(crate) otherwise: Option<[u8; 32]>,
    /// The record as the caller got it, on the wire; empty until the change is made.
    pub(crate) answer: Vec<u8>,
}

/// A change that is ready to be written.
#[derive(Clone, Debug)]
pub(crate) struct Effect {
    pub(crate) kind: &'static Kind,
    pub(crate) name: String,
    pub(crate) uid: Uuid,
    pub(crate) version: i64,
    pub(crate) at: DateTime<Utc>,
    pub(crate) doc: Doc,
    /// The document as events carry it, where it differs.
    pub(crate) event: Option<Doc>,
    /// What opens the document's sealed part.
    pub(crate) secret: Secret,
    /// The record's data key, if it is new.
    pub(crate) data_key: Option<Wrapped>,
    /// Its blind values, while the index key is exchanged.
    pub(crate) codes: Option<Codes>,
    /// Whether the record's data key is destroyed.
    pub(crate) erases: bool,
    pub(crate) deed: Deed,
    pub(crate) keyed: Option<Keyed>,
    pub(crate) timers_set: Vec<Set>,
    pub(crate) timers_cleared: Vec<String>,
    /// What it does to other records, in statements of their own.
    pub(crate) follows: Vec<Follow>,
    /// What it rests on: it is written only while all of that stands.
    pub(crate) grounds: Vec<Ground>,
}

/// The statement. It answers with one row if the change was written and none if the key was used before.
pub(crate) fn write_text(table: &str, change: Change, keyed: bool, timed: bool, seals: bool) -> String {
    let claim = if keyed {
        "claim as (insert into idempotency (principal, method, key, fingerprint, answer, at)
             values ($8, $10, $15, $16, $17, $6) on conflict do nothing returning 1), "
    } else {
        ""
    };
    let record = match (change, keyed) {
        (Change::Insert, false) => format!(
            "insert into {table} (name, uid, version, doc, created_at, updated_at) \
             values ($2, $3, $4, $5, $6, $6) returning 1"
        ),
        (Change::Insert, true) => format!(
            "insert into {table} (name, uid, version, doc, created_at, updated_at) \
             select $2, $3, $4, $5, $6, $6 from claim returning 1"
        ),
        (Change::Update | Change::Delete, _) => {
            let deleted = if change == Change::Delete { ", deleted_at = $6" } else { "" };
            let claimed = if keyed { " and exists (select from claim)" } else { "" };
            format!(
                "update {table} set version = $4, doc = $5, updated_at = $6{deleted} \
                 where name = $2 and uid = $3{claimed} returning 1"
            )
        }
    };
    let timers = if timed {
        let first = if keyed { 18 } else { 15 };
        let (names, dues, clocks, cleared) = (first, first + 1, first + 2, first + 3);
        format!(
            ", timed as (insert into timers (kind, name, timer, due_at, clock)
                 select $1, $2, t.timer, t.due_at, t.clock from record,
                     unnest(${names}::text[], ${dues}::timestamptz[], ${clocks}::jsonb[]) t (timer, due_at, clock)
                 on conflict (kind, name, timer)
                 do update set due_at = excluded.due_at, clock = excluded.clock, attempts = 0),
             cleared as (delete from timers
                 where kind = $1 and name = $2 and timer = any (${cleared}) and exists (select from record))"
        )
    } else {
        String::new()
    };
    let data_key = if seals {
        let first = 15 + if keyed { 3 } else { 0 } + if timed { 4 } else { 0 };
        format!(
            ", secret as (insert into data_keys (record, wrapping, wrapped) \
             select $2, ${first}, ${} from record where ${first}::text is not null)",
            first + 1
        )
    } else {
        String::new()
    };
    format!(
        "with {claim}record as ({record}), \
         version as (insert into history (kind, name, version, verb, actor, reason, at, doc) \
             select $1, $2, $4, $7, $8, $9, $6, $5 from record), \
         noted as (insert into audit (at, actor, agency, method, name, outcome, reason, trace, elevation) \
             select $6, $8, $11, $10, $2, 'OK', $9, $12, $14 from record), \
         event as (insert into outbox (at, kind, name, version, verb, actor, doc, traceparent) \
             select $6, $1, $2, $4, $7, $8, coalesce($13, $5), $12 from record)\
         {timers}{data_key} \
         select from record"
    )
}

impl Effect {
    /// The record and its version after the change, as what follows from it names its cause: `missions/fr@7`.
    pub(crate) fn revision(&self) -> String {
        format!("{}@{}", self.name, self.version)
    }

    /// Whether it touches timers.
    pub(crate) fn is_timed(&self) -> bool {
        !self.timers_set.is_empty() || !self.timers_cleared.is_empty()
    }

    /// Writes it. Whether it was written: not if its key was used before.
    ///
    /// # Errors
    /// The database's, for the caller to find the meaning of a broken constraint.
    pub(crate) async fn write<'e>(
        &self,
        executor: impl sqlx::PgExecutor<'e>,
        text: &'static str,
    ) -> Result<bool, sqlx::Error> {
        let deed = &self.deed;
        let mut query = sqlx::query(text)
            .bind(self.kind.name)
            .bind(&self.name)
            .bind(self.uid)
            .bind(self.version)
            .bind(&self.doc)
            .bind(self.at)
            .bind(&*deed.verb)
            .bind(&*deed.principal.subject)
            .bind(&deed.reason)
            .bind(&*deed.method)
            .bind(deed.principal.agency.as_deref().unwrap_or_default())
            .bind(&deed.traceparent)
            .bind(&self.event)
            .bind(deed.elevation());
        if let Some(keyed) = &self.keyed {
            query = query.bind(&keyed.key).bind(&keyed.fingerprint[..]).bind(&keyed.answer);
        }
        if self.is_timed() {
            let names: Vec<_> = self.timers_set.iter().map(|set| set.timer.as_str()).collect();
            let dues: Vec<_> = self.timers_set.iter().map(|set| set.due_at).collect();
            let clocks: Vec<_> = self.timers_set.iter().map(|set| set.clock.clone()).collect();
            query = query.bind(names).bind(dues).bind(clocks).bind(&self.timers_cleared);
        }
        if self.kind.seals() {
            let key = self.data_key.as_ref();
            query = query.bind(key.map(|key| &key.by)).bind(key.map(|key| &key.bytes));
        }
        Ok(query.fetch_optional(executor).await?.is_some())
    }
}

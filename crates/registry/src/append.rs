//! Records that are only ever added, on a hot path: all that wait are written in one statement.

use crate::asked::Asked;
use crate::batch::Writes;
use crate::call::Call;
use crate::create::id_of;
use crate::effect::Effect;
use crate::idempotency;
use crate::keep::Keep;
use crate::kind::Kind;
use crate::ready::{Version, stamp};
use crate::registry::Registry;
use ::fault::Fault;
use futures::FutureExt as _;
use futures::future::BoxFuture;
use proto::policy::v1::Reason;
use proto::shape::{Ask, Record as _};
use sqlx::{PgPool, Row as _};
use std::collections::{BTreeMap, HashSet};
use std::marker::PhantomData;

/// A record that was appended, or the answer that the same request got before.
pub(crate) enum Appended<T> {
    New(T),
    Before(T),
}

/// Writes appended records.
pub(crate) struct Appender<K> {
    pool: PgPool,
    kind: &'static Kind,
    keep: PhantomData<fn() -> K>,
}

impl<K: Keep> Appender<K> {
    pub(crate) fn new(pool: PgPool, kind: &'static Kind) -> Self {
        Self { pool, kind, keep: PhantomData }
    }

    /// Writes the effects; the names of those written. The others' keys were used before.
    async fn insert(&self, effects: &[Effect]) -> Result<HashSet<String>, Fault> {
        let texts = |text: fn(&Effect) -> &str| effects.iter().map(text).collect::<Vec<_>>();
        let keys = texts(|effect| effect.keyed.as_ref().map_or("", |keyed| &keyed.key));
        let bytes = |bytes: fn(&Effect) -> &[u8]| effects.iter().map(bytes).collect::<Vec<_>>();
        let rows = sqlx::query(self.kind.texts.append.as_str())
            .bind(self.kind.name)
            .bind(texts(|effect| &effect.name))
            .bind(effects.iter().map(|effect| effect.uid).collect::<Vec<_>>())
            .bind(effects.iter().map(|effect| effect.doc.clone()).collect::<Vec<_>>())
            .bind(effects.iter().map(|effect| effect.event.clone()).collect::<Vec<_>>())
            .bind(effects.iter().map(|effect| effect.at).collect::<Vec<_>>())
            .bind(texts(|effect| &effect.deed.verb))
            .bind(texts(|effect| &effect.deed.principal.subject))
            .bind(texts(|effect| effect.deed.principal.agency.as_deref().unwrap_or_default()))
            .bind(texts(|effect| &effect.deed.reason))
            .bind(texts(|effect| &effect.deed.method))
            .bind(texts(|effect| &effect.deed.traceparent))
            .bind(keys)
            .bind(bytes(|effect| effect.keyed.as_ref().map_or(&[], |keyed| &keyed.fingerprint)))
            .bind(bytes(|effect| effect.keyed.as_ref().map_or(&[], |keyed| &keyed.answer)))
            .bind(texts(|effect| effect.deed.elevation()))
            .fetch_all(&self.pool)
            .await
            .map_err(Registry::<K>::broken)?;
        rows.iter().map(|row| row.try_get(0).map_err(pg::fault)).collect()
    }
}

impl<K: Keep> Writes for Appender<K> {
    type Item = Effect;
    type Outcome = bool;

    /// Two requests with one key cannot go together: the second must see the first's answer.
    fn may_join(&self, chosen: &[Effect], item: &Effect) -> bool {
        let key = |effect: &Effect| {
            let keyed = effect.keyed.as_ref()?;
            Some((effect.deed.principal.subject.clone(), effect.deed.method.clone(), keyed.key.clone()))
        };
        let wanted = key(item);
        wanted.is_none() || chosen.iter().all(|chosen| key(chosen) != wanted)
    }

    fn write<'w>(&'w self, effects: &'w [Effect]) -> BoxFuture<'w, Vec<Result<bool, Fault>>> {
        async move {
            match self.insert(effects).await {
                Ok(written) => effects.iter().map(|effect| Ok(written.contains(&effect.name))).collect(),
                // One bad record must not harm the others: each for itself.
                Err(_) if effects.len() > 1 => {
                    let mut outcomes = Vec::with_capacity(effects.len());
                    for effect in effects {
                        outcomes.push(self.insert(std::slice::from_ref(effect)).await.map(|names| !names.is_empty()));
                    }
                    outcomes
                }
                Err(fault) => vec![Err(fault)],
            }
        }
        .boxed()
    }
}

impl<K: Keep> Registry<K> {
    pub(crate) async fn appended<R: Ask>(
        &self,
        asked: &Asked<R>,
        mut record: K::Record,
    ) -> Result<Appended<K::Record>, Fault> {
        let not_appended = || Fault::new(Reason::Internal, format!("{} are not append-only", self.kind().name));
        let appender = self.appender().ok_or_else(not_appended)?;
        asked.check()?;
        let (version, keyed) = (Version::first(self.kind(), self.store().now())?, asked.keyed(self.store()));
        let mut deed = asked.deed();
        // The record is made, whatever the method that made it is called.
        deed.verb = "create".into();
        if record.name().is_empty() {
            record.set_name(format!("{}{}", self.kind().prefix, id_of(version.uid)));
        }
        let mut call = Call::new(self.store(), &deed, version.at, BTreeMap::new());
        K::admit(&mut record, &mut call)?;
        self.check_name(&record)?;
        stamp(&mut record, version, crate::effect::Change::Insert);
        let effect = self.kind().effect(&record, version, &deed, keyed.clone(), call, self.store().days())?;
        if effect.is_timed() {
            return Err(Fault::new(Reason::Internal, "records that never change have no timers"));
        }
        if appender.write(effect).await? {
            self.store().signal().committed(false);
            return Ok(Appended::New(record));
        }
        let keyed = keyed.ok_or_else(|| Fault::new(Reason::Internal, "the record was not written"))?;
        let before = idempotency::replay_anew(self.kind(), self.store(), &deed, &keyed).await?;
        let undone = || Fault::new(Reason::Contended, "the first request with this key was undone");
        before.map(Appended::Before).ok_or_else(undone)
    }
}

/// The statement that appends many records. It answers with the names of those written: not of those whose keys were
/// used before.
pub(crate) fn append_text(table: &str) -> String {
    format!(
        "with given as materialized (
            select * from unnest($2::text[], $3::uuid[], $4::jsonb[], $5::jsonb[], $6::timestamptz[], $7::text[],
                $8::text[], $9::text[], $10::text[], $11::text[], $12::text[], $13::text[], $14::bytea[], $15::bytea[],
                $16::text[])
            as g (name, uid, doc, event, at, verb, actor, agency, reason, method, trace, key, fingerprint, answer,
                elevation)),
        claim as (insert into idempotency (principal, method, key, fingerprint, answer, at)
            select actor, method, key, fingerprint, answer, at from given where key <> ''
            on conflict do nothing returning principal, method, key),
        fresh as (select g.* from given g where g.key = ''
            or (g.actor, g.method, g.key) in (select principal, method, key from claim)),
        record as (insert into {table} (name, uid, version, doc, created_at, updated_at)
            select name, uid, 1, doc, at, at from fresh),
        version as (insert into history (kind, name, version, verb, actor, reason, at, doc)
            select $1, name, 1, verb, actor, reason, at, doc from fresh),
        noted as (insert into audit (at, actor, agency, method, name, outcome, reason, trace, elevation)
            select at, actor, agency, method, name, 'OK', reason, trace, elevation from fresh),
        event as (insert into outbox (at, kind, name, version, verb, actor, doc, traceparent)
            select at, $1, name, 1, verb, actor, coalesce(event, doc), trace from fresh)
        select name from fresh"
    )
}

//! Records that are only ever added, on a hot path: all that wait are written in one statement.

use crate::asked::Asked;
use crate::batch::Writes;
use crate::call::Call;
use crate::create::id_of;
use crate::effect::Effect;
use crate::ground::Ground;
use crate::idempotency;
use crate::keep::Keep;
use crate::kind::Kind;
use crate::many::{self, same_key};
use crate::ready::{Version, stamp};
use crate::registry::Registry;
use ::fault::Fault;
use futures::FutureExt as _;
use futures::future::BoxFuture;
use proto::policy::v1::Reason;
use proto::shape::{Ask, Record as _};
use sqlx::PgPool;
use std::collections::BTreeMap;
use std::marker::PhantomData;

/// A record that was appended, or the answer that the same request got before; or nothing, since what it rests on has
/// changed.
pub(crate) enum Appended<T> {
    New(T),
    Before(T),
    Groundless,
}

/// What became of one record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    New,
    /// Its key was used before.
    Before,
    /// What it rests on has changed.
    Groundless,
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

    /// Writes the effects; what became of each.
    async fn insert(&self, effects: &[Effect]) -> Result<Vec<Outcome>, Fault> {
        let written = many::write(self.kind, effects, &self.pool).await.map_err(Registry::<K>::broken)?;
        let outcome = |effect: &Effect| match &effect.name {
            name if written.new.contains(name) => Outcome::New,
            name if written.groundless.contains(name) => Outcome::Groundless,
            _ => Outcome::Before,
        };
        Ok(effects.iter().map(outcome).collect())
    }
}

impl<K: Keep> Writes for Appender<K> {
    type Item = Effect;
    type Outcome = Outcome;

    fn may_join(&self, chosen: &[Effect], item: &Effect) -> bool {
        !chosen.iter().any(|one| same_key((&one.deed, one.keyed.as_ref()), (&item.deed, item.keyed.as_ref())))
    }

    fn write<'w>(&'w self, effects: &'w [Effect]) -> BoxFuture<'w, Vec<Result<Outcome, Fault>>> {
        async move {
            match self.insert(effects).await {
                Ok(outcomes) => outcomes.into_iter().map(Ok).collect(),
                // One bad record must not harm the others: each for itself.
                Err(_) if effects.len() > 1 => {
                    let mut outcomes = Vec::with_capacity(effects.len());
                    for effect in effects {
                        outcomes.push(self.insert(std::slice::from_ref(effect)).await.map(|outcomes| outcomes[0]));
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
        grounds: Vec<Ground>,
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
        match appender.write(Effect { grounds, ..effect }).await? {
            Outcome::New => {
                self.store().signal().committed(false);
                return Ok(Appended::New(record));
            }
            Outcome::Groundless => return Ok(Appended::Groundless),
            Outcome::Before => {}
        }
        let keyed = keyed.ok_or_else(|| Fault::new(Reason::Internal, "the record was not written"))?;
        let before = idempotency::replay_anew(self.kind(), self.store(), &deed, &keyed).await?;
        let undone = || Fault::new(Reason::Contended, "the first request with this key was undone");
        before.map(Appended::Before).ok_or_else(undone)
    }
}

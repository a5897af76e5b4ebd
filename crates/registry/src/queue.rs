//! Records that many want at once and not all can have: whoever waits is decided in the order of asking, and all of them are
//! written in one transaction.
//!
//! Seats are wanted by hundreds in the minute they are opened. If each had a transaction of its own, they would wait for one
//! another's rows through every commit; so the first to come opens one, whoever comes meanwhile waits for the next, and a
//! transaction reads what it decides by once for all of its requests. Nobody waits for company. The database's own
//! constraints hold as ever: for other processes, and for what a rule forgot.

use crate::asked::Asked;
use crate::batch::{Batcher, Writes, panicked};
use crate::call::Call;
use crate::effect::{Deed, Effect, Keyed};
use crate::keep::Keep;
use crate::many::{self, Written, same_key};
use crate::reader::Reader;
use crate::ready::Version;
use crate::registry::{Answer, Registry};
use ::fault::{Fault, Reason as _};
use futures::FutureExt as _;
use futures::future::BoxFuture;
use proto::policy::v1::{Reason, Rule};
use proto::shape::Carries;
use sqlx::Row as _;
use std::collections::BTreeMap;
use std::fmt;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use tonic::Request;

/// A kind of record that is made through a [`Queue`].
pub trait Queued: Keep {
    /// What all records of one transaction are decided by.
    type Facts: Send;

    /// The words that no other transaction may hold while this record is decided ([`Reader::alone`]): what its rule counts.
    fn alone(record: &Self::Record) -> Vec<String>;

    /// Reads the facts for all of these records, in a few statements however many there are.
    ///
    /// # Errors
    /// The reader's. Then each record is tried by itself.
    fn gather(
        reader: &mut Reader<'_>,
        records: &[&Self::Record],
    ) -> impl Future<Output = Result<Self::Facts, Fault>> + Send;

    /// Decides about one record, after [`Keep::admit`], and notes in the facts what it took of them: the next is decided by
    /// what is left. A refusal leaves the facts as they were.
    ///
    /// # Errors
    /// The rule that the record breaks.
    fn decide(record: &mut Self::Record, facts: &mut Self::Facts, call: &mut Call) -> Result<(), Fault>;
}

/// Makes records of one kind, one transaction after the other. Cheap to clone.
pub struct Queue<K: Queued> {
    registry: Registry<K>,
    door: Arc<Batcher<Writer<K>>>,
}

impl<K: Queued> Clone for Queue<K> {
    fn clone(&self) -> Self {
        Self { registry: self.registry.clone(), door: Arc::clone(&self.door) }
    }
}

impl<K: Queued> fmt::Debug for Queue<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Queue").field(&self.registry).finish()
    }
}

impl<K: Queued> Queue<K> {
    /// A queue for the records of a registry. Each process has one of its own.
    pub fn new(registry: &Registry<K>) -> Self {
        Self { registry: registry.clone(), door: Arc::new(Batcher::new(Writer(registry.clone()))) }
    }

    /// As [`Registry::create_with`], with whoever else is waiting. It is made even if the caller goes away.
    ///
    /// # Errors
    /// As [`Registry::create_with`]; `OVERLOADED` if ten thousand wait.
    pub async fn create<R: Carries<K::Record>>(&self, request: Request<R>) -> Answer<K::Record> {
        let registry = &self.registry;
        let asked = Asked::of(request)?;
        let kept = async {
            let (record, version) = registry.candidate(&asked)?;
            let (deed, keyed) = (asked.deed(), asked.keyed(registry.store()));
            let wanted = Wanted { record, version, rule: asked.rule(), deed: deed.clone(), keyed: keyed.clone() };
            let (record, written) = match self.door.write(wanted).await {
                Ok(Some(record)) => (record, Ok(true)),
                Ok(None) => (K::Record::default(), Ok(false)),
                Err(fault) => (K::Record::default(), Err(fault)),
            };
            registry.or_replay(record, written, &deed, keyed).await
        };
        let kept = kept.await;
        let kept = registry.settled(&asked, kept).await?;
        Ok(tonic::Response::new(registry.shown(kept.record, &asked)?))
    }
}

/// A record that somebody wants made.
struct Wanted<T> {
    record: T,
    version: Version,
    rule: &'static Rule,
    deed: Deed,
    keyed: Option<Keyed>,
}

/// Decides and writes those who wait.
struct Writer<K: Queued>(Registry<K>);

/// The record as it was made, or none if the request's key was used before.
type Outcome<T> = Result<Option<T>, Fault>;

/// The record with the effect of making it, or why not.
type Decision<T> = Result<(T, Effect), Fault>;

impl<K: Queued> Writes for Writer<K> {
    type Item = Wanted<K::Record>;
    type Outcome = Option<K::Record>;

    fn may_join(&self, chosen: &[Self::Item], item: &Self::Item) -> bool {
        !chosen.iter().any(|one| same_key((&one.deed, one.keyed.as_ref()), (&item.deed, item.keyed.as_ref())))
    }

    fn write<'w>(&'w self, items: &'w [Self::Item]) -> BoxFuture<'w, Vec<Outcome<K::Record>>> {
        async move {
            let fault = match pg::retrying(|| self.all_or_fault(items)).await {
                Ok(outcomes) => return outcomes,
                Err(fault) => fault,
            };
            let of_all = [Reason::Unavailable, Reason::Overloaded, Reason::DeadlineExceeded, Reason::Contended];
            if let Some(reason) = of_all.into_iter().find(|reason| reason.name() == fault.reason()) {
                // It is no one record's fault, and trying each would keep those behind waiting.
                let words = fault.message().to_owned();
                return items.iter().map(|_| Err(Fault::new(reason, words.clone()))).collect();
            }
            if items.len() == 1 {
                return vec![Err(fault)];
            }
            // A record that breaks a constraint, or a rule that panics over it, must not harm the others: each for itself.
            let mut outcomes = Vec::with_capacity(items.len());
            for item in items {
                let one = pg::retrying(|| self.all_or_fault(std::slice::from_ref(item))).await;
                outcomes.extend(one.unwrap_or_else(|fault| vec![Err(fault)]));
            }
            outcomes
        }
        .boxed()
    }
}

impl<K: Queued> Writer<K> {
    /// The same, where a rule that panics is a fault: the transaction is undone with it.
    async fn all_or_fault(&self, items: &[Wanted<K::Record>]) -> Result<Vec<Outcome<K::Record>>, Fault> {
        AssertUnwindSafe(self.all(items)).catch_unwind().await.unwrap_or_else(|_| Err(panicked()))
    }

    /// Decides all of them in one transaction: an outcome for each, or a fault and none is written.
    async fn all(&self, items: &[Wanted<K::Record>]) -> Result<Vec<Outcome<K::Record>>, Fault> {
        let store = self.0.store();
        let mut tx = pg::begin(store.pool()).await?;
        let mut reader = Reader::new(&mut tx, store);
        reader.alone_with_all(items.iter().flat_map(|item| K::alone(&item.record)).collect()).await?;
        // Before anything is decided: what was made before takes nothing again.
        let before = used(&mut reader, items).await?;
        let fresh = || items.iter().zip(&before).filter(|(_, before)| !**before).map(|(item, _)| item);
        let mut facts = K::gather(&mut reader, &fresh().map(|item| &item.record).collect::<Vec<_>>()).await?;
        let decided = fresh().map(|item| self.decided(item, &mut facts)).collect::<Result<Vec<_>, Fault>>()?;
        let (mut records, mut effects) = (Vec::with_capacity(decided.len()), Vec::with_capacity(decided.len()));
        for outcome in decided {
            records.push(outcome.map(|(record, effect)| {
                effects.push(effect);
                record
            }));
        }
        let mut written = Written::default();
        if !effects.is_empty() {
            for effect in &effects {
                effect.meet(&mut tx, store).await?;
            }
            written = many::write(self.0.kind(), &effects, &mut *tx).await.map_err(Registry::<K>::broken)?;
            for effect in effects.iter().filter(|effect| written.new.contains(&effect.name)) {
                effect.write_follows(&mut tx, store).await?;
            }
            tx.commit().await.map_err(pg::fault)?;
            store.signal().committed(effects.iter().any(Effect::is_timed_at_all));
        }
        let mut records = records.into_iter();
        let outcome = |used: &bool| match if *used { None } else { records.next() } {
            None => Ok(None),
            // Another process used the key between our question and our statement.
            Some(Ok(record)) if !written.new.contains(proto::shape::Record::name(&record)) => Ok(None),
            Some(decided) => decided.map(Some),
        };
        Ok(before.iter().map(outcome).collect())
    }

    /// What the rules say of it. A fault of the whole is one that came after the facts were noted: then they no longer hold
    /// for the others, and it is tried by itself.
    fn decided(&self, item: &Wanted<K::Record>, facts: &mut K::Facts) -> Result<Decision<K::Record>, Fault> {
        let Wanted { version, deed, keyed, .. } = item;
        let mut record = item.record.clone();
        let mut call = Call::new(self.0.store(), deed, version.at, BTreeMap::new());
        let admitted = K::admit(&mut record, &mut call);
        if let Err(refused) = admitted.and_then(|()| K::decide(&mut record, facts, &mut call)) {
            return Ok(Err(refused));
        }
        let effect = self.0.first(&mut record, *version, item.rule, deed, keyed.clone(), call)?;
        Ok(Ok((record, effect)))
    }
}

/// Which of the requests' keys were used before.
async fn used<T>(reader: &mut Reader<'_>, items: &[Wanted<T>]) -> Result<Vec<bool>, Fault> {
    let keys: Vec<_> = items.iter().map(|item| item.keyed.as_ref().map_or("", |keyed| &keyed.key)).collect();
    if keys.iter().all(|key| key.is_empty()) {
        return Ok(vec![false; items.len()]);
    }
    let rows = sqlx::query(
        "select exists (select from idempotency i where (i.principal, i.method, i.key) = (g.actor, g.method, g.key))
         from unnest($1::text[], $2::text[], $3::text[]) with ordinality g (actor, method, key, place) order by place",
    )
    .bind(items.iter().map(|item| &*item.deed.principal.subject).collect::<Vec<_>>())
    .bind(items.iter().map(|item| &*item.deed.method).collect::<Vec<_>>())
    .bind(keys)
    .fetch_all(reader.connection())
    .await
    .map_err(pg::fault)?;
    rows.iter().map(|row| row.try_get(0).map_err(pg::fault)).collect()
}

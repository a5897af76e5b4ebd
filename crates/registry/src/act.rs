//! Verbs, updates and deletions: one record, locked, looked at, changed by its rule, and written with all that goes
//! with it.

use crate::asked::Asked;
use crate::call::Call;
use crate::codec::Sight;
use crate::column::Place;
use crate::effect::{Change, Deed, Keyed};
use crate::etag::etag;
use crate::idempotency;
use crate::keep::{Keep, Visible};
use crate::kind::Kind;
use crate::reader::Reader;
use crate::ready::{Version, stamp};
use crate::registry::{Answer, Kept, Registry};
use crate::secret::{DATA_KEY, Secret};
use crate::sql::{self, Sql};
use crate::store::Store;
use ::fault::Fault;
use calendar::Clock;
use chrono::{DateTime, TimeDelta, Utc};
use proto::policy::v1::Reason;
use proto::shape::{Ask, Record};
use sqlx::postgres::PgRow;
use sqlx::{PgConnection, Row as _};
use std::collections::BTreeMap;
use tonic::Request;
use uuid::Uuid;

/// A record under lock.
pub(crate) struct Locked<T> {
    pub(crate) record: T,
    pub(crate) uid: Uuid,
    pub(crate) version: i64,
    pub(crate) updated_at: DateTime<Utc>,
    pub(crate) secret: Secret,
}

impl<T> Locked<T> {
    pub(crate) fn etag(&self) -> String {
        etag(self.version, self.uid)
    }

    /// The version after this one. Its instant is later, whatever the clock says.
    pub(crate) fn next(&self, now: DateTime<Utc>) -> Version {
        let at = now.max(self.updated_at + TimeDelta::microseconds(1));
        Version { secret: self.secret, uid: self.uid, version: self.version + 1, at }
    }
}

/// A change that was written.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Written {
    /// Whether it touched timers, its own or those of what follows from it.
    pub(crate) timed: bool,
}

/// Whether the caller must say which version it changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Etag {
    Required,
    Optional,
}

impl<K: Keep> Registry<K> {
    /// Does a verb. Under the record's lock, in this order: was the request made before; is the record there and
    /// visible; is it the version meant; does its state allow the verb; is it another person than the rule asks for;
    /// then `verb`, which is pure; then it is written, in the state the rule leads to.
    ///
    /// # Errors
    /// `NOT_FOUND`, `STALE_ETAG`, `WRONG_STATE`, `SAME_PERSON`, `IDEMPOTENCY_KEY_REUSED`, and what `verb` refuses.
    pub async fn act<R: Ask>(
        &self,
        request: Request<R>,
        verb: impl Fn(&mut K::Record, R, &mut Call) -> Result<(), Fault>,
    ) -> Answer<K::Record> {
        let verb = |record: &mut _, _: &_, ask, (), call: &mut _| verb(record, ask, call);
        self.answer(request, Change::Update, Etag::Optional, async |_, _, _| Ok(()), verb).await
    }

    /// As [`Registry::act`], with facts about other records: `gather` reads them, and may lock them, in the
    /// transaction that then writes the change, after the record itself is locked. It is an `async fn` or an async
    /// closure that captures nothing: the compiler cannot yet see that one which does may move between threads.
    ///
    /// # Errors
    /// As [`Registry::act`], and what `gather` refuses.
    pub async fn act_with<R: Ask, G>(
        &self,
        request: Request<R>,
        gather: impl AsyncFn(&mut Reader<'_>, &K::Record, &R) -> Result<G, Fault>,
        verb: impl Fn(&mut K::Record, R, G, &mut Call) -> Result<(), Fault>,
    ) -> Answer<K::Record> {
        let verb = |record: &mut _, _: &_, ask, gathered, call: &mut _| verb(record, ask, gathered, call);
        self.answer(request, Change::Update, Etag::Optional, gather, verb).await
    }

    /// Deletes a record, softly: it is no longer found, and its history stays.
    ///
    /// # Errors
    /// As [`Registry::act`].
    pub async fn delete<R: Ask>(&self, request: Request<R>) -> Answer<K::Record> {
        let verb = |_: &mut _, _: &_, _, (), _: &mut _| Ok(());
        self.answer(request, Change::Delete, Etag::Optional, async |_, _, _| Ok(()), verb).await
    }

    /// As [`Registry::delete`], with facts about other records and a rule.
    ///
    /// # Errors
    /// As [`Registry::act_with`].
    pub async fn delete_with<R: Ask, G>(
        &self,
        request: Request<R>,
        gather: impl AsyncFn(&mut Reader<'_>, &K::Record, &R) -> Result<G, Fault>,
        allow: impl Fn(&K::Record, G, &mut Call) -> Result<(), Fault>,
    ) -> Answer<K::Record> {
        let verb = |_: &mut _, before: &_, _, gathered, call: &mut _| allow(before, gathered, call);
        self.answer(request, Change::Delete, Etag::Optional, gather, verb).await
    }

    pub(crate) async fn answer<R: Ask, G>(
        &self,
        request: Request<R>,
        change: Change,
        etag: Etag,
        gather: impl AsyncFn(&mut Reader<'_>, &K::Record, &R) -> Result<G, Fault>,
        verb: impl Fn(&mut K::Record, &K::Record, R, G, &mut Call) -> Result<(), Fault>,
    ) -> Answer<K::Record> {
        let asked = Asked::of(request)?;
        let kept = async {
            asked.check()?;
            pg::retrying(|| self.altered(&asked, change, etag, &gather, &verb)).await
        };
        let kept = kept.await;
        let kept = self.settled(&asked, kept).await?;
        Ok(tonic::Response::new(self.shown(kept.record, &asked)?))
    }

    async fn altered<R: Ask, G>(
        &self,
        asked: &Asked<R>,
        change: Change,
        etag: Etag,
        gather: &impl AsyncFn(&mut Reader<'_>, &K::Record, &R) -> Result<G, Fault>,
        verb: &impl Fn(&mut K::Record, &K::Record, R, G, &mut Call) -> Result<(), Fault>,
    ) -> Result<Kept<K::Record>, Fault> {
        let (deed, keyed, name) = (asked.deed(), asked.keyed(self.store()), asked.ask.name());
        let mut tx = pg::begin(self.store().pool()).await?;
        let locked = self.lock(&mut tx, name, &K::visible(asked.principal())).await?;
        if let Some(keyed) = &keyed
            && let Some(record) = idempotency::replay(&mut tx, self.kind(), self.store(), &deed, keyed).await?
        {
            return Ok(Kept::replayed(record));
        }
        let before = locked.ok_or_else(|| self.kind().not_found(name))?;
        meant(&before, asked.ask.etag(), etag)?;
        let (mut record, version, mut call) =
            self.decided(Reader::new(&mut tx, self.store()), asked, &before, gather, verb).await?;
        if change == Change::Delete {
            call.timers().clear_all();
        }
        let written = self.alter(&mut tx, &mut record, version, change, &deed, keyed.clone(), call).await?;
        if let Some(written) = written {
            tx.commit().await.map_err(pg::fault)?;
            self.store().signal().committed(written.timed);
            return Ok(Kept::new(record));
        }
        // The key was used meanwhile, for another record.
        drop(tx);
        self.or_replay(record, Ok(false), &deed, keyed).await
    }

    /// The record as the verb leaves it, if state, persons and the verb itself allow it, and what goes with the change.
    pub(crate) async fn decided<R: Ask, G>(
        &self,
        mut reader: Reader<'_>,
        asked: &Asked<R>,
        before: &Locked<K::Record>,
        gather: &impl AsyncFn(&mut Reader<'_>, &K::Record, &R) -> Result<G, Fault>,
        verb: &impl Fn(&mut K::Record, &K::Record, R, G, &mut Call) -> Result<(), Fault>,
    ) -> Result<(K::Record, Version, Call), Fault> {
        let name = asked.ask.name();
        self.kind().allowed(before.record.state(), &asked.rule().from)?;
        self.another_person(reader.connection(), asked, name).await?;
        let version = before.next(self.store().now());
        let clocks = self.clocks(reader.connection(), name).await?;
        let mut call = Call::new(self.store(), &asked.deed(), version.at, clocks);
        let gathered = gather(&mut reader, &before.record, &asked.ask).await?;
        let mut record = before.record.clone();
        verb(&mut record, &before.record, asked.ask.clone(), gathered, &mut call)?;
        self.kind().lead(&mut record, &asked.rule().to, before.record.state())?;
        record.set_name(name.to_owned());
        Ok((record, version, call))
    }

    /// Writes a change of a locked record, and what follows from it; none if it was not written because its key was used before.
    #[expect(clippy::too_many_arguments, reason = "each is a different thing, and all of them are written")]
    pub(crate) async fn alter(
        &self,
        connection: &mut PgConnection,
        record: &mut K::Record,
        version: Version,
        change: Change,
        deed: &Deed,
        keyed: Option<Keyed>,
        call: Call,
    ) -> Result<Option<Written>, Fault> {
        stamp(record, version, change);
        let effect = self.kind().effect(record, version, deed, keyed, call, self.store().days())?;
        // A verb may hand a record on to others; who corrects one keeps it.
        if matches!(&*effect.deed.verb, "update" | "import") {
            self.within_sight(&effect)?;
        }
        let text = self.kind().texts.write(change, effect.keyed.is_some(), effect.is_timed());
        effect.meet(connection, self.store()).await?;
        let written = effect.write(&mut *connection, text).await.map_err(Self::broken)?;
        if !written {
            return Ok(None);
        }
        effect.write_follows(connection, self.store()).await?;
        Ok(Some(Written { timed: effect.is_timed_at_all() }))
    }

    /// Loads a record under lock, as far as the caller may see it.
    pub(crate) async fn lock(
        &self,
        connection: &mut PgConnection,
        name: &str,
        visible: &Visible,
    ) -> Result<Option<Locked<K::Record>>, Fault> {
        let kind = self.kind();
        let found = if *visible == Visible::All {
            sqlx::query(kind.texts.lock.as_str()).bind(name).fetch_optional(&mut *connection).await
        } else {
            let mut text = Sql::new("select doc, uid, version, updated_at from ");
            text.push(&kind.texts.table).push(" where deleted_at is null and name = ").bind(name.to_owned());
            text.visible(visible, kind, Place::Table)?.push(" for no key update");
            text.query().fetch_optional(&mut *connection).await
        };
        let row = held(connection, kind, name, found.map_err(pg::fault)?).await?;
        row.map(|row| locked(&row, name, kind, self.store())).transpose()
    }

    /// Four eyes: whoever did the rule's earlier verb last may not do this one. Read under the record's lock in a
    /// statement of its own, which sees what was committed while we waited for the lock.
    async fn another_person<R: Ask>(
        &self,
        connection: &mut PgConnection,
        asked: &Asked<R>,
        name: &str,
    ) -> Result<(), Fault> {
        let earlier = &asked.rule().distinct_from;
        if earlier.is_empty() {
            return Ok(());
        }
        let actor: Option<String> =
            sqlx::query_scalar("select actor from history where name = $1 and verb = $2 order by version desc limit 1")
                .bind(name)
                .bind(earlier)
                .fetch_optional(connection)
                .await
                .map_err(pg::fault)?;
        if actor.as_deref() != Some(&*asked.principal().subject) {
            return Ok(());
        }
        let words = format!("the step {earlier} was taken by the same person");
        Err(Fault::new(Reason::SamePerson, words).with("distinct_from", earlier.as_str()))
    }

    /// The clocks of a record's timers.
    pub(crate) async fn clocks(
        &self,
        connection: &mut PgConnection,
        name: &str,
    ) -> Result<BTreeMap<String, Clock>, Fault> {
        if !self.kind().has_timers() {
            return Ok(BTreeMap::new());
        }
        let rows = sqlx::query("select timer, clock from timers where kind = $1 and name = $2")
            .bind(self.kind().name)
            .bind(name)
            .fetch_all(connection)
            .await
            .map_err(pg::fault)?;
        rows.iter().map(clock).collect()
    }
}

/// A timer and its clock, from a row.
pub(crate) fn clock(row: &PgRow) -> Result<(String, Clock), Fault> {
    let unreadable = |error| Fault::new(Reason::Internal, "a timer cannot be read").caused_by(error);
    let clock = serde_json::from_slice(sql::json(row, "clock")?).map_err(unreadable)?;
    Ok((row.try_get("timer").map_err(pg::fault)?, clock))
}

/// The row of a record that was locked, as it is under the lock: of a kind with sealed fields it is read now.
pub(crate) async fn held(
    connection: &mut PgConnection,
    kind: &'static Kind,
    name: &str,
    locked: Option<PgRow>,
) -> Result<Option<PgRow>, Fault> {
    if locked.is_none() || !kind.seals() {
        return Ok(locked);
    }
    sqlx::query(kind.texts.held.as_str()).bind(name).fetch_optional(connection).await.map_err(pg::fault)
}

/// A row of a locked record.
pub(crate) fn locked<T: Record>(row: &PgRow, name: &str, kind: &Kind, store: &Store) -> Result<Locked<T>, Fault> {
    let secret = Secret::of(row, DATA_KEY, name, kind, store)?;
    Ok(Locked {
        record: kind.record(sql::json(row, "doc")?, secret, Sight::WHOLE)?,
        // One that was written before its kind had sealed fields gets its key with its next version.
        secret: if secret == Secret::None { Secret::first(kind)? } else { secret },
        uid: row.try_get("uid").map_err(pg::fault)?,
        version: row.try_get("version").map_err(pg::fault)?,
        updated_at: row.try_get("updated_at").map_err(pg::fault)?,
    })
}

/// The version is the one the caller means.
fn meant<T>(before: &Locked<T>, etag: &str, needed: Etag) -> Result<(), Fault> {
    if etag.is_empty() {
        return ::fault::refuse_if(
            needed == Etag::Required,
            Reason::EtagRequired,
            "say which version is to be changed, by its etag",
        );
    }
    let current = before.etag();
    if etag == current {
        return Ok(());
    }
    Err(Fault::new(Reason::StaleEtag, "the record has changed since it was read").with("etag", current))
}

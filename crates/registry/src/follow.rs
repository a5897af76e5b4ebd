//! Consequences: what a change of one record does to others, and which others it makes, in the same transaction, one
//! statement for many of a kind.

use crate::act::Locked;
use crate::call::Call;
use crate::create::id_of;
use crate::effect::{Change, Deed, Effect};
use crate::keep::Keep;
use crate::kind::Kind;
use crate::ready::{Version, stamp};
use crate::registry::Registry;
use crate::store::Store;
use ::fault::Fault;
use calendar::Clock;
use proto::policy::v1::Reason;
use proto::shape::Record;
use sqlx::{PgConnection, Row as _};
use std::collections::{BTreeMap, HashSet};
use std::fmt;
use std::ops::Deref;

/// The most records changed by one statement.
const AT_ONCE: usize = 1_000;

/// A record that this change has locked and may change too: read it as the record, change it by [`Call::follow`].
pub struct Held<K: Keep> {
    locked: Locked<K::Record>,
    clocks: BTreeMap<String, Clock>,
}

impl<K: Keep> Held<K> {
    pub(crate) fn new(locked: Locked<K::Record>, clocks: BTreeMap<String, Clock>) -> Self {
        Self { locked, clocks }
    }
}

impl<K: Keep> Deref for Held<K> {
    type Target = K::Record;

    fn deref(&self) -> &K::Record {
        &self.locked.record
    }
}

impl<K: Keep> fmt::Debug for Held<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Held").field(&self.locked.record.name()).finish()
    }
}

/// A change of a record that follows from the change of another.
#[derive(Clone)]
pub(crate) struct Follow {
    pub(crate) kind: &'static Kind,
    pub(crate) effect: Effect,
    /// Whether the record is changed or made.
    change: Change,
    /// The change it follows from; none says that of the record the call is about.
    pub(crate) cause: Option<String>,
    /// What a broken constraint means.
    broken: fn(sqlx::Error) -> Fault,
}

impl fmt::Debug for Follow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} of {}", self.effect.deed.verb, self.effect.revision())
    }
}

impl Call {
    /// Changes another record as a consequence of this change: by an automatic verb of its contract, one without a
    /// timer, from and to the states it names. `change` is a verb like any other, with the other record's own timers,
    /// and may have consequences in turn. The step is in that record's history, with this change as its cause, and in
    /// the outbox and the audit log; all of it is committed with this change or not at all.
    ///
    /// # Errors
    /// What `change` refuses; `INTERNAL`, a mistake in the verb, if the contract has no such verb, or not in this state:
    /// gather those in the right states.
    pub fn follow<K: Keep>(
        &mut self,
        held: Held<K>,
        verb: &str,
        change: impl FnOnce(&mut K::Record, &mut Self) -> Result<(), Fault>,
    ) -> Result<(), Fault> {
        let kind = Kind::of_record::<K::Record>();
        let mistake = |words: String| Fault::new(Reason::Internal, words);
        let Held { locked, clocks } = held;
        let automatic = kind.following(verb);
        let automatic = automatic.ok_or_else(|| mistake(format!("nothing called {verb} follows for {}", kind.name)))?;
        let (before, name) = (locked.record.state(), locked.record.name().to_owned());
        kind.allowed(before, &automatic.from).map_err(|fault| mistake(format!("{verb} of {name}")).caused_by(fault))?;
        let version = locked.next(self.now());
        let deed = Deed { verb: automatic.verb.as_str().into(), reason: automatic.doc.clone(), ..self.deed().clone() };
        let mut call = Self::new(self.store(), &deed, version.at, clocks);
        let mut record = locked.record;
        change(&mut record, &mut call)?;
        kind.lead(&mut record, &automatic.to, before)?;
        record.set_name(name);
        self.written(kind, &mut record, version, Change::Update, (&deed, call), Registry::<K>::broken)
    }

    /// Makes another record as a consequence of this change, and gives its name. It passes [`Keep::admit`] and then
    /// `admit`, as one that a caller makes does, and begins in the state of the contract's method that makes such
    /// records. Its history begins with `create` by whoever makes this change, which is its cause: what the contract
    /// wants done by another person is.
    ///
    /// # Errors
    /// What `admit` refuses; the constraint that the record breaks.
    pub fn open<K: Keep>(
        &mut self,
        mut record: K::Record,
        admit: impl FnOnce(&mut K::Record, &mut Self) -> Result<(), Fault>,
    ) -> Result<String, Fault> {
        let kind = Kind::of_record::<K::Record>();
        let version = Version::first(kind, self.now())?;
        record.set_name(format!("{}{}", kind.prefix, id_of(version.uid)));
        let deed = Deed { verb: "create".into(), ..self.deed().clone() };
        let mut call = Self::new(self.store(), &deed, version.at, BTreeMap::new());
        K::admit(&mut record, &mut call)?;
        admit(&mut record, &mut call)?;
        let before = record.state();
        kind.lead(&mut record, kind.made_in, before)?;
        let name = record.name().to_owned();
        self.written(kind, &mut record, version, Change::Insert, (&deed, call), Registry::<K>::broken)?;
        Ok(name)
    }

    /// Adds a record that is ready, and what follows from it in turn, to what this change does.
    fn written<T: Record>(
        &mut self,
        kind: &'static Kind,
        record: &mut T,
        version: Version,
        change: Change,
        (deed, call): (&Deed, Self),
        broken: fn(sqlx::Error) -> Fault,
    ) -> Result<(), Fault> {
        stamp(record, version, change);
        let mut effect = kind.effect(record, version, deed, None, call, self.store().days())?;
        let mut further = std::mem::take(&mut effect.follows);
        for follow in &mut further {
            follow.cause.get_or_insert_with(|| effect.revision());
        }
        self.add([Follow { kind, effect, change, cause: None, broken }]);
        self.add(further);
        Ok(())
    }
}

impl Effect {
    /// Writes what follows from it: a statement for each kind of record, or for each thousand.
    pub(crate) async fn write_follows(&self, connection: &mut PgConnection, store: &Store) -> Result<(), Fault> {
        let mut names: HashSet<&str> = HashSet::from([self.name.as_str()]);
        let again = self.follows.iter().find(|follow| !names.insert(&follow.effect.name));
        if let Some(follow) = again {
            return Err(Fault::new(Reason::Internal, format!("{follow:?}: it is changed twice at once")));
        }
        for effect in std::iter::once(self).chain(self.follows.iter().map(|follow| &follow.effect)) {
            if effect.erases {
                effect.erase(connection).await?;
            }
        }
        for follow in &self.follows {
            follow.effect.meet(connection, store).await?;
        }
        let own = self.revision();
        let alike = |one: &Follow, other: &Follow| std::ptr::eq(one.kind, other.kind) && one.change == other.change;
        let mut firsts: Vec<&Follow> = Vec::new();
        for follow in &self.follows {
            if !firsts.iter().any(|first| alike(first, follow)) {
                firsts.push(follow);
            }
        }
        for first in firsts {
            let of_kind: Vec<_> = self.follows.iter().filter(|follow| alike(first, follow)).collect();
            for follows in of_kind.chunks(AT_ONCE) {
                write(connection, first, &self.deed, &own, follows).await?;
            }
        }
        Ok(())
    }

    /// Whether it, or what follows from it, touches timers.
    pub(crate) fn is_timed_at_all(&self) -> bool {
        self.is_timed() || self.follows.iter().any(|follow| follow.effect.is_timed())
    }
}

async fn write(
    connection: &mut PgConnection,
    first: &Follow,
    deed: &Deed,
    own: &str,
    follows: &[&Follow],
) -> Result<(), Fault> {
    let kind = first.kind;
    let text = if first.change == Change::Insert { &kind.texts.open } else { &kind.texts.follow };
    let effects = || follows.iter().map(|follow| &follow.effect);
    let (mut set_names, mut set_timers, mut dues, mut clocks) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    let (mut cleared_names, mut cleared_timers) = (Vec::new(), Vec::new());
    for effect in effects() {
        for set in &effect.timers_set {
            set_names.push(effect.name.as_str());
            set_timers.push(set.timer.as_str());
            dues.push(set.due_at);
            clocks.push(set.clock.clone());
        }
        for timer in &effect.timers_cleared {
            cleared_names.push(effect.name.as_str());
            cleared_timers.push(timer.as_str());
        }
    }
    let row = sqlx::query(text.as_str())
        .bind(kind.name)
        .bind(effects().map(|effect| effect.name.as_str()).collect::<Vec<_>>())
        .bind(effects().map(|effect| effect.uid).collect::<Vec<_>>())
        .bind(effects().map(|effect| effect.version).collect::<Vec<_>>())
        .bind(effects().map(|effect| effect.doc.clone()).collect::<Vec<_>>())
        .bind(effects().map(|effect| effect.event.clone()).collect::<Vec<_>>())
        .bind(effects().map(|effect| effect.at).collect::<Vec<_>>())
        .bind(effects().map(|effect| &*effect.deed.verb).collect::<Vec<_>>())
        .bind(effects().map(|effect| effect.deed.reason.as_str()).collect::<Vec<_>>())
        .bind(follows.iter().map(|follow| follow.cause.as_deref().unwrap_or(own)).collect::<Vec<_>>())
        .bind(&*deed.principal.subject)
        .bind(deed.principal.agency.as_deref().unwrap_or_default())
        .bind(&*deed.method)
        .bind(&deed.traceparent)
        .bind(set_names)
        .bind(set_timers)
        .bind(dues)
        .bind(clocks)
        .bind(cleared_names)
        .bind(cleared_timers)
        .bind(deed.elevation())
        .fetch_one(&mut *connection)
        .await
        .map_err(first.broken)?;
    if effects().any(|effect| effect.data_key.is_some()) {
        let keys = || effects().filter_map(|effect| Some((&effect.name, effect.data_key.as_ref()?)));
        sqlx::query(
            "insert into data_keys (record, wrapping, wrapped) select * from unnest($1::text[], $2::text[], $3::bytea[])",
        )
        .bind(keys().map(|(name, _)| name.as_str()).collect::<Vec<_>>())
        .bind(keys().map(|(_, key)| key.by.as_str()).collect::<Vec<_>>())
        .bind(keys().map(|(_, key)| key.bytes.as_slice()).collect::<Vec<_>>())
        .execute(&mut *connection)
        .await
        .map_err(pg::fault)?;
    }
    let written: i64 = row.try_get(0).map_err(pg::fault)?;
    let all = usize::try_from(written).is_ok_and(|written| written == follows.len());
    ::fault::refuse_if(!all, Reason::Internal, "a locked record was not written")
}

/// The statement that changes many records, or makes many. It answers with how many it wrote.
pub(crate) fn follow_text(table: &str, change: Change) -> String {
    let record = match change {
        Change::Insert => format!(
            "insert into {table} (name, uid, version, doc, created_at, updated_at)
            select name, uid, version, doc, at, at from given returning 1"
        ),
        Change::Update | Change::Delete => format!(
            "update {table} r set version = g.version, doc = g.doc, updated_at = g.at
            from given g where r.name = g.name and r.uid = g.uid returning 1"
        ),
    };
    format!(
        "with given as materialized (
            select * from unnest($2::text[], $3::uuid[], $4::bigint[], $5::jsonb[], $6::jsonb[], $7::timestamptz[],
                $8::text[], $9::text[], $10::text[])
            as g (name, uid, version, doc, event, at, verb, reason, cause)),
        record as ({record}),
        version as (insert into history (kind, name, version, verb, actor, reason, at, doc, cause)
            select $1, name, version, verb, $11, reason, at, doc, cause from given),
        noted as (insert into audit (at, actor, agency, method, name, outcome, reason, trace, elevation)
            select at, $11, $12, $13, name, 'OK', reason, $14, $21 from given),
        event as (insert into outbox (at, kind, name, version, verb, actor, doc, traceparent)
            select at, $1, name, version, verb, $11, coalesce(event, doc), $14 from given),
        timed as (insert into timers (kind, name, timer, due_at, clock)
            select $1, t.name, t.timer, t.due_at, t.clock
            from unnest($15::text[], $16::text[], $17::timestamptz[], $18::jsonb[]) t (name, timer, due_at, clock)
            on conflict (kind, name, timer)
            do update set due_at = excluded.due_at, clock = excluded.clock, attempts = 0),
        cleared as (delete from timers t using unnest($19::text[], $20::text[]) c (name, timer)
            where t.kind = $1 and t.name = c.name and t.timer = c.timer)
        select count(*) from record"
    )
}

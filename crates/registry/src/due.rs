//! Fires timers: each once, in the transaction that takes it away, whoever else tries.

use crate::act::{held, locked};
use crate::call::Call;
use crate::effect::{Change, Deed};
use crate::keep::Keep;
use crate::kind::Kind;
use crate::reader::Reader;
use crate::registry::Registry;
use crate::store::Store;
use ::fault::{Fault, Reason as _};
use futures::future::BoxFuture;
use futures::{FutureExt as _, StreamExt as _};
use identity::Principal;
use proto::policy::v1::{Automatic, Reason};
use proto::shape::Record as _;
use sqlx::{PgConnection, Row as _};
use std::marker::PhantomData;
use std::sync::Arc;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// How many due timers are looked at in one go.
const AT_ONCE: i64 = 100;
/// How many of them are fired side by side.
const SIDE_BY_SIDE: usize = 4;
/// When to look again though nothing was heard.
const LOOK_AGAIN: Duration = Duration::from_secs(30);
/// How often old answers are swept away, and what a former key wrote is looked for.
const SWEEP: Duration = Duration::from_secs(3600);
/// When to look again at a record that someone else was changing.
const BUSY_PAUSE: Duration = Duration::from_millis(50);
/// The longest pause before a timer that failed is tried again.
const LONGEST_PAUSE: Duration = Duration::from_secs(3600);

/// What became of a timer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fired {
    /// It did what it is for.
    Done,
    /// The record's state does not want it any more; it was taken away.
    Dropped,
    /// It is not due any more: another worker fired it, or a verb moved it.
    Gone,
    /// Someone is changing the record.
    Busy,
}

/// Fires timers of one kind of record.
pub(crate) trait Fires: Send + Sync {
    fn fire<'f>(&'f self, store: &'f Store, name: &'f str, timer: &'f str) -> BoxFuture<'f, Result<Fired, Fault>>;

    /// The kind.
    fn kind(&self) -> &'static Kind;
}

/// By the rules of `K`.
pub(crate) struct Firing<K>(PhantomData<fn() -> K>);

impl<K> Default for Firing<K> {
    fn default() -> Self {
        Self(PhantomData)
    }
}

impl<K: Keep> Fires for Firing<K> {
    fn fire<'f>(&'f self, store: &'f Store, name: &'f str, timer: &'f str) -> BoxFuture<'f, Result<Fired, Fault>> {
        async move {
            let registry = Registry::<K>::passing(store);
            pg::retrying(|| registry.fire(name, timer)).await
        }
        .boxed()
    }

    fn kind(&self) -> &'static Kind {
        Kind::of_record::<K::Record>()
    }
}

/// One due timer.
struct Due {
    kind: String,
    name: String,
    timer: String,
}

impl Store {
    /// Fires timers as they fall due, until shutdown; and beside that sweeps away old answers and brings what was written
    /// by former keys to the new ones, which may take hours. Any number of processes may do so at once.
    pub async fn run_timers(&self, shutdown: CancellationToken) {
        let both = async { tokio::join!(self.keep_firing(), self.keep_tidy()) };
        shutdown.run_until_cancelled(both).await;
    }

    async fn keep_tidy(&self) {
        loop {
            if let Err(fault) = self.sweep().await {
                tracing::warn!(error = %fault, "old answers cannot be swept away");
            }
            if let Err(fault) = self.rewrap().await {
                tracing::warn!(error = %fault, "data keys cannot be wrapped anew");
            }
            if let Err(fault) = self.recompare().await {
                tracing::warn!(error = %fault, "blind values cannot be written anew");
            }
            tokio::time::sleep(SWEEP).await;
        }
    }

    async fn keep_firing(&self) {
        let mut heard = self.signal().subscribe_timers();
        loop {
            heard.mark_unchanged();
            let pause = match self.fire_due().await {
                Ok(_) => match self.next_due().await {
                    Ok(Some(next)) if next <= self.now() => tokio::time::sleep(BUSY_PAUSE).boxed(),
                    Ok(Some(next)) => self.clock().reach(next),
                    Ok(None) => std::future::pending().boxed(),
                    Err(_) => tokio::time::sleep(BUSY_PAUSE).boxed(),
                },
                Err(fault) => {
                    tracing::warn!(error = %fault, "timers cannot be read");
                    tokio::time::sleep(LOOK_AGAIN).boxed()
                }
            };
            tokio::select! {
                () = pause => {}
                _ = heard.changed() => {}
                () = tokio::time::sleep(LOOK_AGAIN) => {}
            }
        }
    }

    /// Fires every timer that is due by now; how many did what they are for. One whose record is being changed is
    /// left for the next time; one that fails is tried again after a pause that grows each time.
    ///
    /// # Errors
    /// If timers cannot be read. What fails in firing one is logged, and harms no other.
    pub async fn fire_due(&self) -> Result<usize, Fault> {
        let mut done = 0;
        loop {
            let due = self.due().await?;
            let full = due.len() as i64 == AT_ONCE;
            let fired: Vec<_> =
                futures::stream::iter(due).map(|due| self.fire_one(due)).buffer_unordered(SIDE_BY_SIDE).collect().await;
            done += fired.iter().filter(|fired| **fired == Fired::Done).count();
            // If every one of a full batch was busy, the next batch would be the same.
            if !full || fired.iter().all(|fired| *fired == Fired::Busy) {
                return Ok(done);
            }
        }
    }

    async fn fire_one(&self, due: Due) -> Fired {
        let Some(fires) = self.fires(&due.kind) else { return Fired::Gone };
        match fires.fire(self, &due.name, &due.timer).await {
            Ok(fired) => fired,
            Err(fault) => {
                let Due { kind, name, timer } = &due;
                tracing::error!(kind, name, timer, error = %fault, "a timer failed and will be tried again");
                match self.postpone(&due).await {
                    Ok(()) => Fired::Gone,
                    Err(fault) => {
                        tracing::warn!(kind, name, timer, error = %fault, "a timer cannot be postponed");
                        Fired::Busy
                    }
                }
            }
        }
    }

    async fn due(&self) -> Result<Vec<Due>, Fault> {
        let rows = sqlx::query(
            "select kind, name, timer from timers where due_at <= $1 and kind = any ($2) order by due_at limit $3",
        )
        .bind(self.now())
        .bind(self.kinds())
        .bind(AT_ONCE)
        .fetch_all(self.pool())
        .await
        .map_err(pg::fault)?;
        let due = |row: &sqlx::postgres::PgRow| {
            Ok(Due { kind: row.try_get("kind")?, name: row.try_get("name")?, timer: row.try_get("timer")? })
        };
        rows.iter().map(due).collect::<Result<_, sqlx::Error>>().map_err(pg::fault)
    }

    async fn next_due(&self) -> Result<Option<chrono::DateTime<chrono::Utc>>, Fault> {
        let next = sqlx::query_scalar("select min(due_at) from timers where kind = any ($1)").bind(self.kinds());
        next.fetch_one(self.pool()).await.map_err(pg::fault)
    }

    /// Tries a timer again later: after 2 s, 4 s, 8 s, up to an hour.
    async fn postpone(&self, due: &Due) -> Result<(), Fault> {
        let postponed = sqlx::query(
            "update timers set attempts = attempts + 1,
                 due_at = $1 + make_interval(secs => least($5, 2 ^ least(attempts + 1, 30)))
             where kind = $2 and name = $3 and timer = $4 and due_at <= $1",
        );
        let postponed = postponed.bind(self.now()).bind(&due.kind).bind(&due.name).bind(&due.timer);
        let postponed = postponed.bind(LONGEST_PAUSE.as_secs_f64());
        postponed.execute(self.pool()).await.map(drop).map_err(pg::fault)
    }
}

impl<K: Keep> Registry<K> {
    /// Fires one timer. The record is locked first and the timer taken away after, as verbs do it, so that the two
    /// never wait for each other.
    async fn fire(&self, name: &str, timer: &str) -> Result<Fired, Fault> {
        let kind = self.kind();
        let mut tx = pg::begin(self.store().pool()).await?;
        let row = sqlx::query(kind.texts.try_lock.as_str()).bind(name).fetch_optional(&mut *tx).await;
        let Some(row) = held(&mut tx, kind, name, row.map_err(pg::fault)?).await? else {
            if self.is_there(&mut tx, name).await? {
                return Ok(Fired::Busy);
            }
            return self.drop_timer(tx, name, timer, Reason::NotFound).await;
        };
        let before = locked::<K::Record>(&row, name, kind, self.store())?;
        let Some(automatic) = kind.automatic(timer) else {
            return self.drop_timer(tx, name, timer, Reason::NotFound).await;
        };
        if kind.allowed(before.record.state(), &automatic.from).is_err() {
            return self.drop_timer(tx, name, timer, Reason::WrongState).await;
        }
        if !self.take(&mut tx, name, timer).await? {
            return Ok(Fired::Gone);
        }
        let (deed, version) = (deed(timer, automatic), before.next(self.store().now()));
        let clocks = self.clocks(&mut tx, name).await?;
        let mut call = Call::new(self.store(), &deed, version.at, clocks);
        let mut record = before.record.clone();
        K::fire_with(&mut record, timer, &mut Reader::new(&mut tx, self.store()), &mut call).await?;
        kind.lead(&mut record, &automatic.to, before.record.state())?;
        record.set_name(name.to_owned());
        let written = self.alter(&mut tx, &mut record, version, Change::Update, &deed, None, call).await?;
        ::fault::refuse_if(written.is_none(), Reason::Internal, "a locked record was not written")?;
        tx.commit().await.map_err(pg::fault)?;
        self.store().signal().committed(true);
        Ok(Fired::Done)
    }

    async fn is_there(&self, connection: &mut PgConnection, name: &str) -> Result<bool, Fault> {
        let found = sqlx::query(self.kind().texts.get.as_str()).bind(name).fetch_optional(connection).await;
        Ok(found.map_err(pg::fault)?.is_some())
    }

    /// Takes a timer away if it is still due.
    async fn take(&self, connection: &mut PgConnection, name: &str, timer: &str) -> Result<bool, Fault> {
        let taken = sqlx::query("delete from timers where kind = $1 and name = $2 and timer = $3 and due_at <= $4")
            .bind(self.kind().name)
            .bind(name)
            .bind(timer)
            .bind(self.store().now())
            .execute(connection)
            .await
            .map_err(pg::fault)?;
        Ok(taken.rows_affected() > 0)
    }

    /// Takes a timer away that has nothing to do any more, and notes it in the audit log.
    async fn drop_timer(&self, mut tx: pg::Tx, name: &str, timer: &str, why: Reason) -> Result<Fired, Fault> {
        if !self.take(&mut tx, name, timer).await? {
            return Ok(Fired::Gone);
        }
        sqlx::query("insert into audit (at, actor, method, name, outcome) values ($1, $2, $2, $3, $4)")
            .bind(self.store().now())
            .bind(format!("timers/{timer}"))
            .bind(name)
            .bind(why.name())
            .execute(&mut *tx)
            .await
            .map_err(pg::fault)?;
        tx.commit().await.map_err(pg::fault)?;
        Ok(Fired::Dropped)
    }
}

fn deed(timer: &str, automatic: &Automatic) -> Deed {
    Deed {
        principal: Arc::new(Principal::timer(timer)),
        method: format!("timers/{timer}").into(),
        verb: automatic.verb.as_str().into(),
        reason: automatic.doc.clone(),
        traceparent: String::new(),
    }
}

//! Watch: committed changes as they come, in the order of their commits, none left out.

use crate::asked::Asked;
use crate::codec::Sight;
use crate::column::Place;
use crate::filter::{self, Expr, Scope};
use crate::keep::{Keep, Visible};
use crate::order::foreign;
use crate::registry::{Answer, Feed, Registry};
use crate::sql::Sql;
use ::fault::Fault;
use futures::StreamExt as _;
use identity::Principal;
use proto::contract::{Kind as Does, contract};
use proto::policy::v1::Reason;
use proto::registry::v1::Revision;
use proto::shape::{Ask, Change};
use sqlx::Row as _;
use std::collections::VecDeque;
use std::time::Duration;
use tokio::sync::watch;
use tonic::{Request, Status};

/// The most changes read at once.
const AT_ONCE: i64 = 200;
/// When to look again though nothing was heard.
const LOOK_AGAIN: Duration = Duration::from_secs(5);
/// When to look again at changes that an older open transaction holds back.
const HELD_BACK: Duration = Duration::from_millis(20);

/// Where a watcher stands: behind this step of this transaction.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Cursor {
    /// The transaction's number (`xid8`), as text.
    tx: String,
    seq: i64,
}

/// One watcher.
struct Watcher<K: Keep, R> {
    registry: Registry<K>,
    asked: Asked<R>,
    filter: Option<Expr>,
    scope: Scope,
    sight: Sight,
    /// Whether it is told who did something and why: a watch is a history too, and asks for no more than the list does.
    tells: bool,
    visible: Visible,
    cursor: Cursor,
    /// What was committed before the watch began, as PostgreSQL writes a snapshot; none for one that goes on.
    begun: Option<String>,
    heard: watch::Receiver<()>,
    /// Changes read and not yet handed out.
    waiting: VecDeque<(Cursor, Revision, K::Record)>,
}

impl<K: Keep> Registry<K> {
    /// Follows committed changes: from the cursor of the last one received, or from now on. Every change is handed
    /// out once, also when transactions commit in another order than they began.
    ///
    /// # Errors
    /// `INVALID_FILTER`, `INVALID_PAGE_TOKEN` for a cursor that is none of this question. The stream ends with
    /// `UNAUTHENTICATED` when the caller's credential does, and with `UNAVAILABLE` when the service stops.
    pub async fn watch<R: Ask, C: Change<K::Record>>(&self, request: Request<R>) -> Answer<Feed<C>> {
        let asked = Asked::of(request)?;
        let watcher = self.watcher(asked.clone()).await;
        let watcher = self.settled(&asked, watcher).await?;
        self.noted(&asked, "").await?;
        let changes = futures::stream::try_unfold(watcher, async |mut watcher| {
            let (cursor, revision, record) = watcher.next().await?;
            let token = watcher.token(&cursor);
            Ok::<_, Status>(Some((C::change(token, revision, record), watcher)))
        });
        let stopping = self.store().stopping();
        let stopped = || Status::from(Fault::new(Reason::Unavailable, "the service is stopping"));
        let end = futures::stream::once(async move { Err(stopped()) });
        Ok(tonic::Response::new(changes.take_until(stopping).chain(end).boxed()))
    }

    /// What is handed out over time is handed out while the caller's credential lasts.
    pub(crate) fn still_known<R: Ask>(&self, asked: &Asked<R>) -> Result<(), Fault> {
        let expired = self.store().now().timestamp() > asked.principal().expires;
        ::fault::refuse_if(expired, Reason::Unauthenticated, "the credential has expired")
    }

    async fn watcher<R: Ask>(&self, asked: Asked<R>) -> Result<Watcher<K, R>, Fault> {
        asked.check()?;
        let sight = asked.sight::<K>();
        let scope = Scope::new(&self.kind().columns, Place::History, sight, self.store().vault());
        let filter = filter::parse(asked.ask.filter())?;
        if let Some(filter) = &filter {
            filter::compile(filter, &scope, &mut Sql::new(""))?;
        }
        let visible = K::visible(asked.principal());
        let (cursor, begun) = match asked.ask.cursor() {
            "" => {
                let (cursor, begun) = self.present().await?;
                (cursor, Some(begun))
            }
            token => {
                let content = self.store().tokens().open(&self.seal("watch", &asked), token).ok_or_else(foreign)?;
                (Cursor::read(&content).ok_or_else(foreign)?, None)
            }
        };
        let tells = sight.internal && self.tells(asked.principal());
        let (heard, waiting) = (self.store().signal().subscribe(), VecDeque::new());
        Ok(Watcher {
            registry: self.clone(),
            asked,
            filter,
            scope,
            sight,
            tells,
            visible,
            cursor,
            begun,
            heard,
            waiting,
        })
    }

    /// Whether a caller may read the history of this kind of record, if it has one that is asked for.
    fn tells(&self, caller: &Principal) -> bool {
        let of_kind = Some(self.kind().resource.message().full_name());
        let mut methods = contract().methods().iter();
        let history = methods.find(|method| *method.kind() == Does::Revisions && method.resource() == of_kind);
        history.is_none_or(|method| method.admits(caller.agency.is_some(), |permission| caller.may(permission)))
    }

    /// Where what is committed next can stand: not before the oldest transaction that is open anywhere in the
    /// cluster. And what was committed already: some of it may stand behind that.
    async fn present(&self) -> Result<(Cursor, String), Fault> {
        let now = sqlx::query("select pg_snapshot_xmin(s)::text, s::text from pg_current_snapshot() s");
        let row = now.fetch_one(self.store().pool()).await.map_err(pg::fault)?;
        let tx = row.try_get(0).map_err(pg::fault)?;
        Ok((Cursor { tx, seq: 0 }, row.try_get(1).map_err(pg::fault)?))
    }
}

impl<K: Keep, R: Ask> Watcher<K, R> {
    /// The next change, when there is one.
    async fn next(&mut self) -> Result<(Cursor, Revision, K::Record), Fault> {
        loop {
            // Before each change that is handed out: whoever reads slowly on a busy register never waits for one.
            self.registry.still_known(&self.asked)?;
            if let Some(change) = self.waiting.pop_front() {
                return Ok(change);
            }
            self.heard.mark_unchanged();
            let pause = if self.read().await? { HELD_BACK } else { LOOK_AGAIN };
            if !self.waiting.is_empty() {
                continue;
            }
            tokio::select! {
                heard = self.heard.changed() => heard.unwrap_or(()),
                () = tokio::time::sleep(pause) => {}
            }
        }
    }

    /// Reads on from the cursor. Whether something committed must wait for an older transaction that is still open:
    /// only below the oldest one is it certain that nothing more will come in between.
    async fn read(&mut self) -> Result<bool, Fault> {
        let kind = self.registry.kind();
        let mut text = Sql::new(
            "select v.horizon::text as horizon, \
             exists (select from history where tx >= v.horizon) as held_back, c.* \
             from (select pg_snapshot_xmin(pg_current_snapshot()) as horizon) v left join lateral (\
             select h.tx::text as tx, h.seq, h.name, h.version, h.verb, h.actor, h.reason, h.cause, h.at, ",
        );
        text.push(&kind.texts.doc).push(" from history h where h.tx < v.horizon and h.kind = ");
        text.bind(kind.name).push(" and (h.tx, h.seq) > (").bind(self.cursor.tx.clone()).push("::xid8, ");
        text.bind(self.cursor.seq).push(")");
        if let Some(begun) = &self.begun {
            text.push(" and not pg_visible_in_snapshot(h.tx, ").bind(begun.clone()).push("::pg_snapshot)");
        }
        text.visible(&self.visible, kind, Place::History)?;
        if let Some(filter) = &self.filter {
            text.push(" and ");
            filter::compile(filter, &self.scope, &mut text)?;
        }
        text.push(" order by h.tx, h.seq limit ").bind(AT_ONCE).push(") c on true");
        let query = if self.filter.is_some() { text.query_once() } else { text.query() };
        let rows = query.fetch_all(self.registry.store().pool()).await.map_err(pg::fault)?;
        let mut held_back = false;
        for row in &rows {
            held_back = row.try_get("held_back").map_err(pg::fault)?;
            let Some(tx) = row.try_get("tx").map_err(pg::fault)? else { continue };
            let cursor = Cursor { tx, seq: row.try_get("seq").map_err(pg::fault)? };
            let (mut revision, record) = self.registry.step(row, self.sight)?;
            if !self.tells && revision.actor != *self.asked.principal().subject {
                let Revision { version, verb, time, .. } = revision;
                revision = Revision { version, verb, time, ..Revision::default() };
            }
            self.waiting.push_back((cursor, revision, record));
        }
        if !self.waiting.is_empty() {
            // Before any of it is handed out.
            let given = self.waiting.iter().map(|(_, _, record)| record);
            self.registry.given(&self.asked, given).await?;
        }
        match self.waiting.back() {
            Some((last, ..)) if self.waiting.len() as i64 == AT_ONCE => self.cursor = last.clone(),
            // All below the horizon was looked at, also what the filter passed over.
            _ => {
                let first = rows.first().map(|row| row.try_get("horizon")).transpose().map_err(pg::fault)?;
                self.cursor = Cursor { tx: first.unwrap_or_else(|| self.cursor.tx.clone()), seq: 0 };
            }
        }
        Ok(held_back)
    }

    fn token(&self, cursor: &Cursor) -> String {
        let content = format!("{}-{}", cursor.tx, cursor.seq);
        self.registry.store().tokens().seal(&self.registry.seal("watch", &self.asked), content.as_bytes())
    }
}

impl Cursor {
    fn read(content: &[u8]) -> Option<Self> {
        let (tx, seq) = std::str::from_utf8(content).ok()?.split_once('-')?;
        tx.parse::<u64>().ok()?;
        Some(Self { tx: tx.to_owned(), seq: seq.parse().ok()? })
    }
}

//! The ledger of deliveries as the worker sees it: what is due, whose turn it is, and what became of it.

use super::fanout;
use chrono::{DateTime, SecondsFormat, Utc};
use serde::Deserialize;
use serde_json::value::RawValue;
use sqlx::types::Json;
use sqlx::{FromRow, PgPool};
use std::time::Duration;
use uuid::Uuid;

/// Webhooks with something due, with their agencies; whose has waited longest comes first.
const DUE: &str = "
    select d.webhook, w.agency from deliveries d join webhooks w on w.name = d.webhook
    where d.state = 'WAITING' and d.next_time <= clock_timestamp()
        and (d.held_until is null or d.held_until < clock_timestamp())
        and w.state = 'ACTIVE' and w.deleted_at is null
    group by d.webhook, w.agency order by min(d.next_time)";

/// The webhook, if it is told of events.
const WEBHOOK: &str = "select doc from webhooks where name = $1 and state = 'ACTIVE' and deleted_at is null";

/// Takes what is due and nobody else's. `skip locked` lets two gateways take at once without waiting for each other, and
/// whoever comes second to a row sees that it is held. With an order, what is later waits for what is earlier.
/// What happens now comes before what is told again.
const CLAIM: &str = "
    with due as (
        select d.name from deliveries d
        where d.webhook = $1 and d.state = 'WAITING' and d.next_time <= clock_timestamp()
            and (d.held_until is null or d.held_until < clock_timestamp())
            and (not $2 or not exists (select from deliveries e
                where e.webhook = d.webhook and e.record = d.record and e.state = 'WAITING'
                    and (e.seq, e.round) < (d.seq, d.round)))
        order by d.round, d.seq limit $3 for update of d skip locked),
    taken as (
        update deliveries d set holder = $4, held_until = clock_timestamp() + make_interval(secs => $5)
        from due where d.name = due.name
        returning d.name, d.event, (d.doc->>'attempts')::integer as attempts)
    select t.name, t.attempts, e.event, e.service, e.collection, e.verb, e.record, e.version, e.actor, e.at,
        e.seq, e.doc
    from taken t join webhook_events e on e.event = t.event order by e.seq";

/// Writes what became of a delivery, if it is still ours.
const SETTLE: &str = "
    update deliveries set version = version + 1, updated_at = $3, deleted_at = null, holder = null, held_until = null,
        doc = doc || $4::jsonb || jsonb_build_object('etag', (version + 1) || '-' || right(uid::text, 8))
    where name = $1 and holder = $2";

const POSTPONE: &str = "
    update deliveries set holder = null, held_until = null,
        doc = doc || jsonb_build_object('nextTime', $3::text, 'lastError', $4::text)
    where name = $1 and holder = $2";

const FORGET: &str = "delete from deliveries where name = $1 and holder = $2";

const FAILING: &str = "
    insert into webhook_failures (webhook, since) values ($1, clock_timestamp())
    on conflict (webhook) do update set since = webhook_failures.since
    returning extract(epoch from clock_timestamp() - since)::float8";

/// Also what waits: nothing does for so long but for a webhook that is disabled or gone.
const SWEEPS: [&str; 3] = [
    "delete from webhook_replays r where $1::float8 >= 0 and not exists \
        (select from webhooks w where w.name = r.webhook and w.deleted_at is null)",
    "delete from deliveries where updated_at < clock_timestamp() - make_interval(secs => $1)",
    "delete from webhook_events where taken_at < clock_timestamp() - make_interval(secs => $1)",
];

/// What the worker reads of a webhook.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Target {
    pub(crate) name: String,
    pub(crate) url: String,
    pub(crate) key: String,
    pub(crate) ordered: bool,
    pub(crate) secret_version: i32,
    pub(crate) overlap_end_time: Option<DateTime<Utc>>,
}

/// A webhook that something is due for.
#[derive(Clone, Debug, FromRow, PartialEq, Eq)]
pub(crate) struct Due {
    pub(crate) webhook: String,
    /// Whose it is; empty for our own.
    pub(crate) agency: String,
}

/// A delivery in hand, with its event.
#[derive(Debug, FromRow)]
pub(crate) struct Claim {
    pub(crate) name: String,
    /// Attempts before this one.
    pub(crate) attempts: i32,
    pub(crate) event: String,
    pub(crate) service: String,
    pub(crate) collection: String,
    pub(crate) verb: String,
    pub(crate) record: String,
    pub(crate) version: i64,
    pub(crate) actor: String,
    pub(crate) at: DateTime<Utc>,
    pub(crate) seq: i64,
    pub(crate) doc: Json<Box<RawValue>>,
}

/// What became of an attempt.
#[derive(Debug)]
pub(crate) enum Outcome {
    /// Accepted, with this status.
    Delivered(u16),
    /// To be tried again then.
    Later(DateTime<Utc>, u16, String),
    /// Given up.
    Failed(u16, String),
}

/// The ledger, as one gateway uses it.
#[derive(Clone, Debug)]
pub(crate) struct Ledger {
    pool: PgPool,
    holder: Uuid,
}

impl Ledger {
    pub(crate) fn new(pool: PgPool) -> Self {
        Self { pool, holder: Uuid::now_v7() }
    }

    /// The webhooks that something is due for.
    pub(crate) async fn due(&self) -> Result<Vec<Due>, sqlx::Error> {
        sqlx::query_as(DUE).fetch_all(&self.pool).await
    }

    /// Whether a webhook is being told again of earlier events.
    pub(crate) async fn is_replaying(&self, webhook: &str) -> Result<bool, sqlx::Error> {
        let query = sqlx::query_scalar("select exists (select from webhook_replays where webhook = $1)");
        query.bind(webhook).fetch_one(&self.pool).await
    }

    /// Puts more of the replays under way into the ledger. Whether there was more.
    pub(crate) async fn replay(&self) -> Result<bool, sqlx::Error> {
        fanout::replay(&self.pool).await
    }

    /// A webhook that is told of events; none if it is no longer.
    pub(crate) async fn webhook(&self, name: &str) -> Result<Option<Target>, sqlx::Error> {
        let found: Option<Json<Target>> = sqlx::query_scalar(WEBHOOK).bind(name).fetch_optional(&self.pool).await?;
        Ok(found.map(|Json(target)| target))
    }

    /// Takes deliveries of a webhook that are due, for so long.
    pub(crate) async fn claim(&self, to: &Target, most: i64, hold: Duration) -> Result<Vec<Claim>, sqlx::Error> {
        let query = sqlx::query_as(CLAIM).bind(&to.name).bind(to.ordered).bind(most).bind(self.holder);
        query.bind(hold.as_secs_f64()).fetch_all(&self.pool).await
    }

    /// Writes what became of a delivery.
    pub(crate) async fn settle(&self, claim: &Claim, outcome: &Outcome) -> Result<(), sqlx::Error> {
        let now = Utc::now();
        let attempts = claim.attempts + 1;
        let mut change = match outcome {
            Outcome::Delivered(status) => serde_json::json!({
                "state": "DELIVERED", "lastStatus": status, "lastError": "", "nextTime": null, "deliverTime": text(now),
            }),
            Outcome::Later(next, status, error) => serde_json::json!({
                "state": "WAITING", "lastStatus": status, "lastError": error, "nextTime": text(*next),
            }),
            Outcome::Failed(status, error) => serde_json::json!({
                "state": "FAILED", "lastStatus": status, "lastError": error, "nextTime": null,
            }),
        };
        change["attempts"] = attempts.into();
        change["updateTime"] = text(now).into();
        let query = sqlx::query(SETTLE).bind(&claim.name).bind(self.holder).bind(now);
        query.bind(Json(change)).execute(&self.pool).await.map(drop)
    }

    /// Lets a delivery wait for something that is not the endpoint's fault: it costs no attempt.
    pub(crate) async fn postpone(&self, claim: &Claim, until: DateTime<Utc>, why: &str) -> Result<(), sqlx::Error> {
        let query = sqlx::query(POSTPONE).bind(&claim.name).bind(self.holder).bind(text(until)).bind(why);
        query.execute(&self.pool).await.map(drop)
    }

    /// Forgets a delivery that its webhook's owner may not know of.
    pub(crate) async fn forget(&self, claim: &Claim) -> Result<(), sqlx::Error> {
        sqlx::query(FORGET).bind(&claim.name).bind(self.holder).execute(&self.pool).await.map(drop)
    }

    /// Notes that nothing is accepted; for how long that is so.
    pub(crate) async fn failing(&self, webhook: &str) -> Result<Duration, sqlx::Error> {
        let seconds: f64 = sqlx::query_scalar(FAILING).bind(webhook).fetch_one(&self.pool).await?;
        Ok(Duration::from_secs_f64(seconds.max(0.0)))
    }

    /// Notes that something was accepted, or that the webhook begins anew.
    pub(crate) async fn succeeded(&self, webhook: &str) -> Result<(), sqlx::Error> {
        let query = sqlx::query("delete from webhook_failures where webhook = $1").bind(webhook);
        query.execute(&self.pool).await.map(drop)
    }

    /// Removes what is older than it is kept.
    pub(crate) async fn sweep(&self, keep: Duration) -> Result<(), sqlx::Error> {
        for sweep in SWEEPS {
            sqlx::query(sweep).bind(keep.as_secs_f64()).execute(&self.pool).await?;
        }
        Ok(())
    }
}

/// An instant as documents have it.
fn text(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Micros, true)
}

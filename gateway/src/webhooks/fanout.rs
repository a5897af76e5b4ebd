//! Events into the ledger: kept for a replay, and one delivery for each webhook that is told of them; in the transaction
//! of the inbox, so that an event that comes twice is in the ledger once.

use events::{Event, Handler, HandlerError};
use pg::Tx;
use serde::Deserialize;
use sqlx::{PgConnection, PgPool};

/// Keeps the event. Its number grows with the order of the stream, since one gateway at a time takes events in.
const KEEP: &str = "
    insert into webhook_events (event, service, collection, verb, record, version, actor, at, doc, traceparent)
    values ($1, $2, $3, $4, $5, $6, $7, $8, $9::jsonb, $10) returning seq";

/// One delivery for each webhook and event that fit. `$1`, `$2` choose events, `$3` a webhook or none, `$4` the round.
/// A row counts as deleted until the worker knows that the owner may see the record.
const DELIVER: &str = "
    insert into deliveries (name, uid, version, doc, created_at, updated_at, deleted_at, seq, record, round)
    select 'deliveries/' || replace(id.uid::text, '-', ''), id.uid, 1,
        jsonb_build_object(
            'name', 'deliveries/' || replace(id.uid::text, '-', ''), 'uid', id.uid,
            'etag', '1-' || right(id.uid::text, 8), 'webhook', w.name, 'agency', w.agency, 'event', e.event,
            'eventType', e.service || '.' || e.collection || '.' || e.verb, 'cursor', e.seq::text,
            'state', 'WAITING', 'attempts', 0, 'lastStatus', 0, 'lastError', '',
            'nextTime', now.text, 'createTime', now.text, 'updateTime', now.text),
        now.at, now.at, now.at, e.seq, e.record, $4
    from webhook_events e
    join webhooks w on w.deleted_at is null and (w.state = 'ACTIVE' or $3 is not null)
        and (jsonb_exists(w.doc->'eventTypes', e.service || '.' || e.collection || '.' || e.verb)
            or jsonb_exists(w.doc->'eventTypes', e.service || '.' || e.collection || '.*'))
    cross join lateral (select gen_random_uuid() as uid where e.seq is not null and w.name is not null) id
    cross join (select at, to_char(at at time zone 'utc', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"') as text
        from (select clock_timestamp() as at) clock) now
    where e.seq > $1 and e.seq <= $2 and ($3::text is null or w.name = $3)
    order by e.seq";

/// Notes that a webhook is to be told again of what is behind a cursor, up to the last event kept. One replay at a time: a
/// second one that was asked for meanwhile is not begun.
const REPLAY: &str = "
    insert into webhook_replays (webhook, round, after_seq, last_seq)
    select $1, 1 + coalesce((select max(round) from deliveries where webhook = $1), 0), $2,
        coalesce((select max(seq) from webhook_events), 0)
    on conflict (webhook) do nothing";

/// The most deliveries of a webhook that wait before more of a replay is added to them.
const MOST_WAITING: i64 = 500;
/// How many events of a replay are looked at in one step.
const PORTION: i64 = 500;

/// The next portion of a replay that nobody else is at: behind which event, up to which, and whether it is the last.
const NEXT: &str = "
    select r.webhook, r.round, r.after_seq, coalesce(p.upto, r.last_seq), coalesce(p.upto, r.last_seq) >= r.last_seq
    from webhook_replays r
    cross join lateral (select max(seq) as upto from (
        select e.seq from webhook_events e where e.seq > r.after_seq and e.seq <= r.last_seq order by e.seq limit $2) portion) p
    where (select count(*) from (select 1 from deliveries d
        where d.webhook = r.webhook and d.state = 'WAITING' limit $1) waiting) < $1
    order by r.after_seq limit 1 for update of r skip locked";

/// Takes events in.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Fanout;

/// What a webhook's own event says of a replay.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Replayed {
    #[serde(default)]
    replay_cursor: String,
}

impl Handler for Fanout {
    async fn handle(&self, tx: &mut Tx, event: &Event) -> Result<(), HandlerError> {
        let service = event.id.split(':').next().unwrap_or_default();
        // That something is delivered anew is no event to deliver: it would have no end.
        if service == "gateway" && event.kind == "deliveries" {
            return Ok(());
        }
        let kept = sqlx::query_scalar(KEEP).bind(&event.id).bind(service).bind(&event.kind).bind(&event.verb);
        let kept = kept.bind(&event.name).bind(event.version).bind(&event.actor).bind(event.at);
        let seq: i64 = kept.bind(event.doc.get()).bind(&event.traceparent).fetch_one(&mut **tx).await?;
        deliver(tx, seq - 1, seq, None, 0).await?;
        if service == "gateway" && event.kind == "webhooks" && event.verb == "replay" {
            let asked: Replayed = event.document()?;
            let from: i64 = asked.replay_cursor.parse().unwrap_or(0);
            sqlx::query(REPLAY).bind(&event.name).bind(from).execute(&mut **tx).await?;
        }
        Ok(())
    }
}

async fn deliver(
    tx: &mut PgConnection,
    after: i64,
    last: i64,
    webhook: Option<&str>,
    round: i32,
) -> Result<(), sqlx::Error> {
    let insert = sqlx::query(DELIVER).bind(after).bind(last).bind(webhook).bind(round);
    insert.execute(tx).await.map(drop)
}

/// Puts some more events of a replay into the ledger, if there is one whose webhook has not too many waiting. Whether there
/// was. In a transaction of its own: whoever takes new events in does not wait for it.
pub(super) async fn replay(pool: &PgPool) -> Result<bool, sqlx::Error> {
    let mut tx = pg::begin(pool).await.map_err(|fault| sqlx::Error::Protocol(fault.to_string()))?;
    let query = sqlx::query_as(NEXT).bind(MOST_WAITING).bind(PORTION);
    let next: Option<(String, i32, i64, i64, bool)> = query.fetch_optional(&mut *tx).await?;
    let Some((webhook, round, after, upto, is_last)) = next else {
        tx.rollback().await?;
        return Ok(false);
    };
    deliver(&mut tx, after, upto, Some(&webhook), round).await?;
    let step = if is_last {
        sqlx::query("delete from webhook_replays where webhook = $1").bind(&webhook)
    } else {
        sqlx::query("update webhook_replays set after_seq = $2 where webhook = $1").bind(&webhook).bind(upto)
    };
    step.execute(&mut *tx).await?;
    tx.commit().await?;
    Ok(true)
}

//! The record of calls, read: sent to auditors, and held against the audit log.

use super::addresses::Addresses;
use super::block::{Block, COLUMNS};
use chrono::{DateTime, Utc};
use futures::stream::{self, Stream, StreamExt as _, TryStreamExt as _};
use proto::gateway::v1::{ExportCallsRequest, ExportCallsResponse};
use registry::timestamp;
use sqlx::{AssertSqlSafe, PgPool, Row as _};
use std::net::IpAddr;
use tonic::{Code, Status};
use uuid::Uuid;

/// How many blocks are read at once.
const AT_ONCE: i64 = 16;

/// Where a walk over the blocks stands: the keeper and the number of the last one.
type Place = (Uuid, i64);

/// Every call of a time, block by block.
pub(crate) fn export(
    pool: PgPool,
    ask: ExportCallsRequest,
    from: Option<DateTime<Utc>>,
    until: Option<DateTime<Utc>>,
    whence: Option<String>,
) -> impl Stream<Item = Result<ExportCallsResponse, Status>> + Send {
    let pages = stream::try_unfold(Some((Uuid::nil(), 0)), move |place: Option<Place>| {
        let pool = pool.clone();
        async move {
            let Some(place) = place else { return Ok(None) };
            let blocks = page(&pool, place, from, until).await.map_err(|error| Status::from(pg::fault(error)))?;
            let next = blocks.last().map(|last| (last.keeper, last.number));
            Ok::<_, Status>(next.map(|next| (blocks, Some(next))))
        }
    });
    pages
        .map_ok(move |blocks| {
            let lines: Vec<_> =
                blocks.iter().flat_map(|block| calls(block, &ask, from, until, whence.as_deref())).collect();
            stream::iter(lines.into_iter().map(Ok))
        })
        .try_flatten()
        .boxed()
}

async fn page(
    pool: &PgPool,
    after: Place,
    from: Option<DateTime<Utc>>,
    until: Option<DateTime<Utc>>,
) -> Result<Vec<Block>, sqlx::Error> {
    let text = format!(
        "select {COLUMNS} from call_blocks b where (b.keeper, b.number) > ($1, $2) \
         and ($3::timestamptz is null or b.last_at >= $3) and ($4::timestamptz is null or b.first_at < $4) \
         order by b.keeper, b.number limit $5"
    );
    let rows = sqlx::query(AssertSqlSafe(text)).bind(after.0).bind(after.1).bind(from).bind(until).bind(AT_ONCE);
    rows.fetch_all(pool).await?.iter().map(Block::read).collect()
}

/// The digest of an address, by which its calls are found.
///
/// # Errors
/// The database's.
pub(crate) async fn whence(pool: &PgPool, address: IpAddr) -> Result<String, sqlx::Error> {
    Ok(Addresses::of(pool).await?.digest(address))
}

/// The calls of a block that were asked for.
fn calls(
    block: &Block,
    ask: &ExportCallsRequest,
    from: Option<DateTime<Utc>>,
    until: Option<DateTime<Utc>>,
    whence: Option<&str>,
) -> Vec<ExportCallsResponse> {
    let text = |texts: &[String], place: i32| {
        usize::try_from(place).ok().and_then(|place| texts.get(place)).cloned().unwrap_or_default()
    };
    let mut found = Vec::new();
    for n in 0..block.caller.len() {
        let column = (block.method.get(n), block.micros.get(n), block.code.get(n), block.trace.get(n));
        // A block whose columns differ in length was altered; checking tells so.
        let (Some(method), Some(micros), Some(code), Some(trace)) = column else { break };
        let Some(at) = DateTime::from_timestamp_micros(*micros) else { continue };
        let (caller, agency) = (text(&block.callers, block.caller[n]), text(&block.agencies, block.caller[n]));
        let address = block.address.get(n).map_or_else(String::new, |place| text(&block.addresses, *place));
        let record = block.record.get(n).cloned().unwrap_or_default();
        let wanted = from.is_none_or(|from| at >= from)
            && until.is_none_or(|until| at < until)
            && (ask.caller.is_empty() || ask.caller == caller)
            && (ask.agency.is_empty() || ask.agency == agency)
            && (ask.record.is_empty() || ask.record == record)
            && whence.is_none_or(|whence| whence == address);
        if wanted {
            found.push(ExportCallsResponse {
                time: Some(timestamp(at)),
                caller,
                agency,
                method: text(&block.methods, *method),
                outcome: name_of(Code::from(i32::from(*code))),
                trace_id: trace.clone(),
                address,
                record,
            });
        }
    }
    found
}

/// A code's name: `PERMISSION_DENIED`.
fn name_of(code: Code) -> String {
    let google = proto::google::rpc::Code::try_from(code as i32).unwrap_or(proto::google::rpc::Code::Unknown);
    google.as_str_name().to_owned()
}

/// How many calls there are, and what of their blocks is not as the audit log says.
///
/// # Errors
/// The database's.
pub(crate) async fn check(pool: &PgPool) -> Result<(i64, Vec<String>), sqlx::Error> {
    let mut findings = Vec::new();
    let missing = sqlx::query_scalar::<_, String>(
        "select a.name from audit a where a.method = 'calls/keep' and a.name like 'callBlocks/%' and not exists \
         (select from call_blocks b where 'callBlocks/' || b.keeper::text || '/' || b.number::text = a.name) \
         order by a.seq limit 1000",
    );
    findings.extend(missing.fetch_all(pool).await?.into_iter().map(|name| format!("{name} was deleted")));
    let text = format!(
        "select {COLUMNS}, a.reason as seal from call_blocks b left join audit a \
         on a.name = 'callBlocks/' || b.keeper::text || '/' || b.number::text and a.method = 'calls/keep' \
         where (b.keeper, b.number) > ($1, $2) order by b.keeper, b.number limit $3"
    );
    let (mut place, mut calls) = ((Uuid::nil(), 0), 0);
    loop {
        let rows = sqlx::query(AssertSqlSafe(text.clone())).bind(place.0).bind(place.1).bind(AT_ONCE);
        let rows = rows.fetch_all(pool).await?;
        for row in &rows {
            let (block, seal) = (Block::read(row)?, row.try_get::<Option<String>, _>("seal")?);
            let name = format!("callBlocks/{}/{}", block.keeper, block.number);
            match seal {
                None => findings.push(format!("{name} was inserted afterwards")),
                Some(seal) if seal != block.seal() => findings.push(format!("{name} was altered")),
                Some(_) => calls += i64::try_from(block.caller.len()).unwrap_or(0),
            }
            place = (block.keeper, block.number);
        }
        if rows.is_empty() {
            return Ok((calls, findings));
        }
    }
}

//! The record of calls, sent to auditors.

use super::addresses::Addresses;
use super::block::{Block, COLUMNS};
use chrono::{DateTime, Utc};
use futures::stream::{self, Stream, StreamExt as _, TryStreamExt as _};
use proto::gateway::v1::{ExportCallsRequest, ExportCallsResponse};
use registry::timestamp;
use sqlx::{AssertSqlSafe, PgPool};
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
    whence: Option<Whence>,
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
                blocks.iter().flat_map(|block| calls(block, &ask, from, until, whence.as_ref())).collect();
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

/// By which digests the calls from an address are found: its own, and the one that it has as a stranger's.
#[derive(Clone, Debug)]
pub(crate) struct Whence([String; 2]);

/// The digests of an address.
///
/// # Errors
/// The database's.
pub(crate) async fn whence(pool: &PgPool, address: IpAddr) -> Result<Whence, sqlx::Error> {
    let addresses = Addresses::of(pool).await?;
    Ok(Whence([addresses.digest(address), addresses.digest_of_stranger(address)]))
}

/// The calls of a block that were asked for.
fn calls(
    block: &Block,
    ask: &ExportCallsRequest,
    from: Option<DateTime<Utc>>,
    until: Option<DateTime<Utc>>,
    whence: Option<&Whence>,
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
            && whence.is_none_or(|whence| whence.0.contains(&address));
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
                times: block.times.get(n).copied().unwrap_or(1),
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

//! The sealed part of an audit log, row by row with its links: for auditors to check where nobody of ours can help.

use super::row::{self, columns};
use chrono::DateTime;
use futures::Stream;
use proto::registry::v1::{AuditEntry, ExportAuditResponse};
use sqlx::{PgPool, Row as _};
use std::collections::VecDeque;

/// How many rows are read at once.
const AT_ONCE: i64 = 500;

const SEALED: &str = concat!(
    "select audit_chain.position, audit_chain.hash, audit_chain.digest, ",
    columns!(),
    " from audit_chain left join audit on audit.seq = audit_chain.seq
      where audit_chain.position > $1 order by audit_chain.position limit $2"
);

/// Every sealed row of a service's log after a place, in the order of the chain. What is sealed meanwhile is sent too.
pub fn export(
    pool: PgPool,
    service: &'static str,
    after: i64,
) -> impl Stream<Item = Result<ExportAuditResponse, tonic::Status>> + Send + 'static {
    let begin = (pool, after, VecDeque::new());
    futures::stream::try_unfold(begin, move |(pool, mut after, mut waiting)| async move {
        if waiting.is_empty() {
            let rows = sqlx::query(SEALED).bind(after).bind(AT_ONCE).fetch_all(&pool).await.map_err(pg::fault)?;
            for row in &rows {
                let line = line(service, row).map_err(pg::fault)?;
                after = line.position;
                waiting.push_back(line);
            }
        }
        Ok(waiting.pop_front().map(|line| (line, (pool, after, waiting))))
    })
}

fn line(service: &str, row: &sqlx::postgres::PgRow) -> Result<ExportAuditResponse, sqlx::Error> {
    let hash: Vec<u8> = row.try_get("hash")?;
    let digest: Option<Vec<u8>> = row.try_get("digest")?;
    Ok(ExportAuditResponse {
        service: service.to_owned(),
        position: row.try_get("position")?,
        digest: digest.map(hex::encode).unwrap_or_default(),
        seal: hex::encode(hash),
        row: row::read(row)?.map(entry),
    })
}

fn entry(row: chain::Row) -> AuditEntry {
    let [actor, agency, method, record, outcome, reason, trace] = row.texts;
    let time = row.micros.and_then(DateTime::from_timestamp_micros).map(|at| prost_types::Timestamp {
        seconds: at.timestamp(),
        nanos: i32::try_from(at.timestamp_subsec_nanos()).unwrap_or(0),
    });
    AuditEntry {
        number: row.seq,
        time,
        actor,
        agency,
        method,
        record,
        outcome,
        reason,
        trace,
        shown: i32::try_from(row.records.len()).unwrap_or(i32::MAX),
        elevation: row.elevation,
        withheld: row.withheld,
        records: row.records,
        transaction: row.tx.to_string(),
    }
}

//! The audit log, read: who did, read or was refused what, newest first. For auditors, and for people who may know who has
//! read what is kept about them.

use crate::sql::Sql;
use crate::store::Store;
use crate::time::{instant, timestamp};
use crate::token::TokenKey;
use chrono::{DateTime, Utc};
use fault::Fault;
use identity::Called;
use proto::contract::contract;
use proto::policy::v1::Reason;
use proto::registry::v1::{AuditEntry, ListAuditEntriesRequest, ListAuditEntriesResponse};
use sqlx::Row as _;
use sqlx::postgres::PgRow;
use tonic::{Request, Response, Status};

/// How many entries a page has if the caller does not say, and at most.
const PAGE: i64 = 50;
const GREATEST_PAGE: i64 = 1_000;

impl Store {
    /// Reads a page of the audit log, of this service's methods. That it was read is noted in it first.
    ///
    /// # Errors
    /// `INVALID_FIELDS`, `INVALID_PAGE_TOKEN`; the database's.
    pub async fn trail(
        &self,
        request: Request<ListAuditEntriesRequest>,
    ) -> Result<Response<ListAuditEntriesResponse>, Status> {
        let called = Called::of(&request)?.clone();
        let ask = request.into_inner();
        crate::check(&ask)?;
        self.note_read(&called, &ask.record).await?;
        Ok(Response::new(self.entries(&called, &ask).await?))
    }

    async fn entries(&self, called: &Called, ask: &ListAuditEntriesRequest) -> Result<ListAuditEntriesResponse, Fault> {
        let times = format!("{:?} {:?} {}", ask.from_time, ask.until_time, ask.reads_only);
        let question = ["trail", &ask.record, &ask.actor, &ask.agency, &ask.outcome, &times, &called.principal.subject];
        let (before, size) = page_of(self.tokens(), &question, &ask.page_token, ask.page_size)?;
        let mut text = Sql::new(
            "select seq, at, actor, agency, method, name, outcome, reason, trace, elevation, withheld, \
                cardinality(records) as shown from audit where true",
        );
        if !ask.record.is_empty() {
            text.push(" and (name = ").bind(ask.record.clone());
            text.push(" or (records <> '{}' and records @> array[").bind(ask.record.clone()).push("]))");
        }
        for (condition, value) in
            [(" and actor = ", &ask.actor), (" and agency = ", &ask.agency), (" and outcome = ", &ask.outcome)]
        {
            if !value.is_empty() {
                text.push(condition).bind(value.clone());
            }
        }
        for (condition, time, field) in
            [(" and at >= ", &ask.from_time, "fromTime"), (" and at < ", &ask.until_time, "untilTime")]
        {
            if let Some(time) = time {
                let wrong = || Fault::new(Reason::InvalidFields, "1 field is wrong").at(field, "is no instant");
                text.push(condition).bind(instant(time).ok_or_else(wrong)?);
            }
        }
        if ask.reads_only {
            let methods = contract().methods_of(called.method.service());
            let reads: Vec<_> = methods.filter(|method| !method.writes()).map(|method| method.path()).collect();
            text.push(" and method = any (").bind(reads).push(")");
        }
        if let Some(before) = before {
            text.push(" and seq < ").bind(before);
        }
        text.push(" order by seq desc limit ").bind(size + 1);
        let rows = text.query().fetch_all(self.pool()).await.map_err(pg::fault)?;
        let mut entries = rows.iter().map(entry).collect::<Result<Vec<_>, _>>().map_err(pg::fault)?;
        let more = entries.len() as i64 > size;
        entries.truncate(usize::try_from(size).unwrap_or(0));
        let last = entries.last().filter(|_| more).map(|last| last.number.to_be_bytes());
        let next_page_token = last.map(|last| self.tokens().seal(&question, &last)).unwrap_or_default();
        Ok(ListAuditEntriesResponse { entries, next_page_token })
    }

    /// Notes that the caller reads the audit log, before it does.
    ///
    /// # Errors
    /// The database's.
    pub async fn note_read(&self, called: &Called, record: &str) -> Result<(), Fault> {
        let deed = crate::effect::Deed::of(called, "");
        let (name, outcome, at) = (record.to_owned(), crate::audit::OK.to_owned(), self.now());
        let (records, withheld) = (Vec::new(), false);
        self.auditor().note(crate::audit::Note { at, deed, name, records, outcome, withheld }).await
    }
}

impl Store {
    /// A token that says where to go on with a question about the log, good for this question alone.
    pub fn token(&self, question: &[&str], place: &str) -> String {
        self.tokens().seal(question, place.as_bytes())
    }

    /// The place that a token of [`Store::token`] says.
    ///
    /// # Errors
    /// `INVALID_PAGE_TOKEN`: it is none of ours, or of another question.
    pub fn place(&self, question: &[&str], token: &str) -> Result<String, Fault> {
        let place = self.tokens().open(question, token).and_then(|place| String::from_utf8(place).ok());
        place.ok_or_else(|| Fault::new(Reason::InvalidPageToken, "the token is not of this question"))
    }
}

/// The row before which a page begins, none for the first page; and how many rows it has.
pub(crate) fn page_of(
    tokens: &TokenKey,
    question: &[&str],
    token: &str,
    size: i32,
) -> Result<(Option<i64>, i64), Fault> {
    let foreign = || Fault::new(Reason::InvalidPageToken, "the page token is not of this question");
    let before = match token {
        "" => None,
        token => {
            let content = tokens.open(question, token).ok_or_else(foreign)?;
            Some(i64::from_be_bytes(content.try_into().map_err(|_| foreign())?))
        }
    };
    Ok((before, if size == 0 { PAGE } else { i64::from(size).min(GREATEST_PAGE) }))
}

fn entry(row: &PgRow) -> Result<AuditEntry, sqlx::Error> {
    let at: DateTime<Utc> = row.try_get("at")?;
    Ok(AuditEntry {
        number: row.try_get("seq")?,
        time: Some(timestamp(at)),
        actor: row.try_get("actor")?,
        agency: row.try_get("agency")?,
        method: row.try_get("method")?,
        record: row.try_get("name")?,
        outcome: row.try_get("outcome")?,
        reason: row.try_get("reason")?,
        trace: row.try_get("trace")?,
        elevation: row.try_get("elevation")?,
        withheld: row.try_get("withheld")?,
        shown: row.try_get("shown")?,
        ..AuditEntry::default()
    })
}

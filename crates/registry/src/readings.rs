//! Readings: who was given something about a person, for the person's own request. Every record of the service that refers to
//! the person's is the person's too.

use crate::effect::Deed;
use crate::sql::Sql;
use crate::store::Store;
use crate::time::{instant, timestamp};
use crate::trail::page_of;
use chrono::{DateTime, Utc};
use fault::Fault;
use identity::Called;
use proto::contract::{Field, Resource, contract};
use proto::policy::v1::Reason;
use proto::registry::v1::{ListReadingsRequest, ListReadingsResponse, Reading};
use sqlx::Row as _;
use sqlx::postgres::PgRow;
use std::collections::BTreeSet;
use tonic::{Request, Response, Status};

/// How many records a person has at most; more are a mission's or a list's, and no person's.
const MOST_RECORDS: usize = 2_000;
/// Over how many references a record is still the person's: a member's card's replacement.
const STEPS: usize = 3;

impl Store {
    /// Reads a page of who was given something about a person, of this service's records. That it was asked is noted first.
    ///
    /// # Errors
    /// `INVALID_FIELDS`, `INVALID_PAGE_TOKEN`; the database's.
    pub async fn readings(
        &self,
        request: Request<ListReadingsRequest>,
    ) -> Result<Response<ListReadingsResponse>, Status> {
        let called = Called::of(&request)?.clone();
        let ask = request.into_inner();
        crate::check(&ask)?;
        let (deed, outcome, at) = (Deed::of(&called, ""), crate::audit::OK.to_owned(), self.now());
        let (name, records) = (String::new(), ask.records.clone());
        let note = crate::audit::Note { at, deed, name, records, outcome, withheld: false };
        self.auditor().note(note).await?;
        Ok(Response::new(self.readings_of(&called, &ask).await?))
    }

    async fn readings_of(&self, called: &Called, ask: &ListReadingsRequest) -> Result<ListReadingsResponse, Fault> {
        let service = called.method.service();
        let records = self.records_of(service, &ask.records).await?;
        let (wanted, times) = (ask.records.join("\u{1f}"), format!("{:?} {:?}", ask.from_time, ask.until_time));
        let question = ["readings", &wanted, &times, &called.principal.subject];
        let (before, size) = page_of(self.tokens(), &question, &ask.page_token, ask.page_size)?;
        let reads = contract().methods_of(service).filter(|method| method.rule().audited_read);
        let reads: Vec<_> = reads.map(|method| method.path()).collect();
        let mut text = Sql::new(
            "select seq, at, actor, agency, method, reason, elevation, array_append(records, name) as records \
             from audit where outcome = 'OK' and not withheld and method = any (",
        );
        text.bind(reads).push(") and (name = any (").bind(records.clone());
        text.push(") or (records <> '{}' and records && ").bind(records.clone()).push("))");
        for (condition, time, field) in
            [(" and at >= ", &ask.from_time, "fromTime"), (" and at < ", &ask.until_time, "untilTime")]
        {
            if let Some(time) = time {
                let wrong = || Fault::new(Reason::InvalidFields, "1 field is wrong").at(field, "is no instant");
                text.push(condition).bind(instant(time).ok_or_else(wrong)?);
            }
        }
        if let Some(before) = before {
            text.push(" and seq < ").bind(before);
        }
        text.push(" order by seq desc limit ").bind(size + 1);
        let rows = text.query().fetch_all(self.pool()).await.map_err(pg::fault)?;
        let size = usize::try_from(size).unwrap_or(0);
        let own: BTreeSet<&str> = records.iter().map(String::as_str).collect();
        let read = |row: &PgRow| reading(service, &own, row);
        let readings = rows.iter().take(size).map(read).collect::<Result<_, _>>().map_err(pg::fault)?;
        let last = rows.get(size.saturating_sub(1)).filter(|_| rows.len() > size);
        let last: Option<i64> = last.map(|row| row.try_get("seq")).transpose().map_err(pg::fault)?;
        let token = last.map(|last| self.tokens().seal(&question, &last.to_be_bytes()));
        Ok(ListReadingsResponse { readings, next_page_token: token.unwrap_or_default(), records })
    }

    /// These records and those that refer to them, deleted ones too.
    async fn records_of(&self, service: &str, names: &[String]) -> Result<Vec<String>, Fault> {
        let mut found: BTreeSet<String> = names.iter().cloned().collect();
        let mut fresh = names.to_vec();
        for _ in 0..STEPS {
            let mut next = Vec::new();
            for (resource, field) in references(service, &fresh) {
                let (table, json) = (&resource.policy().table, field.descriptor().json_name());
                let mut text = Sql::new("select name from \"");
                text.push(table).push("\" where ");
                if field.descriptor().is_list() {
                    text.push("jsonb_path_exists(doc, '$.").push(json).push("[*] ? (@ == $names[*])', ");
                    text.push("jsonb_build_object('names', to_jsonb(").bind(fresh.clone()).push(")))");
                } else if field.policy().filterable {
                    // Its column has an index, mostly.
                    text.push("\"").push(field.descriptor().name()).push("\" = any (").bind(fresh.clone()).push(")");
                } else {
                    text.push("doc->>'").push(json).push("' = any (").bind(fresh.clone()).push(")");
                }
                text.push(" limit ").bind(i64::try_from(MOST_RECORDS).unwrap_or(i64::MAX));
                let rows = text.query().fetch_all(self.pool()).await.map_err(pg::fault)?;
                for row in &rows {
                    let name: String = row.try_get("name").map_err(pg::fault)?;
                    if found.insert(name.clone()) {
                        next.push(name);
                    }
                }
            }
            let words = "more records refer to these than a person has; name the person's own";
            ::fault::refuse_if(found.len() > MOST_RECORDS, Reason::InvalidFields, words)?;
            if next.is_empty() {
                break;
            }
            fresh = next;
        }
        Ok(found.into_iter().collect())
    }
}

/// The fields of a service's records that can refer to one of these.
fn references(service: &str, names: &[String]) -> Vec<(&'static Resource, &'static Field)> {
    let prefix = |name: &String| name.split_once('/').map(|(collection, _)| collection.to_owned());
    let collections: BTreeSet<String> = names.iter().filter_map(prefix).collect();
    let own = || contract().resources().iter().filter(|resource| resource.service() == service);
    let types: Vec<_> =
        own().filter(|one| collections.contains(one.collection())).map(Resource::resource_type).collect();
    let refers = |field: &&'static Field| field.reference().is_some_and(|kind| types.contains(&kind));
    own().flat_map(|one| one.fields().iter().filter(refers).map(move |field| (one, field))).collect()
}

fn reading(service: &str, own: &BTreeSet<&str>, row: &PgRow) -> Result<Reading, sqlx::Error> {
    let at: DateTime<Utc> = row.try_get("at")?;
    let mut records: Vec<String> = row.try_get("records")?;
    // Whatever else was given on the page is not about this person.
    records.retain(|name| own.contains(name.as_str()));
    records.sort_unstable();
    records.dedup();
    Ok(Reading {
        time: Some(timestamp(at)),
        service: service.to_owned(),
        reader: row.try_get("actor")?,
        agency: row.try_get("agency")?,
        method: row.try_get("method")?,
        records,
        reason: row.try_get("reason")?,
        elevation: row.try_get("elevation")?,
    })
}

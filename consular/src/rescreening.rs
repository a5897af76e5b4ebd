//! A changed list asked about everyone who was looked up before it changed: who has something new there is looked up anew.
//!
//! New is an entry that was not found before, and one that weighs more than when it was found: a date of birth or a passport's
//! number that was corrected. The earlier screening stands as it was decided; the new one names it. A screening has one next at
//! most, so that several processes that notice the same change do not do it twice. Up to which editions of the lists each was
//! compared is kept beside it, and only lists that changed since are asked.

use crate::lists::{Lists, Searched};
use crate::screenings::{Screenings, subject};
use chrono::{DateTime, Utc};
use fault::{Fault, Reason as _};
use identity::{Called, Principal};
use proto::consular::v1::{CreateScreeningRequest, Screening};
use proto::policy::v1::Reason;
use registry::Registry;
use sqlx::Row as _;
use std::collections::BTreeMap;
use std::sync::Arc;
use tonic::{Request, Response, Status};

/// How many screenings are read at a time.
const PAGE: i64 = 500;
/// Screenings that may have a next one, have none, and were not compared with these editions of the lists.
const STANDING: &str = "select s.name, m.editions from screenings s left join screening_marks m on m.screening = s.name
    where s.deleted_at is null and s.state <> 'CONFIRMED' and s.created_at >= $4 and s.name > $1
        and m.editions is distinct from $3
        and not exists (select from screenings next where next.previous = s.name)
    order by s.name limit $2";
const MARK: &str = "insert into screening_marks (screening, editions) select unnest($1::text[]), $2
    on conflict (screening) do update set editions = excluded.editions";

/// Looks up again whom the lists have something new about, of those who were looked up since an instant. How many were.
///
/// # Errors
/// The database's.
pub(crate) async fn again<F>(
    registry: &Registry<Screenings>,
    lists: &Lists,
    now: &Searched,
    since: DateTime<Utc>,
    screen: impl Fn(Request<CreateScreeningRequest>, Screening) -> F,
) -> Result<usize, Fault>
where
    F: Future<Output = Result<Response<Screening>, Status>>,
{
    let pool = registry.store().pool();
    let editions = sqlx::types::Json(now.editions());
    let (mut done, mut after) = (0, String::new());
    loop {
        let rows = sqlx::query(STANDING).bind(&after).bind(PAGE).bind(&editions).bind(since).fetch_all(pool).await;
        let rows = rows.map_err(pg::fault)?;
        let mut names = Vec::with_capacity(rows.len());
        for row in rows {
            let name: String = row.try_get(0).map_err(pg::fault)?;
            let mark: Option<sqlx::types::Json<BTreeMap<String, String>>> = row.try_get(1).map_err(pg::fault)?;
            names.push(name.clone());
            let Some(standing) = registry.load(&name).await? else { continue };
            let compared = mark.map_or_else(|| versions(&standing), |mark| mark.0);
            if has_news(registry, lists, now, &standing, &compared).await? {
                match screen(request(&standing)?, standing).await {
                    Ok(_) => done += 1,
                    // Another process was there first.
                    Err(status) if Fault::from(&status).reason() == Reason::AlreadyExists.name() => {}
                    Err(status) => return Err(Fault::from(&status)),
                }
            }
        }
        let Some(last) = names.last() else { return Ok(done) };
        after.clone_from(last);
        sqlx::query(MARK).bind(&names).bind(&editions).execute(pool).await.map_err(pg::fault)?;
    }
}

/// What the screening itself was compared with.
fn versions(standing: &Screening) -> BTreeMap<String, String> {
    standing.lists.iter().map(|list| (list.list.clone(), list.version.clone())).collect()
}

/// Whether the lists that changed since have a hit that the screening does not, or not as strong.
async fn has_news(
    registry: &Registry<Screenings>,
    lists: &Lists,
    now: &Searched,
    standing: &Screening,
    compared: &BTreeMap<String, String>,
) -> Result<bool, Fault> {
    let editions = now.editions();
    let changed = |list: &str| editions.get(list) != compared.get(list);
    let Some(asked) = &standing.subject else { return Ok(false) };
    let hits = now.hits(registry.store(), &lists.scorer, &subject(asked), changed, false).await?;
    let known = |list: &str, entry: &str| standing.hits.iter().find(|hit| hit.list == list && hit.entry == entry);
    Ok(hits.iter().any(|hit| known(&hit.list, &hit.entry).is_none_or(|known| known.band < hit.band)))
}

/// The same question again, asked by nobody in person.
fn request(standing: &Screening) -> Result<Request<CreateScreeningRequest>, Fault> {
    let path = "/legation.consular.v1.ScreeningService/CreateScreening";
    let (subject, occasion) = (standing.subject.clone(), standing.occasion.clone());
    let screening = Screening { subject, occasion, ..Screening::default() };
    asked_by_nobody(path, CreateScreeningRequest { screening: Some(screening), ..Default::default() })
}

/// A request of our own, by no person: that of a method of the contract.
///
/// # Errors
/// `INTERNAL` if there is no such method.
pub(crate) fn asked_by_nobody<R>(path: &str, ask: R) -> Result<Request<R>, Fault> {
    let missing = || Fault::new(Reason::Internal, "the contract has no such method");
    let method = proto::contract::contract().method(path).ok_or_else(missing)?;
    let mut request = Request::new(ask);
    let principal = Arc::new(Principal::timer("rescreening"));
    request.extensions_mut().insert(Called { principal, method, deadline: None, traceparent: String::new() });
    Ok(request)
}

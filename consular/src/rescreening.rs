//! A changed list asked about everyone who was looked up before it changed: who has a new hit is looked up anew.
//!
//! The earlier screening stands as it was decided; the new one names it. A screening has one next at most, so that several
//! processes that notice the same change do not do it twice.

use crate::lists::Lists;
use crate::screenings::{Screenings, hits, subject, versions};
use fault::{Fault, Reason as _};
use identity::{Called, Principal};
use proto::consular::v1::{CreateScreeningRequest, Screening};
use proto::policy::v1::Reason;
use registry::Registry;
use sqlx::Row as _;
use std::sync::Arc;
use tonic::{Request, Response, Status};

/// How many screenings are read at a time.
const PAGE: i64 = 500;
/// Screenings that may have a next one, and have none.
const STANDING: &str = "select name from screenings s where deleted_at is null and state <> 'CONFIRMED' and name > $1 \
    and not exists (select from screenings next where next.previous = s.name) order by name limit $2";

/// Looks up again whom the lists in force have something new about. How many were.
///
/// # Errors
/// The database's.
pub(crate) async fn again<F>(
    registry: &Registry<Screenings>,
    lists: &Lists,
    screen: impl Fn(Request<CreateScreeningRequest>, String) -> F,
) -> Result<usize, Fault>
where
    F: Future<Output = Result<Response<Screening>, Status>>,
{
    let (mut done, mut after) = (0, String::new());
    loop {
        let rows = sqlx::query(STANDING).bind(&after).bind(PAGE).fetch_all(registry.store().pool()).await;
        let rows = rows.map_err(pg::fault)?;
        let names: Vec<String> = rows.iter().map(|row| row.try_get(0).map_err(pg::fault)).collect::<Result<_, _>>()?;
        let Some(last) = names.last() else { return Ok(done) };
        after.clone_from(last);
        for name in names {
            let Some(standing) = registry.load(&name).await? else { continue };
            if has_news(lists, &standing) {
                match screen(request(standing)?, name).await {
                    Ok(_) => done += 1,
                    // Another process was there first.
                    Err(status) if Fault::from(&status).reason() == Reason::AlreadyExists.name() => {}
                    Err(status) => return Err(Fault::from(&status)),
                }
            }
        }
    }
}

/// Whether the lists in force have a hit that the screening does not.
fn has_news(lists: &Lists, standing: &Screening) -> bool {
    let index = lists.index();
    if versions(&index) == standing.lists {
        return false;
    }
    let Some(asked) = &standing.subject else { return false };
    let known = |list: &str, entry: &str| standing.hits.iter().any(|hit| hit.list == list && hit.entry == entry);
    hits(&index, &lists.scorer, &subject(asked)).iter().any(|hit| !known(&hit.list, &hit.entry))
}

/// The same question again, asked by nobody in person.
fn request(standing: Screening) -> Result<Request<CreateScreeningRequest>, Fault> {
    let path = "/legation.consular.v1.ScreeningService/CreateScreening";
    let missing = || Fault::new(Reason::Internal, "the contract has no method to screen by");
    let method = proto::contract::contract().method(path).ok_or_else(missing)?;
    let screening = Screening { subject: standing.subject, occasion: standing.occasion, ..Screening::default() };
    let mut request = Request::new(CreateScreeningRequest { screening: Some(screening), ..Default::default() });
    let principal = Arc::new(Principal::timer("rescreening"));
    request.extensions_mut().insert(Called { principal, method, deadline: None, traceparent: String::new() });
    Ok(request)
}

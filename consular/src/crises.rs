//! Crises on the consular side: an event, its area, and the list of our people in it.

use crate::crisis_forgetting::{forget, of_crisis};
use crate::crisis_likeness::{explanation, likenesses};
use crate::crisis_persons::CrisisPersons;
use crate::places::{Place, who_is_at};
use chrono::{DateTime, NaiveDate, Utc};
use config::Home;
use fault::{Fault, refuse_if};
use identity::{Called, Principal};
use proto::consular::v1::crisis_service_server::CrisisService;
use proto::consular::v1::{
    CloseCrisisRequest, CollectCrisisPersonsRequest, CreateCrisisRequest, Crisis, CrisisPerson, DuplicatePair,
    FindCrisisDuplicatesRequest, FindCrisisDuplicatesResponse, GetCrisisRequest, ListCrisesRequest, ListCrisesResponse,
    ListCrisisRevisionsRequest, ListCrisisRevisionsResponse, Reason, TallyCrisisRequest, TallyCrisisResponse,
    UpdateCrisisRequest, WatchCrisesRequest, WatchCrisesResponse,
};
use proto::policy::v1::Reason as House;
use registry::{Answer, Call, Feed, Held, Keep, Reader, Registry, Visible, instant};
use sqlx::Row as _;
use std::collections::{BTreeSet, HashMap};
use tonic::{Request, Response};

/// States in which a person's fate is not known, or not as it should be.
const OPEN_FATES: [&str; 3] = ["UNKNOWN", "MISSING", "NEEDS_HELP"];

/// Whoever is not on the roll of a crisis yet.
const ROLL: &str = "insert into crisis_roll (crisis, registration) select $1, name from unnest($2::text[]) t (name)
    on conflict do nothing";

const WAITING: &str = "select count(*) from crisis_roll where crisis = $1 and not listed";

const TALLY: &str = "select state, source, count(*) from crisis_persons where crisis = $1 and deleted_at is null
    and state <> 'MERGED' group by state, source";

/// Live records of one crisis that have the document in common, or the names and the date of birth.
const DUPLICATES: &str = "
    select a.name, b.name from crisis_persons a join crisis_persons b on b.crisis = a.crisis and b.name > a.name
        and a.document_number <> '' and b.document_number = a.document_number
    where a.crisis = $1 and a.state <> 'MERGED' and b.state <> 'MERGED' and a.deleted_at is null and b.deleted_at is null
        and (a.name || ' ' || b.name) collate \"C\" > $2
    union
    select a.name, b.name from crisis_persons a join crisis_persons b on b.crisis = a.crisis and b.name > a.name
        and a.name_key <> '' and b.name_key = a.name_key and a.birth_date <> '' and b.birth_date = a.birth_date
    where a.crisis = $1 and a.state <> 'MERGED' and b.state <> 'MERGED' and a.deleted_at is null and b.deleted_at is null
        and (a.name || ' ' || b.name) collate \"C\" > $2
    order by 1, 2 limit $3";

/// The most pairs of a page, and how many it has if the caller does not say.
const PAIRS: (i64, i64) = (1_000, 50);

/// The crises.
#[derive(Clone, Debug)]
pub struct Crises {
    registry: Registry<Self>,
    persons: Registry<CrisisPersons>,
}

impl Keep for Crises {
    type Record = Crisis;

    /// Our own people; that there is a crisis is no secret to them.
    fn visible(to: &Principal) -> Visible {
        Visible::ours_alone(to)
    }

    fn admit(crisis: &mut Crisis, _: &mut Call) -> Result<(), Fault> {
        Place::area(&crisis.polygon, &crisis.circle).map(drop)
    }

    fn amend(crisis: &mut Crisis, _: &Crisis, _: &mut Call) -> Result<(), Fault> {
        Place::area(&crisis.polygon, &crisis.circle).map(drop)
    }
}

impl Crises {
    /// The crises that a registry keeps, with the people on their lists.
    pub fn new(registry: Registry<Self>, persons: Registry<CrisisPersons>) -> Self {
        Self { registry, persons }
    }

    /// The crisis, if the caller may see it.
    async fn seen<R>(&self, request: &Request<R>, name: &str) -> Result<Crisis, Fault> {
        let found = self.registry.load_for(&Called::of(request)?.principal, name).await?;
        found.ok_or_else(|| Fault::new(House::NotFound, format!("there is no {name}")).with("name", name))
    }

    /// The pairs with what they have in common, as the records are now.
    async fn explained(&self, pairs: &[(String, String)]) -> Result<Vec<DuplicatePair>, Fault> {
        let names: BTreeSet<&str> = pairs.iter().flat_map(|(one, other)| [one.as_str(), other.as_str()]).collect();
        let names: Vec<&str> = names.into_iter().collect();
        let mut known = HashMap::new();
        self.persons.each(&[("name", &names)], |person| drop(known.insert(person.name.clone(), person))).await?;
        let both = pairs.iter().filter_map(|(one, other)| Some((known.get(one)?, known.get(other)?)));
        let pair = |(one, other): (&CrisisPerson, &CrisisPerson)| DuplicatePair {
            person: one.name.clone(),
            other: other.name.clone(),
            likenesses: likenesses(one, other).into_iter().map(Into::into).collect(),
            explanation: explanation(one, other),
        };
        Ok(both.map(pair).collect())
    }
}

#[tonic::async_trait]
impl CrisisService for Crises {
    async fn get_crisis(&self, request: Request<GetCrisisRequest>) -> Answer<Crisis> {
        self.registry.get(request).await
    }

    async fn list_crises(&self, request: Request<ListCrisesRequest>) -> Answer<ListCrisesResponse> {
        self.registry.list(request).await
    }

    async fn create_crisis(&self, request: Request<CreateCrisisRequest>) -> Answer<Crisis> {
        self.registry.create(request).await
    }

    async fn update_crisis(&self, request: Request<UpdateCrisisRequest>) -> Answer<Crisis> {
        self.registry.update(request).await
    }

    async fn collect_crisis_persons(&self, request: Request<CollectCrisisPersonsRequest>) -> Answer<Crisis> {
        self.registry.act_with(request, roll, collect).await
    }

    async fn close_crisis(&self, request: Request<CloseCrisisRequest>) -> Answer<Crisis> {
        self.registry.act_with(request, open_fates, close).await
    }

    async fn tally_crisis(&self, request: Request<TallyCrisisRequest>) -> Answer<TallyCrisisResponse> {
        registry::check(request.get_ref())?;
        let crisis = self.seen(&request, &request.get_ref().name).await?;
        let pool = self.registry.store().pool();
        let waiting: i64 = sqlx::query_scalar(WAITING).bind(&crisis.name).fetch_one(pool).await.map_err(pg::fault)?;
        let rows = sqlx::query(TALLY).bind(&crisis.name).fetch_all(pool).await.map_err(pg::fault)?;
        let (mut listed, mut states, mut sources) = (0, HashMap::new(), HashMap::new());
        for row in &rows {
            let read = || Ok((row.try_get(0)?, row.try_get(1)?, row.try_get(2)?));
            let (state, source, count): (String, String, i64) =
                read().map_err(|error: sqlx::Error| pg::fault(error))?;
            let count = number(count);
            listed += count;
            *states.entry(state).or_default() += count;
            *sources.entry(source).or_default() += count;
        }
        Ok(Response::new(TallyCrisisResponse { listed, waiting: number(waiting), states, sources }))
    }

    async fn find_crisis_duplicates(
        &self,
        request: Request<FindCrisisDuplicatesRequest>,
    ) -> Answer<FindCrisisDuplicatesResponse> {
        let ask = request.get_ref();
        registry::check(ask)?;
        let crisis = self.seen(&request, &ask.name).await?;
        self.registry.audit_read(Called::of(&request)?, ask).await?;
        let size = if ask.page_size > 0 { i64::from(ask.page_size).min(PAIRS.0) } else { PAIRS.1 };
        let query = sqlx::query(DUPLICATES).bind(&crisis.name).bind(&ask.after).bind(size + 1);
        let rows = query.fetch_all(self.registry.store().pool()).await.map_err(pg::fault)?;
        let pair = |row: &sqlx::postgres::PgRow| Ok((row.try_get(0)?, row.try_get(1)?));
        let mut pairs: Vec<(String, String)> =
            rows.iter().map(pair).collect::<Result<_, sqlx::Error>>().map_err(pg::fault)?;
        let more = pairs.len() as i64 > size;
        pairs.truncate(usize::try_from(size).unwrap_or_default());
        Ok(Response::new(FindCrisisDuplicatesResponse { pairs: self.explained(&pairs).await?, more }))
    }

    async fn list_crisis_revisions(
        &self,
        request: Request<ListCrisisRevisionsRequest>,
    ) -> Answer<ListCrisisRevisionsResponse> {
        self.registry.revisions(request).await
    }

    type WatchCrisesStream = Feed<WatchCrisesResponse>;

    async fn watch_crises(&self, request: Request<WatchCrisesRequest>) -> Answer<Self::WatchCrisesStream> {
        self.registry.watch(request).await
    }
}

fn number(count: i64) -> i32 {
    i32::try_from(count).unwrap_or(i32::MAX)
}

/// The day at home on which it began.
pub(crate) fn day_of(crisis: &Crisis, now: DateTime<Utc>, home: &Home) -> NaiveDate {
    let onset = crisis.onset_time.as_ref().and_then(instant).unwrap_or(now);
    onset.with_timezone(&home.timezone).date_naive()
}

/// Puts whoever is registered in the area on the day it began onto the roll.
async fn roll(reader: &mut Reader<'_>, crisis: &Crisis, _: &CollectCrisisPersonsRequest) -> Result<u64, Fault> {
    let place = Place::area(&crisis.polygon, &crisis.circle)?;
    let day = day_of(crisis, reader.now(), reader.home());
    let there = who_is_at(reader.beside(), &place, day).await?;
    let names: Vec<&str> = there.keys().map(String::as_str).collect();
    let put = sqlx::query(ROLL).bind(&crisis.name).bind(&names).execute(reader.beside()).await;
    Ok(put.map_err(pg::fault)?.rows_affected())
}

fn collect(crisis: &mut Crisis, _: CollectCrisisPersonsRequest, new: u64, call: &mut Call) -> Result<(), Fault> {
    crisis.collected = crisis.collected.saturating_add(i32::try_from(new).unwrap_or(i32::MAX));
    crisis.collect_time = Some(call.timestamp());
    Ok(())
}

/// How many people nobody can account for: on the list, or on the roll and not on the list yet.
async fn open_fates(reader: &mut Reader<'_>, crisis: &Crisis, _: &CloseCrisisRequest) -> Result<Open, Fault> {
    let listed = reader.count::<CrisisPerson>(&[("crisis", &[&crisis.name]), ("state", &OPEN_FATES)]).await?;
    let waiting = sqlx::query_scalar(WAITING).bind(&crisis.name).fetch_one(reader.beside()).await;
    let waiting: i64 = waiting.map_err(pg::fault)?;
    Ok((listed + waiting, of_crisis(reader, &crisis.name).await?))
}

/// How many people nobody can account for, and whom nobody needs to know by name any more.
type Open = (i64, Vec<Held<CrisisPersons>>);

fn close(crisis: &mut Crisis, _: CloseCrisisRequest, (open, erased): Open, call: &mut Call) -> Result<(), Fault> {
    refuse_if(open > 0, Reason::CrisisHasUnknown, format!("the fate of {open} people is not known"))?;
    crisis.close_time = Some(call.timestamp());
    forget(erased, call)
}

//! Crises on the consular side: an event, its area, and the list of our people in it.

use crate::places::{Place, who_is_at};
use fault::{Fault, refuse_if};
use identity::{Called, Principal};
use proto::consular::v1::crisis_service_server::CrisisService;
use proto::consular::v1::{
    CloseCrisisRequest, CollectCrisisPersonsRequest, CreateCrisisRequest, Crisis, CrisisPerson, GetCrisisRequest,
    ListCrisesRequest, ListCrisesResponse, ListCrisisRevisionsRequest, ListCrisisRevisionsResponse, Reason,
    TallyCrisisRequest, TallyCrisisResponse, UpdateCrisisRequest,
};
use proto::policy::v1::Reason as House;
use registry::{Answer, Call, Keep, Reader, Registry, Visible, instant};
use sqlx::Row as _;
use std::collections::HashMap;
use tonic::{Request, Response};

/// States in which a person's fate is not known, or not as it should be.
const OPEN_FATES: [&str; 3] = ["UNKNOWN", "MISSING", "NEEDS_HELP"];

/// Whoever is not on the roll of a crisis yet.
const ROLL: &str = "insert into crisis_roll (crisis, registration) select $1, name from unnest($2::text[]) t (name)
    on conflict do nothing";

const WAITING: &str = "select count(*) from crisis_roll where crisis = $1 and not listed";

const TALLY: &str = "select state, source, count(*) from crisis_persons where crisis = $1 and deleted_at is null
    group by state, source";

/// The crises.
#[derive(Clone, Debug)]
pub struct Crises {
    registry: Registry<Self>,
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
    /// The crises that a registry keeps.
    pub fn new(registry: Registry<Self>) -> Self {
        Self { registry }
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
        let name = &request.get_ref().name;
        registry::check(request.get_ref())?;
        let found = self.registry.load_for(&Called::of(&request)?.principal, name).await?;
        let missing = || Fault::new(House::NotFound, format!("there is no {name}")).with("name", name);
        let crisis = found.ok_or_else(missing)?;
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

    async fn list_crisis_revisions(
        &self,
        request: Request<ListCrisisRevisionsRequest>,
    ) -> Answer<ListCrisisRevisionsResponse> {
        self.registry.revisions(request).await
    }
}

fn number(count: i64) -> i32 {
    i32::try_from(count).unwrap_or(i32::MAX)
}

/// Puts whoever is registered in the area onto the roll: on the day it began, or now if that is earlier told of than it comes.
async fn roll(reader: &mut Reader<'_>, crisis: &Crisis, _: &CollectCrisisPersonsRequest) -> Result<u64, Fault> {
    let place = Place::area(&crisis.polygon, &crisis.circle)?;
    let onset = crisis.onset_time.as_ref().and_then(instant).unwrap_or_else(|| reader.now());
    let day = onset.with_timezone(&reader.home().timezone).date_naive();
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
async fn open_fates(reader: &mut Reader<'_>, crisis: &Crisis, _: &CloseCrisisRequest) -> Result<i64, Fault> {
    let listed = reader.count::<CrisisPerson>(&[("crisis", &[&crisis.name]), ("state", &OPEN_FATES)]).await?;
    let waiting = sqlx::query_scalar(WAITING).bind(&crisis.name).fetch_one(reader.beside()).await;
    let waiting: i64 = waiting.map_err(pg::fault)?;
    Ok(listed + waiting)
}

fn close(crisis: &mut Crisis, _: CloseCrisisRequest, open: i64, call: &mut Call) -> Result<(), Fault> {
    refuse_if(open > 0, Reason::CrisisHasUnknown, format!("the fate of {open} people is not known"))?;
    crisis.close_time = Some(call.timestamp());
    Ok(())
}

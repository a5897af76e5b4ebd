//! The roll of a crisis: whoever was found in the area becomes a person on its list, each once, whatever breaks down meanwhile.

use crate::crises::{Crises, day_of};
use crate::crisis_listing::people_of;
use crate::crisis_persons::CrisisPersons;
use crate::errand;
use crate::registrations::Registrations;
use fault::{Fault, Reason as _};
use futures::StreamExt as _;
use proto::consular::v1::crisis_person_service_server::CrisisPersonService as _;
use proto::consular::v1::registration::State;
use proto::consular::v1::{CreateCrisisPersonRequest, Reason};
use registry::{Registry, Store};
use sqlx::Row as _;
use std::sync::Arc;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// How many registrations are taken at once.
const AT_ONCE: i64 = 100;
/// How many of them are worked on side by side.
const SIDE_BY_SIDE: usize = 4;
/// For how long they are one worker's alone.
const HOLD: Duration = Duration::from_secs(60);
/// How often it is looked for more.
const LOOK: Duration = Duration::from_millis(500);
/// The pause after an error.
const AWAY: Duration = Duration::from_secs(5);

const CLAIM: &str = "
    with next as (
        select crisis, registration from crisis_roll where not listed and due_at <= clock_timestamp()
        order by due_at limit $1 for update skip locked)
    update crisis_roll r set due_at = clock_timestamp() + make_interval(secs => $2)
    from next where r.crisis = next.crisis and r.registration = next.registration
    returning r.crisis, r.registration";

const LISTED: &str = "update crisis_roll set listed = true where crisis = $1 and registration = $2";

/// Reads rolls.
#[derive(Clone, Debug)]
pub struct RollCall {
    store: Store,
    crises: Registry<Crises>,
    registrations: Registry<Registrations>,
    persons: CrisisPersons,
}

impl RollCall {
    /// The rolls of a register.
    pub fn new(store: &Store) -> Self {
        let persons = CrisisPersons::new(store.keep());
        Self { store: store.clone(), crises: store.keep(), registrations: store.keep(), persons }
    }

    /// Works until shutdown; what is in hand is finished first.
    pub async fn run(self: Arc<Self>, shutdown: CancellationToken) {
        let mut is_away = false;
        while !shutdown.is_cancelled() {
            let pause = match self.list_some().await {
                Ok(0) => LOOK,
                Ok(_) => continue,
                Err(fault) => {
                    if !is_away {
                        tracing::warn!(error = %fault, "people of a crisis cannot be listed; trying again until they can");
                    }
                    is_away = true;
                    AWAY
                }
            };
            is_away = is_away && pause == AWAY;
            shutdown.run_until_cancelled(tokio::time::sleep(pause)).await;
        }
    }

    /// Lists the people of some registrations that wait for it; how many registrations.
    ///
    /// # Errors
    /// The database's.
    pub async fn list_some(&self) -> Result<usize, Fault> {
        let query = sqlx::query(CLAIM).bind(AT_ONCE).bind(HOLD.as_secs_f64());
        let rows = query.fetch_all(self.store.pool()).await.map_err(pg::fault)?;
        let pair = |row: &sqlx::postgres::PgRow| Ok((row.try_get(0)?, row.try_get(1)?));
        let taken: Vec<(String, String)> =
            rows.iter().map(pair).collect::<Result<_, sqlx::Error>>().map_err(pg::fault)?;
        let count = taken.len();
        let list = |(crisis, registration): (String, String)| async move { self.list(&crisis, &registration).await };
        let work = taken.into_iter().map(list);
        let done: Vec<_> = futures::stream::iter(work).buffer_unordered(SIDE_BY_SIDE).collect().await;
        done.into_iter().collect::<Result<Vec<()>, Fault>>()?;
        Ok(count)
    }

    /// Lists the people of one registration. Who is on the list already, stays on it as recorded.
    async fn list(&self, crisis: &str, registration: &str) -> Result<(), Fault> {
        let known = self.registrations.load(registration).await?;
        // What was erased meanwhile names nobody any more.
        let known = known.filter(|known| known.state() != State::Erased);
        let event = self.crises.load(crisis).await?.unwrap_or_default();
        let day = day_of(&event, self.store.now(), self.store.home());
        for person in known.iter().flat_map(|known| people_of(known, &event, day)) {
            let ask = CreateCrisisPersonRequest { crisis_person: Some(person), ..Default::default() };
            let path = "/legation.consular.v1.CrisisPersonService/CreateCrisisPerson";
            match self.persons.create_crisis_person(errand::request("roll", path, ask)?).await {
                Ok(_) => {}
                Err(status) => {
                    let fault = Fault::from(&status);
                    let settled = [Reason::PersonAlreadyListed.name(), Reason::CrisisClosed.name()];
                    if !settled.contains(&fault.reason()) {
                        return Err(fault);
                    }
                }
            }
        }
        let query = sqlx::query(LISTED).bind(crisis).bind(registration);
        query.execute(self.store.pool()).await.map(drop).map_err(pg::fault)
    }
}

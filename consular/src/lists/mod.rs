//! The watch lists in force: their publications read, kept, and searched as one index.
//!
//! What is in force is what the register says; every process of the service looks there again and again, and rebuilds its
//! index beside the one that is searched. While a publication is broken, nothing changes. What we list ourselves is asked for
//! by every screening as it is committed ([`own`]).

mod cut_off;
mod own;
mod publication;
mod searched;

pub(crate) use cut_off::{GUARD, Size};
pub(crate) use publication::{Publication, Unreadable};
pub(crate) use searched::Searched;

use crate::Screenings;
use arc_swap::ArcSwap;
use fault::Fault;
use proto::consular::v1::watch_list::Format;
use proto::policy::v1::Reason;
use registry::Store;
use screening::{Entry, Index, Live, Scorer, retire};
use sqlx::postgres::{PgListener, PgRow};
use sqlx::{PgPool, Row as _};
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Mutex;
use tokio_util::sync::CancellationToken;

/// How often a process looks whether another has loaded a list, if nothing rings.
const LOOK_AGAIN: Duration = Duration::from_secs(30);
/// Where a change of what we list ourselves rings, in every process.
const RINGS: &str = "legation_own_lists";

/// A list in force: its version and its entries.
type InForce = BTreeMap<String, (String, Arc<Vec<Entry>>)>;

/// The lists in force.
#[derive(Debug)]
pub struct Lists {
    /// How names are compared.
    pub scorer: Arc<Scorer>,
    folder: PathBuf,
    live: Live,
    in_force: Mutex<InForce>,
    /// The lists that have a threshold of their own, in thousandths.
    least: ArcSwap<BTreeMap<String, i32>>,
    own: own::Own,
}

impl Lists {
    /// Lists whose publications are put below this folder. None is in force until [`Lists::refresh`].
    ///
    /// # Errors
    /// The data that names are compared by is not of the form that is expected.
    pub fn below(folder: PathBuf) -> anyhow::Result<Self> {
        let scorer = Arc::new(Scorer::shipped()?);
        let (live, least) = (Live::default(), ArcSwap::default());
        Ok(Self { scorer, folder, live, in_force: Mutex::default(), least, own: own::Own::default() })
    }

    /// Everything that is searched now: the published lists that this process has taken over, and what we list ourselves as it
    /// is committed at this instant.
    ///
    /// # Errors
    /// The database's.
    pub(crate) async fn now(&self, store: &Store) -> Result<Searched, Fault> {
        let own = own::versions(store.pool()).await?;
        let version = own.get(own::LOOKOUTS).map(String::as_str).unwrap_or_default();
        let lookouts = self.own.lookouts(store, &self.scorer, version).await?;
        Ok(Searched { published: self.live.now(), lookouts, own, least: self.least.load_full() })
    }

    /// Reads the publication that lies in a list's folder, apart from everything else that happens.
    ///
    /// # Errors
    /// A file is missing or broken.
    pub(crate) async fn read(&self, list: &str, format: Format, folder: &str) -> Result<Publication, Unreadable> {
        let (list, folder) = (list.to_owned(), self.folder.join(folder));
        let read = tokio::task::spawn_blocking(move || Publication::read(&list, format, &folder)).await;
        read.unwrap_or_else(|error| Err(Unreadable(error.to_string())))
    }

    /// How many entries are new, differ and are gone when these take the place of the list's version in force.
    pub(crate) async fn delta(&self, list: &str, entries: &[Entry]) -> (usize, usize, usize) {
        let in_force = self.in_force.lock().await.get(list).map(|(_, entries)| Arc::clone(entries)).unwrap_or_default();
        let before: BTreeMap<&str, &Entry> = in_force.iter().map(|entry| (entry.reference.as_str(), entry)).collect();
        let now: BTreeSet<&str> = entries.iter().map(|entry| entry.reference.as_str()).collect();
        let known = |entry: &&Entry| before.contains_key(entry.reference.as_str());
        let differs = |entry: &&Entry| before.get(entry.reference.as_str()).is_some_and(|old| old != entry);
        let added = entries.iter().filter(|entry| !known(entry)).count();
        let removed = before.keys().filter(|reference| !now.contains(*reference)).count();
        (added, entries.iter().filter(differs).count(), removed)
    }

    /// Brings the index to what the register says is in force. Searches go on meanwhile, on the index before it. Whether
    /// anything changed.
    ///
    /// # Errors
    /// The database's, and a publication in force that cannot be read.
    pub async fn refresh(self: &Arc<Self>, pool: &PgPool) -> Result<bool, Fault> {
        let mut in_force = self.in_force.lock().await;
        let wanted = wanted(pool).await?;
        let thresholds =
            |(list, wanted): (&String, &Wanted)| Some((list.clone(), wanted.least)).filter(|(_, least)| *least > 0);
        let least: BTreeMap<String, i32> = wanted.iter().filter_map(thresholds).collect();
        let same_least = **self.least.load() == least;
        self.least.store(Arc::new(least));
        if in_force.len() == wanted.len()
            && wanted.iter().all(|(list, new)| in_force.get(list).is_some_and(|(known, _)| *known == new.version))
        {
            return Ok(!same_least);
        }
        let mut next = InForce::new();
        for (list, Wanted { version, format, .. }) in wanted {
            let entries = match in_force.get(&list).filter(|(known, _)| *known == version) {
                Some((_, entries)) => Arc::clone(entries),
                None => Arc::new(kept(pool, &list, &version, format).await?),
            };
            next.insert(list, (version, entries));
        }
        let lists = Arc::clone(self);
        let entries: Vec<Entry> = next.values().flat_map(|(_, entries)| entries.iter().cloned()).collect();
        let versions = next.iter().map(|(list, (version, _))| (list.clone(), version.clone())).collect();
        let build = move || lists.live.replace(Index::of(entries, &lists.scorer).with_versions(versions));
        let broke_off = |error| Fault::new(Reason::Internal, "the index could not be built").caused_by(error);
        let before = tokio::task::spawn_blocking(build).await.map_err(broke_off)?;
        // By itself: it lasts as long as the searches that began on it.
        drop(tokio::task::spawn_blocking(move || retire(before)));
        *in_force = next;
        Ok(true)
    }

    /// Looks again and again until the service stops, and looks up anew whom a change touches: within a second of a change of
    /// what we list ourselves.
    pub async fn follow(self: Arc<Self>, pool: PgPool, screenings: Screenings, shutdown: CancellationToken) {
        let (mut asked, mut bell) = (BTreeMap::new(), None);
        loop {
            tokio::select! {
                () = shutdown.cancelled() => return,
                () = rung(&mut bell, &pool) => {}
            }
            if let Err(fault) = self.refresh(&pool).await {
                tracing::warn!(reason = %fault.reason(), "the watch lists could not be looked up; the ones before are searched");
            }
            match screenings.again_after(&asked).await {
                Ok((editions, screened)) => {
                    if screened > 0 || editions != asked {
                        tracing::info!(screened, "whom the watch lists' change touches was screened again");
                    }
                    asked = editions;
                }
                Err(fault) => {
                    tracing::warn!(reason = %fault.reason(), "screening again broke off; it is taken up later");
                }
            }
        }
    }
}

/// Waits until a change of what we list ourselves rings, or long enough that another process may have loaded a list.
async fn rung(bell: &mut Option<PgListener>, pool: &PgPool) {
    if bell.is_none() {
        *bell = listener(pool).await.ok();
    }
    let broken = match bell {
        Some(bell) => matches!(tokio::time::timeout(LOOK_AGAIN, bell.recv()).await, Ok(Err(_))),
        None => false,
    };
    if broken || bell.is_none() {
        *bell = None;
        tokio::time::sleep(LOOK_AGAIN).await;
    }
}

async fn listener(pool: &PgPool) -> Result<PgListener, sqlx::Error> {
    let mut listener = PgListener::connect_with(pool).await?;
    listener.listen(RINGS).await?;
    Ok(listener)
}

/// A list as the register has it.
struct Wanted {
    version: String,
    format: Format,
    /// Its own threshold in thousandths; 0 for none.
    least: i32,
}

/// The lists in force with their versions, as the register has them.
async fn wanted(pool: &PgPool) -> Result<BTreeMap<String, Wanted>, Fault> {
    let text = "select name, doc->>'version', format, coalesce((doc->>'leastScore')::int, 0) from watch_lists \
        where state = 'CURRENT' and deleted_at is null";
    let rows = sqlx::query(text).fetch_all(pool).await.map_err(pg::fault)?;
    let list = |row: &PgRow| -> Result<(String, Wanted), Fault> {
        let format: String = row.try_get(2).map_err(pg::fault)?;
        let format = Format::from_str_name(&format).unwrap_or_default();
        let (version, least) = (row.try_get(1).map_err(pg::fault)?, row.try_get(3).map_err(pg::fault)?);
        Ok((row.try_get(0).map_err(pg::fault)?, Wanted { version, format, least }))
    };
    rows.iter().map(list).collect()
}

/// The entries of a publication that was loaded.
async fn kept(pool: &PgPool, list: &str, version: &str, format: Format) -> Result<Vec<Entry>, Fault> {
    let text = "select file, content from publications where version = $1";
    let rows = sqlx::query(text).bind(version).fetch_all(pool).await.map_err(pg::fault)?;
    let file = |row: &PgRow| -> Result<(String, Vec<u8>), Fault> {
        Ok((row.try_get(0).map_err(pg::fault)?, row.try_get(1).map_err(pg::fault)?))
    };
    let files: BTreeMap<String, Vec<u8>> = rows.iter().map(file).collect::<Result<_, Fault>>()?;
    let list = list.to_owned();
    let read = tokio::task::spawn_blocking(move || Publication::of(&list, format, files)).await;
    let unreadable = |what: String| Fault::new(Reason::Internal, format!("a list in force cannot be read: {what}"));
    let publication = read.map_err(|error| unreadable(error.to_string()))?.map_err(|error| unreadable(error.0))?;
    Ok(publication.entries)
}

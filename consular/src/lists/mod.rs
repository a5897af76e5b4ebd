//! The watch lists in force: their publications read, kept, and searched as one index.
//!
//! What is in force is what the register says; every process of the service looks there again and again, and rebuilds its
//! index beside the one that is searched. While a publication is broken, nothing changes.

mod publication;

pub(crate) use publication::{Publication, Unreadable};

use crate::Screenings;
use crate::screening::{Entry, Index, Live, Scorer};
use fault::Fault;
use proto::consular::v1::watch_list::Format;
use proto::policy::v1::Reason;
use sqlx::postgres::PgRow;
use sqlx::{PgPool, Row as _};
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Mutex;
use tokio_util::sync::CancellationToken;

/// How often a process looks whether another has loaded a list.
const LOOK_AGAIN: Duration = Duration::from_secs(30);

/// A list in force: its version and its entries.
type InForce = BTreeMap<String, (String, Arc<Vec<Entry>>)>;

/// The lists in force.
#[derive(Debug)]
pub struct Lists {
    /// How names are compared.
    pub scorer: Scorer,
    folder: PathBuf,
    live: Live,
    in_force: Mutex<InForce>,
}

impl Lists {
    /// Lists whose publications are put below this folder. None is in force until [`Lists::refresh`].
    ///
    /// # Errors
    /// The data that names are compared by is not of the form that is expected.
    pub fn below(folder: PathBuf) -> anyhow::Result<Self> {
        Ok(Self { scorer: Scorer::shipped()?, folder, live: Live::default(), in_force: Mutex::default() })
    }

    /// The index as it is now.
    pub(crate) fn index(&self) -> Arc<Index> {
        self.live.now()
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
        if in_force.len() == wanted.len()
            && wanted.iter().all(|(list, (version, _))| in_force.get(list).is_some_and(|(known, _)| known == version))
        {
            return Ok(false);
        }
        let mut next = InForce::new();
        for (list, (version, format)) in wanted {
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
        tokio::task::spawn_blocking(build).await.map_err(broke_off)?;
        *in_force = next;
        Ok(true)
    }

    /// Looks again and again until the service stops, and looks up anew whom a change touches.
    pub async fn follow(self: Arc<Self>, pool: PgPool, screenings: Screenings, shutdown: CancellationToken) {
        let mut asked = BTreeMap::new();
        loop {
            tokio::select! {
                () = shutdown.cancelled() => return,
                () = tokio::time::sleep(LOOK_AGAIN) => {}
            }
            if let Err(fault) = self.refresh(&pool).await {
                tracing::warn!(reason = %fault.reason(), "the watch lists could not be looked up; the ones before are searched");
            }
            let versions = self.index().versions().clone();
            if versions == asked {
                continue;
            }
            match screenings.again().await {
                Ok(screened) => {
                    tracing::info!(screened, "whom the watch lists' change touches was screened again");
                    asked = versions;
                }
                Err(fault) => {
                    tracing::warn!(reason = %fault.reason(), "screening again broke off; it is taken up later")
                }
            }
        }
    }
}

/// The lists in force with their versions, as the register has them.
async fn wanted(pool: &PgPool) -> Result<BTreeMap<String, (String, Format)>, Fault> {
    let text = "select name, doc->>'version', format from watch_lists where state = 'CURRENT' and deleted_at is null";
    let rows = sqlx::query(text).fetch_all(pool).await.map_err(pg::fault)?;
    let list = |row: &PgRow| -> Result<(String, (String, Format)), Fault> {
        let format: String = row.try_get(2).map_err(pg::fault)?;
        let format = Format::from_str_name(&format).unwrap_or_default();
        Ok((row.try_get(0).map_err(pg::fault)?, (row.try_get(1).map_err(pg::fault)?, format)))
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

//! What we list ourselves beside the published lists: our lookouts, and travel documents that are out of use.
//!
//! Lookouts are some thousands of names in a small index of their own, beside that of a million: a change builds the small one
//! anew. Documents are found in the database by their number, however many they are. Both are asked for by every screening as
//! they are committed at that instant, in any process; the version that a screening keeps is read before what it stands for, so
//! that it never promises what was not looked at.

use crate::lookouts::{self, Lookouts};
use fault::Fault;
use proto::policy::v1::Reason;
use registry::Store;
use screening::{Entry, Index, Kind, Live, Scorer, Subject, document, document_alike};
use sqlx::postgres::PgRow;
use sqlx::{PgPool, Row as _};
use std::collections::BTreeMap;
use std::sync::Arc;
use tokio::sync::Mutex;

/// The list of our own lookouts, as hits name it.
pub(crate) const LOOKOUTS: &str = "lookouts";
/// The list of travel documents that are out of use, as hits name it.
pub(crate) const DOCUMENTS: &str = "documents";

/// Documents that are out of use and may have one of the numbers: ours, and other states'.
const STOPPED: &str = "select name, number, state, null as issuer from travel_documents
        where document_alike(number) = any ($1) and state in ('LOST', 'STOLEN', 'REVOKED') and deleted_at is null
    union all
    select name, number, state, null from visas
        where document_alike(number) = any ($1) and state in ('LOST', 'STOLEN') and deleted_at is null
    union all
    select name, number, replace(state, 'REPORTED_', ''), null from emergency_travel_documents
        where document_alike(number) = any ($1) and state in ('REPORTED_LOST', 'REPORTED_STOLEN') and deleted_at is null
    union all
    select name, number, loss, issuer from reported_documents
        where number_alike = any ($1) and state = 'REPORTED' and deleted_at is null";

/// The lookouts in force, as one index.
#[derive(Debug, Default)]
pub(super) struct Own {
    live: Live,
    /// Held while the index is built anew.
    building: Mutex<()>,
}

/// The versions of what we keep ourselves, as they are committed.
///
/// # Errors
/// The database's.
pub(super) async fn versions(pool: &PgPool) -> Result<BTreeMap<String, String>, Fault> {
    let rows = sqlx::query("select list, version::text from own_lists").fetch_all(pool).await.map_err(pg::fault)?;
    let version = |row: &PgRow| Ok((row.try_get(0).map_err(pg::fault)?, row.try_get(1).map_err(pg::fault)?));
    rows.iter().map(version).collect()
}

impl Own {
    /// The index of the lookouts of this version, or of a later one.
    ///
    /// # Errors
    /// The database's.
    pub(super) async fn lookouts(
        &self,
        store: &Store,
        scorer: &Arc<Scorer>,
        version: &str,
    ) -> Result<Arc<Index>, Fault> {
        let known = |index: &Index| index.versions().get(LOOKOUTS).is_some_and(|known| known == version);
        let index = self.live.now();
        if known(&index) {
            return Ok(index);
        }
        let _alone = self.building.lock().await;
        let index = self.live.now();
        if known(&index) {
            return Ok(index);
        }
        // Whoever was here before may have built a later one than was asked for; what is built now is newer than both.
        let version = versions(store.pool()).await?.remove(LOOKOUTS).unwrap_or_default();
        let mut entries = Vec::new();
        let each = |lookout| entries.push(lookouts::entry(lookout, LOOKOUTS));
        store.keep::<Lookouts>().each(&[("state", &lookouts::IN_FORCE)], each).await?;
        let scorer = Arc::clone(scorer);
        let build = move || Index::of(entries, &scorer).with_versions(BTreeMap::from([(LOOKOUTS.into(), version)]));
        let broke_off =
            |error| Fault::new(Reason::Internal, "the index of lookouts could not be built").caused_by(error);
        self.live.replace(tokio::task::spawn_blocking(build).await.map_err(broke_off)?);
        Ok(self.live.now())
    }
}

/// Documents that are out of use and have one of the subject's numbers, or one that is taken for it, as entries without a name.
///
/// # Errors
/// The database's.
pub(super) async fn documents(store: &Store, subject: &Subject) -> Result<Vec<Entry>, Fault> {
    let numbers: Vec<String> =
        subject.documents.iter().map(|number| document_alike(number)).filter(|number| number.len() > 3).collect();
    if numbers.is_empty() {
        return Ok(Vec::new());
    }
    let rows = sqlx::query(STOPPED).bind(&numbers).fetch_all(store.pool()).await.map_err(pg::fault)?;
    let entry = |row: &PgRow| -> Result<Entry, Fault> {
        let (name, number): (String, String) = (row.try_get(0).map_err(pg::fault)?, row.try_get(1).map_err(pg::fault)?);
        let (fate, issuer): (String, Option<String>) =
            (row.try_get(2).map_err(pg::fault)?, row.try_get(3).map_err(pg::fault)?);
        Ok(Entry {
            names: Vec::new(),
            documents: vec![document(&number)],
            nationalities: vec![issuer.unwrap_or_else(|| store.home().state.clone())],
            programmes: vec![fate],
            ..Entry::new(DOCUMENTS, name, Kind::Person, "")
        })
    };
    rows.iter().map(entry).collect()
}

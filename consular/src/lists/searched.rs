//! Everything that is searched at one instant: the published lists, our lookouts, the documents that are out of use.

use crate::lists::own::{self, DOCUMENTS, LOOKOUTS};
use fault::Fault;
use proto::consular::v1::hit::Band as BandCode;
use proto::consular::v1::{Feature, Hit, ListVersion};
use registry::Store;
use screening::{self as engine, Band, Index, Scorer};
use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::sync::Arc;

/// The most hits that are kept of the published lists, of lookouts and of documents, each.
const MOST_HITS: usize = 50;

/// The lists as they are at one instant. What is committed later is not in it, save for documents, which are asked for by number.
#[derive(Debug)]
pub(crate) struct Searched {
    pub(super) published: Arc<Index>,
    pub(super) lookouts: Arc<Index>,
    /// The versions of what we keep ourselves.
    pub(super) own: BTreeMap<String, String>,
    /// The lists that have a threshold of their own, in thousandths.
    pub(super) least: Arc<BTreeMap<String, i32>>,
}

impl Searched {
    /// Whether a published list is in force; without one nobody can be said to be clear.
    pub(crate) fn is_in_force(&self) -> bool {
        !self.published.versions().is_empty()
    }

    /// The lists that are searched, with their versions.
    pub(crate) fn versions(&self) -> Vec<ListVersion> {
        let version =
            |(list, version): (&String, &String)| ListVersion { list: list.clone(), version: version.clone() };
        self.own.iter().chain(self.published.versions()).map(version).collect()
    }

    /// The same, with the thresholds that decide what is a hit beside the versions: whoever was compared with one edition has
    /// no other hits until the next.
    pub(crate) fn editions(&self) -> BTreeMap<String, String> {
        let versions = self.own.iter().chain(self.published.versions());
        let edition = |(list, version): (&String, &String)| match self.least.get(list) {
            None => (list.clone(), version.clone()),
            Some(least) => (list.clone(), format!("{version} from {least}")),
        };
        versions.map(edition).collect()
    }

    /// What the lists of `which` have of a subject, the closest first, each hit with its list's version and its reasons. A faint
    /// likeness is for who searches by hand; it keeps nobody from a visa.
    ///
    /// # Errors
    /// The database's.
    pub(crate) async fn hits(
        &self,
        store: &Store,
        scorer: &Scorer,
        subject: &engine::Subject,
        which: impl Fn(&str) -> bool + Send + Sync,
        faint: bool,
    ) -> Result<Vec<Hit>, Fault> {
        let stopped = if which(DOCUMENTS) { own::documents(store, subject).await? } else { Vec::new() };
        let stopped = Index::of(stopped, scorer);
        let mut found = stopped.search(scorer, subject, MOST_HITS);
        if which(LOOKOUTS) {
            found.extend(self.lookouts.search(scorer, subject, MOST_HITS));
        }
        if self.published.versions().keys().any(|list| which(list)) {
            let published = self.published.search(scorer, subject, MOST_HITS);
            found.extend(published.into_iter().filter(|hit| which(&hit.entry.list)));
        }
        let mut hits: Vec<Hit> = found.into_iter().map(|hit| self.told(hit)).collect();
        hits.retain(|hit| faint || self.counts(hit));
        hits.sort_by_key(|hit| Reverse(hit.score));
        Ok(hits)
    }

    /// Whether it is a hit by its list's own threshold, or by the house's.
    fn counts(&self, hit: &Hit) -> bool {
        let numbered = hit.features.iter().any(|feature| feature.feature.starts_with("document"));
        let likely = self.least.get(&hit.list).map_or(hit.band() != BandCode::Weak, |least| hit.score >= *least);
        numbered || likely
    }

    /// As it is kept. Of a lookout neither its names nor what it is for: they are read from the lookout, by who may.
    fn told(&self, hit: engine::Hit<'_>) -> Hit {
        #[expect(clippy::cast_possible_truncation, reason = "scores and log-odds are small")]
        let thousandths = |value: f64| (value * 1000.0).round() as i32;
        let feature = |feature: engine::Feature| Feature {
            feature: feature.name.to_owned(),
            contribution: thousandths(feature.contribution),
        };
        let entry = hit.entry;
        let version = self.own.get(&entry.list).or_else(|| self.published.versions().get(&entry.list));
        let confidential = entry.list == LOOKOUTS;
        Hit {
            list: entry.list.clone(),
            version: version.cloned().unwrap_or_default(),
            entry: entry.reference.clone(),
            matched_name: if confidential { String::new() } else { hit.name.to_owned() },
            score: thousandths(hit.score),
            band: match hit.band {
                Band::Strong => BandCode::Strong,
                Band::Possible => BandCode::Possible,
                Band::Weak => BandCode::Weak,
            }
            .into(),
            programmes: if confidential { Vec::new() } else { entry.programmes.clone() },
            features: hit.features.into_iter().map(feature).collect(),
            ..Hit::default()
        }
    }
}

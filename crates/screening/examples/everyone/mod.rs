//! What comparing a subject with every name there is finds: slow, and blind to nothing.

use screening::{Entry, Folded, Index, Kind, Scorer, Subject};
use std::collections::BTreeMap;

/// Every name of every entry, as names are compared.
pub(crate) struct Everyone {
    /// The number of the entry, whether it is a person, and the name.
    names: Vec<(usize, bool, Folded)>,
}

/// An entry that comparing with everyone finds.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Alike {
    /// How alike the closest of its names is.
    pub(crate) score: f64,
    /// Whether the index finds the entry.
    pub(crate) found: bool,
}

impl Everyone {
    pub(crate) fn new(entries: &[Entry], scorer: &Scorer) -> Self {
        let names = entries.iter().enumerate().flat_map(|(number, entry)| {
            let folded = move |name: &String| (number, is_person(entry.kind), scorer.folded(name, entry.kind));
            entry.names.iter().map(folded)
        });
        Self { names: names.collect() }
    }

    /// Every entry of which a name is at least so alike, and whether the index of these entries finds it.
    pub(crate) fn alike(
        &self,
        entries: &[Entry],
        index: &Index,
        scorer: &Scorer,
        subject: &Subject,
        least: f64,
    ) -> Vec<Alike> {
        let asked = scorer.folded(&subject.names[0], subject.kind);
        let mut best: BTreeMap<usize, f64> = BTreeMap::new();
        for (entry, _, name) in self.names.iter().filter(|(_, person, _)| *person == is_person(subject.kind)) {
            let (score, _) = scorer.compare(&asked, name, subject.kind);
            if score >= least {
                let known = best.entry(*entry).or_insert(score);
                *known = known.max(score);
            }
        }
        let hits = index.search(scorer, subject, usize::MAX);
        let found = |entry: &Entry| {
            hits.iter().any(|hit| (&hit.entry.list, &hit.entry.reference) == (&entry.list, &entry.reference))
        };
        best.into_iter().map(|(entry, score)| Alike { score, found: found(&entries[entry]) }).collect()
    }
}

fn is_person(kind: Kind) -> bool {
    kind == Kind::Person
}

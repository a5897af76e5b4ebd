//! What speaks for or against a hit beside the name: documents, dates of birth, nationality, sex.

use crate::screening::birth::Relation;
use crate::screening::entry::document;
use crate::screening::{Entry, Feature, Subject};
use serde::Deserialize;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Weights {
    birth_exact: f64,
    birth_swapped: f64,
    birth_near: f64,
    birth_conflict: f64,
    nationality: f64,
    nationality_conflict: f64,
    sex_conflict: f64,
}

/// What was found beside the name.
#[derive(Debug, Default)]
pub(super) struct Evidence {
    pub(super) features: Vec<Feature>,
    /// A document's number is the same: who is meant is beyond doubt.
    pub(super) document: bool,
    /// Something beside the name agrees: a document, a date of birth, a nationality.
    pub(super) corroborated: bool,
}

impl Evidence {
    pub(super) fn of(subject: &Subject, entry: &Entry, weights: &Weights) -> Self {
        let mut found = Self::default();
        found.document = subject.documents.iter().any(|number| entry.documents.contains(&document(number)));
        found.corroborated = found.document;
        if found.document {
            found.add("document", 0.0);
        }
        let births = subject.birth.iter().flat_map(|birth| entry.births.iter().map(|listed| birth.relation(listed)));
        match births.max() {
            Some(Relation::Exact) => found.agrees("birth_exact", weights.birth_exact),
            Some(Relation::Swapped) => found.agrees("birth_swapped", weights.birth_swapped),
            Some(Relation::Near) => found.agrees("birth_near", weights.birth_near),
            Some(Relation::Conflict) => found.add("birth_conflict", weights.birth_conflict),
            None => {}
        }
        if !subject.nationalities.is_empty() && !entry.nationalities.is_empty() {
            if subject.nationalities.iter().any(|country| entry.nationalities.contains(country)) {
                found.agrees("nationality", weights.nationality);
            } else {
                found.add("nationality_conflict", weights.nationality_conflict);
            }
        }
        if subject.sex.zip(entry.sex).is_some_and(|(one, other)| one != other) {
            found.add("sex_conflict", weights.sex_conflict);
        }
        found
    }

    fn add(&mut self, name: &'static str, contribution: f64) {
        self.features.push(Feature { name, value: 1.0, contribution });
    }

    fn agrees(&mut self, name: &'static str, contribution: f64) {
        self.corroborated = true;
        self.add(name, contribution);
    }
}

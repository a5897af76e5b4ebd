//! What speaks for or against a hit beside the name: documents, dates of birth, nationality, sex.

use crate::birth::Relation;
use crate::entry::{document, document_alike};
use crate::{Entry, Feature, Subject};
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
    /// A number is the same but for letters and digits that are taken for one another; or it is the same, and no one but
    /// the state that issued the document could say whose it is, which is not the subject's.
    pub(super) document_alike: bool,
    /// Something beside the name agrees: a document, a date of birth, a nationality.
    pub(super) corroborated: bool,
}

impl Evidence {
    pub(super) fn of(subject: &Subject, entry: &Entry, weights: &Weights) -> Self {
        let mut found = Self::default();
        let (same, alike) = documents(subject, entry);
        // States number their documents each by itself: of a document alone, with nobody's name, the state must fit too.
        let elsewhere = entry.names.is_empty() && nationalities(subject, entry) == Some(false);
        found.document = same && !elsewhere;
        found.document_alike = (same || alike) && !found.document;
        found.corroborated = found.document || found.document_alike;
        if found.corroborated {
            found.add(if found.document { "document" } else { "document_alike" }, 0.0);
        }
        let births = subject.birth.iter().flat_map(|birth| entry.births.iter().map(|listed| birth.relation(listed)));
        match births.max() {
            Some(Relation::Exact) => found.agrees("birth_exact", weights.birth_exact),
            Some(Relation::Swapped) => found.agrees("birth_swapped", weights.birth_swapped),
            Some(Relation::Near) => found.agrees("birth_near", weights.birth_near),
            Some(Relation::Conflict) => found.add("birth_conflict", weights.birth_conflict),
            None => {}
        }
        match nationalities(subject, entry) {
            Some(true) => found.agrees("nationality", weights.nationality),
            Some(false) => found.add("nationality_conflict", weights.nationality_conflict),
            None => {}
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

/// Whether a nationality is the same; none if either side has none.
fn nationalities(subject: &Subject, entry: &Entry) -> Option<bool> {
    let known = !subject.nationalities.is_empty() && !entry.nationalities.is_empty();
    known.then(|| subject.nationalities.iter().any(|country| entry.nationalities.contains(country)))
}

/// Whether the number of a document is the same, and whether one may be read as one.
fn documents(subject: &Subject, entry: &Entry) -> (bool, bool) {
    if entry.documents.is_empty() {
        return (false, false);
    }
    let same = |number: &String| entry.documents.contains(&document(number));
    let alike = |number: &String| {
        let number = document_alike(number);
        !number.is_empty() && entry.documents.iter().any(|listed| document_alike(listed) == number)
    };
    (subject.documents.iter().any(same), subject.documents.iter().any(alike))
}

//! The forms of diplomatic correspondence: which parts a kind of paper has, and its words by language. Data, read once.

use anyhow::{Context as _, ensure};
use proto::accreditation::v1::mission;
use proto::accreditation::v1::note_verbale::Type;
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

/// The shipped forms. A test reads them too, so that this never fails.
static SHIPPED: LazyLock<Forms> = LazyLock::new(|| {
    Forms::read(include_str!("../../data/papers/notes.toml")).expect("a test reads the shipped forms")
});

/// The forms.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Forms {
    form: BTreeMap<String, Form>,
    language: BTreeMap<String, Language>,
}

/// The parts of a kind of paper.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Form {
    parts: BTreeSet<Part>,
}

/// A part that a paper may have.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq, PartialOrd, Ord)]
#[serde(rename_all = "lowercase")]
pub(super) enum Part {
    Letterhead,
    Number,
    Opening,
    Close,
    Salutation,
    Seal,
    Signature,
    Addressee,
}

/// The words of a language.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Language {
    pub(super) ministry: String,
    pub(super) number: String,
    pub(super) reply: String,
    pub(super) opening: String,
    pub(super) close: String,
    pub(super) salutation: String,
    pub(super) farewell: String,
    pub(super) place: String,
    pub(super) date: String,
    pub(super) to: String,
    /// All missions, as an addressee, and as the closing courtesy names them.
    pub(super) everyone: String,
    pub(super) everyone_office: String,
    pub(super) initials: String,
    pub(super) seal: String,
    pub(super) draft: String,
    pub(super) withdrawn: String,
    pub(super) specimen: String,
    pub(super) translation: String,
    pub(super) copy: String,
    pub(super) months: Vec<String>,
    office: BTreeMap<String, String>,
    title: BTreeMap<String, String>,
}

impl Forms {
    pub(super) fn shipped() -> &'static Self {
        &SHIPPED
    }

    fn read(text: &str) -> anyhow::Result<Self> {
        let forms: Self = toml::from_str(text)?;
        let types = (1..).map_while(|number| Type::try_from(number).ok()).map(|known| known.as_str_name());
        let offices = (1..).map_while(|number| mission::Type::try_from(number).ok()).map(|known| known.as_str_name());
        let (types, offices): (Vec<_>, Vec<_>) = (types.collect(), offices.collect());
        for known in &types {
            ensure!(forms.form.contains_key(*known), "{known} has no form");
        }
        ensure!(forms.form.len() == types.len(), "a form is of no kind of paper");
        for (name, language) in &forms.language {
            ensure!(language.months.len() == 12, "{name} has not twelve months");
            for known in &types {
                language.title.get(*known).with_context(|| format!("{name} has no title for {known}"))?;
            }
            for known in &offices {
                language.office.get(*known).with_context(|| format!("{name} has no word for {known}"))?;
            }
        }
        ensure!(forms.language.contains_key("en"), "papers in languages without forms are labelled in English");
        Ok(forms)
    }

    /// The forms of a language: of `fr-CA` those of `fr`.
    pub(super) fn language(&self, tag: &str) -> Option<&Language> {
        self.language.get(tag).or_else(|| self.language.get(tag.split('-').next()?))
    }

    /// The forms of a language, or of English where we have none of it.
    pub(super) fn language_or_english(&self, tag: &str) -> &Language {
        self.language(tag).unwrap_or_else(|| &self.language["en"])
    }

    /// Whether a kind of paper has a part.
    pub(super) fn has(&self, kind: Type, part: Part) -> bool {
        self.form.get(kind.as_str_name()).is_some_and(|form| form.parts.contains(&part))
    }
}

impl Language {
    /// A kind of paper's title; empty if it has none.
    pub(super) fn title(&self, kind: Type) -> &str {
        self.title.get(kind.as_str_name()).map_or("", String::as_str)
    }

    /// A kind of mission, as the closing courtesy names it.
    pub(super) fn office(&self, kind: mission::Type) -> &str {
        self.office.get(kind.as_str_name()).map_or("", String::as_str)
    }
}

/// Whether we have the forms of this language.
pub(crate) fn speaks(language: &str) -> bool {
    SHIPPED.language(language).is_some()
}

/// Words with what stands for `{name}` put in, in one pass: what is put in is not looked at again.
pub(super) fn filled(words: &str, with: &[(&str, &str)]) -> String {
    let mut filled = String::with_capacity(words.len());
    let mut rest = words;
    while let Some((before, after)) = rest.split_once('{') {
        let Some((name, after)) = after.split_once('}') else { break };
        filled.push_str(before);
        filled.push_str(with.iter().find(|(known, _)| *known == name).map_or("", |(_, value)| value));
        rest = after;
    }
    filled + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shipped_forms_are_whole() {
        Forms::read(include_str!("../../data/papers/notes.toml")).unwrap();
    }

    #[test]
    fn words_are_filled_once() {
        assert_eq!(filled("No. {number} of {year}", &[("number", "{year}"), ("year", "2026")]), "No. {year} of 2026");
        assert_eq!(filled("{unknown}{", &[]), "{");
    }

    #[test]
    fn a_regional_language_has_the_forms_of_its_language() {
        assert!(speaks("fr-CA") && speaks("en") && !speaks("tlh"));
    }
}

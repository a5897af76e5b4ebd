//! The grounds on which a visa is refused, in the words of the standard form (Visa Code, art. 32(1) and annex VI).

use anyhow::ensure;
use proto::consular::v1::visa_application::RefusalGround;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::sync::LazyLock;

/// The shipped form. A test reads it too, so that this never fails.
static SHIPPED: LazyLock<Form> =
    LazyLock::new(|| Form::read(include_str!("../../data/visa/grounds.toml")).expect("a test reads the shipped form"));

/// The standard form's grounds.
#[derive(Clone, Debug)]
pub struct Form(BTreeMap<i32, Ground>);

/// A ground.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq)]
#[serde(deny_unknown_fields)]
pub struct Ground {
    /// Its words.
    pub words: String,
    /// Where it stands: `art. 32(1)(a)(i)`.
    pub article: String,
}

impl Form {
    /// The shipped form.
    pub fn shipped() -> &'static Self {
        &SHIPPED
    }

    fn read(text: &str) -> anyhow::Result<Self> {
        let mut file: BTreeMap<String, Ground> = toml::from_str(text)?;
        let all = (1..).map_while(|number| RefusalGround::try_from(number).ok());
        let form: BTreeMap<_, _> =
            all.filter_map(|ground| Some((i32::from(ground), file.remove(ground.as_str_name())?))).collect();
        ensure!(file.is_empty(), "grounds that the contract does not know: {file:?}");
        let known = (1..).map_while(|number| RefusalGround::try_from(number).ok()).count();
        ensure!(form.len() == known, "{} of {known} grounds have words", form.len());
        Ok(Self(form))
    }

    /// All of them, in the form's order, each with whether it is among these.
    pub fn ticked(&self, grounds: &[i32]) -> Vec<(&Ground, bool)> {
        self.0.iter().map(|(number, ground)| (ground, grounds.contains(number))).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_ground_has_its_words_and_article() {
        let form = Form::shipped();
        let ticked = form.ticked(&[RefusalGround::NoInsurance.into()]);
        assert_eq!(ticked.iter().filter(|(_, is)| *is).count(), 1);
        assert!(ticked.iter().all(|(ground, _)| ground.article.starts_with("art. ") && !ground.words.is_empty()));
        assert!(Form::read("").is_err());
    }
}

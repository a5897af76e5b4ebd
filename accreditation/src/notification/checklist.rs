//! Which checks of a notification our practice makes, and what they go by: data, each check with its source.

use super::checks::CHECKS;
use anyhow::Context as _;
use proto::accreditation::v1::attachment::Kind;
use proto::accreditation::v1::{Category, PassportType};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::path::Path;

/// What is shipped.
const SHIPPED: &str = include_str!("../../data/notification.toml");

/// What becomes of a notification that does not meet a check.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub(crate) enum Effect {
    /// It is refused.
    Refuse,
    /// It is accepted, and marked for the reviewer.
    Flag,
    /// The check is not made.
    Off,
}

/// Our practice. Rules find it by [`registry::Call::data`].
#[derive(Debug)]
pub struct Checklist {
    /// By the place of the check in the table.
    checks: Vec<(Effect, String)>,
    pub(super) visa_classes: BTreeMap<Category, Vec<String>>,
    pub(super) passport_types: BTreeMap<Category, Vec<PassportType>>,
    pub(super) titles: BTreeMap<Category, Vec<String>>,
    pub(super) attachments: BTreeMap<Category, Vec<Kind>>,
    pub(super) postal_codes: Vec<String>,
    pub(super) weekly_hours: i32,
    pub(super) photo_months: u32,
}

/// Everything that is wrong with the file.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the checks of notifications cannot be used:\n{}", .0.join("\n"))]
pub struct Invalid(pub Vec<String>);

type ByCategory = BTreeMap<String, Vec<String>>;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    check: BTreeMap<String, Check>,
    visa_classes: ByCategory,
    passport_types: ByCategory,
    titles: ByCategory,
    attachments: ByCategory,
    capital: Capital,
    hours: Hours,
    photo: Photo,
}

#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Check {
    effect: Effect,
    source: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Capital {
    postal_codes: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Hours {
    weekly: i32,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Photo {
    months: u32,
}

impl Checklist {
    /// The practice in this file; the one that is shipped if none is named.
    ///
    /// # Errors
    /// If the file cannot be read, or says what cannot be.
    pub fn read(file: Option<&Path>) -> anyhow::Result<Self> {
        let Some(file) = file else { return Ok(Self::parse(SHIPPED)?) };
        let text = std::fs::read_to_string(file).with_context(|| format!("read {}", file.display()))?;
        Self::parse(&text).with_context(|| format!("read {}", file.display()))
    }

    /// Reads a practice.
    ///
    /// # Errors
    /// All that is wrong with it.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        let file: File = toml::from_str(text).map_err(|error| Invalid(vec![error.to_string()]))?;
        let mut faults = Vec::new();
        for name in file.check.keys().filter(|name| CHECKS.iter().all(|check| check.name != **name)) {
            faults.push(format!("check.{name}: there is no such check"));
        }
        let mut checks = Vec::new();
        for check in &CHECKS {
            match file.check.get(check.name) {
                None => faults.push(format!("check.{}: it is missing", check.name)),
                Some(found) if found.source.is_empty() => faults.push(format!("check.{}: no source", check.name)),
                Some(found) => checks.push((found.effect, found.source.clone())),
            }
        }
        let any = |text: &str| Some(text.to_owned());
        let visa_classes = by_category("visa_classes", &file.visa_classes, any, &mut faults);
        let titles = by_category("titles", &file.titles, any, &mut faults);
        let passport_types =
            by_category("passport_types", &file.passport_types, PassportType::from_str_name, &mut faults);
        let attachments = by_category("attachments", &file.attachments, Kind::from_str_name, &mut faults);
        if file.hours.weekly <= 0 || file.photo.months == 0 || file.capital.postal_codes.is_empty() {
            faults.push("hours, photo and capital: none of them is nothing".to_owned());
        }
        if !faults.is_empty() {
            return Err(Invalid(faults));
        }
        Ok(Self {
            checks,
            visa_classes,
            passport_types,
            titles,
            attachments,
            postal_codes: file.capital.postal_codes,
            weekly_hours: file.hours.weekly,
            photo_months: file.photo.months,
        })
    }

    /// What the check at this place of the table does, and where it comes from.
    pub(super) fn at(&self, place: usize) -> (Effect, &str) {
        self.checks.get(place).map_or((Effect::Off, ""), |(effect, source)| (*effect, source))
    }
}

fn by_category<T>(
    table: &str,
    given: &ByCategory,
    read: impl Fn(&str) -> Option<T>,
    faults: &mut Vec<String>,
) -> BTreeMap<Category, Vec<T>> {
    let mut found = BTreeMap::new();
    for (name, values) in given {
        let Some(category) = Category::from_str_name(name) else {
            faults.push(format!("{table}.{name}: there is no such category"));
            continue;
        };
        let mut known = Vec::new();
        for value in values {
            match read(value) {
                Some(value) => known.push(value),
                None => faults.push(format!("{table}.{name}: `{value}` is not known")),
            }
        }
        found.insert(category, known);
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_shipped_can_be_used() {
        let practice = Checklist::parse(SHIPPED).expect("the shipped practice is good");
        assert_eq!(practice.checks.len(), CHECKS.len());
        assert_eq!(practice.weekly_hours, 35);
    }

    #[test]
    fn everything_wrong_is_told_at_once() {
        let wrong = SHIPPED.replace("[check.photo]", "[check.foto]").replace("\"SERVICE_PASSPORT\"]", "\"SERVISE\"]");
        let wrong = wrong.replace("IO_EXECUTIVE =", "IO_KING =").replace("weekly = 35", "weekly = 0");
        let told = Checklist::parse(&wrong).expect_err("it is wrong").0;
        let expected = [
            "check.foto: there is no such check",
            "check.photo: it is missing",
            "visa_classes.IO_KING: there is no such category",
            "passport_types.ADMINISTRATIVE_AND_TECHNICAL_STAFF: `SERVISE` is not known",
            "hours, photo and capital: none of them is nothing",
        ];
        assert_eq!(told, expected);
    }
}

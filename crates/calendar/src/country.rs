//! One country's working week and holidays, read from a data file.

use crate::holiday::{Holiday, Rule};
use chrono::{Datelike, Month, NaiveDate, Weekday};
use serde::Deserialize;
use std::collections::{BTreeMap, HashMap};
use std::sync::LazyLock;

/// Which days a country does not work, and why.
#[derive(Clone, Debug)]
pub struct Country {
    code: String,
    source: String,
    weekend: [bool; 7],
    holidays: Vec<Holiday>,
}

/// What is wrong with a country's file: every error there is, one a line.
#[derive(Debug, thiserror::Error)]
#[error("{}", .0.join("\n"))]
pub struct Unreadable(pub Vec<String>);

static KNOWN: LazyLock<BTreeMap<String, Country>> = LazyLock::new(|| {
    const FILES: [&str; 4] = [
        include_str!("../data/de.toml"),
        include_str!("../data/fr.toml"),
        include_str!("../data/gb.toml"),
        include_str!("../data/us.toml"),
    ];
    let read = |text| Country::parse(text).expect("the files shipped are read by a test");
    FILES.map(read).into_iter().map(|country| (country.code.clone(), country)).collect()
});

impl Country {
    /// A country whose file is shipped, by its ISO 3166-1 alpha-2 code.
    pub fn known(code: &str) -> Option<&'static Self> {
        KNOWN.get(code)
    }

    /// The codes of all countries whose files are shipped.
    pub fn all_known() -> impl Iterator<Item = &'static str> {
        KNOWN.keys().map(String::as_str)
    }

    /// A country of which only the weekend is known.
    pub fn plain(code: &str, weekend: &[Weekday]) -> Self {
        Self { code: code.to_owned(), source: String::new(), weekend: week(weekend), holidays: Vec::new() }
    }

    /// Reads a country's file; the form is described in `data/README.md`.
    ///
    /// # Errors
    /// All that is wrong with the file, at once.
    pub fn parse(text: &str) -> Result<Self, Unreadable> {
        let file: File = toml::from_str(text).map_err(|error| Unreadable(vec![error.to_string()]))?;
        let mut errors = Vec::new();
        if file.country.len() != 2 || !file.country.bytes().all(|byte| byte.is_ascii_uppercase()) {
            errors.push(format!("country: `{}` is not an ISO 3166-1 alpha-2 code", file.country));
        }
        if file.source.trim().is_empty() {
            errors.push("source: the law the file follows is not named".to_owned());
        }
        let weekend = week(&file.weekend);
        if weekend == [true; 7] {
            errors.push("weekend: no day of the week is left to work".to_owned());
        }
        let mut holidays = Vec::with_capacity(file.holiday.len());
        for entry in file.holiday {
            let name = entry.name.clone();
            match entry.check() {
                Ok(holiday) => holidays.push(holiday),
                Err(error) => errors.push(format!("holiday `{name}`: {error}")),
            }
        }
        if !errors.is_empty() {
            return Err(Unreadable(errors));
        }
        Ok(Self { code: file.country, source: file.source, weekend, holidays })
    }

    /// The ISO 3166-1 alpha-2 code.
    pub fn code(&self) -> &str {
        &self.code
    }

    /// The law the holidays follow; empty if none are known.
    pub fn source(&self) -> &str {
        &self.source
    }

    /// Whether the day of the week belongs to the weekend.
    pub fn is_weekend(&self, weekday: Weekday) -> bool {
        self.weekend[weekday.num_days_from_monday() as usize]
    }

    /// The holiday observed on this date, if there is one.
    pub fn holiday(&self, date: NaiveDate) -> Option<&str> {
        // A holiday at the turn of the year may be observed in the year before or after its own.
        let year = date.year();
        let years = match (date.month(), date.day()) {
            (12, 25..) => year..=year.saturating_add(1),
            (1, ..8) => year.saturating_sub(1)..=year,
            _ => year..=year,
        };
        let falls_here = |holiday: &&Holiday| years.clone().any(|year| holiday.observed_in(year) == Some(date));
        self.holidays.iter().find(falls_here).map(|holiday| holiday.name.as_str())
    }

    /// Whether the country works on this date.
    pub fn works_on(&self, date: NaiveDate) -> bool {
        !self.is_weekend(date.weekday()) && self.holiday(date).is_none()
    }
}

pub(crate) fn week(days: &[Weekday]) -> [bool; 7] {
    let mut week = [false; 7];
    days.iter().for_each(|day| week[day.num_days_from_monday() as usize] = true);
    week
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    country: String,
    weekend: Vec<Weekday>,
    source: String,
    #[serde(default)]
    holiday: Vec<Entry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    name: String,
    day: Option<String>,
    nth: Option<Nth>,
    easter: Option<i64>,
    once: Option<NaiveDate>,
    #[serde(default)]
    observed: HashMap<Weekday, i8>,
    since: Option<i32>,
    until: Option<i32>,
    every: Option<i32>,
    #[serde(default)]
    except: Vec<i32>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Nth {
    nth: i8,
    weekday: Weekday,
    month: u8,
}

impl Entry {
    fn check(self) -> Result<Holiday, String> {
        let mut rules = Vec::new();
        if let Some(day) = &self.day {
            rules.push(fixed(day).ok_or_else(|| format!("`{day}` is not a month and day: `07-04`"))?);
        }
        if let Some(Nth { nth, weekday, month }) = self.nth {
            let month = Month::try_from(month).map_err(|_| format!("{month} is not a month"))?;
            if !matches!(nth, -5..=-1 | 1..=5) {
                return Err(format!("no month has a weekday number {nth}"));
            }
            rules.push(Rule::Nth { nth, weekday, month });
        }
        rules.extend(self.easter.map(Rule::Easter));
        rules.extend(self.once.map(Rule::Once));
        let [rule] = rules[..] else {
            return Err("exactly one of `day`, `nth`, `easter` and `once` says when it is".to_owned());
        };
        let mut observed = [0; 7];
        for (weekday, days) in self.observed {
            if !(-7..=7).contains(&days) {
                return Err(format!("it cannot be observed {days} days away"));
            }
            observed[weekday.num_days_from_monday() as usize] = days;
        }
        let every = self.every.unwrap_or(1);
        if every < 1 || (every > 1 && self.since.is_none()) {
            return Err("`every` is positive and counts from `since`".to_owned());
        }
        let (since, until) = (self.since.unwrap_or(i32::MIN), self.until.unwrap_or(i32::MAX));
        Ok(Holiday { name: self.name, rule, observed, since, until, every, except: self.except })
    }
}

fn fixed(text: &str) -> Option<Rule> {
    let (month, day) = text.split_once('-')?;
    let (month, day) = (month.parse().ok()?, day.parse().ok()?);
    // A leap year, so that 29 February may be one.
    NaiveDate::from_ymd_opt(2000, month, day).map(|_| Rule::Fixed { month, day })
}

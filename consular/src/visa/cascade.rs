//! Multiple entries: to what validity earlier visas entitle (Visa Code, art. 24(2)).

use crate::visa::Schengen;
use chrono::{Months, NaiveDate};

/// A visa that someone had.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Past {
    /// The day it was issued.
    pub issued: NaiveDate,
    /// Its first day.
    pub from: NaiveDate,
    /// Its last day.
    pub until: NaiveDate,
    /// Whether it was for any number of entries.
    pub multiple: bool,
    /// Whether it was used, and lawfully: neither annulled nor revoked, and no day overstayed.
    pub lawfully_used: bool,
}

/// What someone is entitled to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entitlement {
    /// The validity in years.
    pub years: u32,
    /// The rule: `art. 24(2)(b)`.
    pub source: &'static str,
}

/// The longest multiple-entry visa that the visas of the past entitle to on a day; none if to none.
pub fn entitlement(numbers: &'static Schengen, past: &[Past], on: NaiveDate) -> Option<Entitlement> {
    let step = numbers.cascade.iter().find(|step| {
        let since = years_before(on, step.within_years);
        let counts = |visa: &&Past| {
            let recent = since <= visa.issued && visa.issued <= on;
            let long = visa.multiple && last_of(visa.from, step.of_years) <= visa.until;
            visa.lawfully_used && recent && (step.of_years == 0 || long)
        };
        past.iter().filter(counts).count() >= step.visas as usize
    })?;
    Some(Entitlement { years: step.grant_years, source: &step.source })
}

/// The last day of a validity of so many years from a day.
fn last_of(from: NaiveDate, years: u32) -> NaiveDate {
    let end = from.checked_add_months(Months::new(years.saturating_mul(12))).unwrap_or(NaiveDate::MAX);
    end.pred_opt().unwrap_or(end)
}

fn years_before(day: NaiveDate, years: u32) -> NaiveDate {
    day.checked_sub_months(Months::new(years.saturating_mul(12))).unwrap_or(NaiveDate::MIN)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn visa(issued: &str, days: u64, multiple: bool) -> Past {
        let from = day(issued);
        let until = from + chrono::Days::new(days);
        Past { issued: from, from, until, multiple, lawfully_used: true }
    }

    fn years(past: &[Past]) -> Option<(u32, &'static str)> {
        entitlement(Schengen::shipped(), past, day("2026-05-04")).map(|found| (found.years, found.source))
    }

    #[test]
    fn each_step_follows_from_the_one_before() {
        let three = [visa("2024-06-01", 29, false), visa("2025-02-01", 29, false), visa("2025-12-01", 29, false)];
        assert_eq!(years(&three), Some((1, "art. 24(2)(a)")));
        assert_eq!(years(&three[..2]), None);
        assert_eq!(years(&[visa("2024-09-01", 364, true)]), Some((2, "art. 24(2)(b)")));
        assert_eq!(years(&[visa("2023-09-01", 730, true)]), Some((5, "art. 24(2)(c)")));
        assert_eq!(years(&[]), None);
    }

    #[test]
    fn what_is_old_or_was_abused_does_not_count() {
        let mut three = [visa("2024-05-03", 29, false), visa("2025-02-01", 29, false), visa("2025-12-01", 29, false)];
        assert_eq!(years(&three), None, "the first is two years and a day old");
        three[0] = visa("2024-05-04", 29, false);
        assert_eq!(years(&three), Some((1, "art. 24(2)(a)")));
        three[1].lawfully_used = false;
        assert_eq!(years(&three), None);
        assert_eq!(years(&[visa("2024-09-01", 363, true)]), None, "a day short of a year");
        assert_eq!(years(&[visa("2024-09-01", 364, false)]), None, "for one entry");
    }
}

//! One holiday: on which date of a year it falls, and on which it is observed.

use chrono::{Datelike, Days, Month, NaiveDate, Weekday};

/// A holiday of one country.
#[derive(Clone, Debug)]
pub(crate) struct Holiday {
    pub(crate) name: String,
    pub(crate) rule: Rule,
    /// Days to move it by, for each weekday it can fall on, Monday first.
    pub(crate) observed: [i8; 7],
    pub(crate) since: i32,
    pub(crate) until: i32,
    /// Every so many years from `since`.
    pub(crate) every: i32,
    pub(crate) except: Vec<i32>,
}

/// Where in the year a holiday falls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Rule {
    /// The same month and day every year.
    Fixed { month: u32, day: u32 },
    /// The nth weekday of a month from its beginning, or from its end if negative.
    Nth { nth: i8, weekday: Weekday, month: Month },
    /// So many days after Easter Sunday.
    Easter(i64),
    /// A single date.
    Once(NaiveDate),
}

impl Holiday {
    /// The date on which this year's holiday is observed, if there is one; it may lie in the year before or after.
    pub(crate) fn observed_in(&self, year: i32) -> Option<NaiveDate> {
        if year < self.since || year > self.until || self.except.contains(&year) {
            return None;
        }
        if self.every > 1 && (year - self.since) % self.every != 0 {
            return None;
        }
        let date = self.rule.date_in(year)?;
        shift(date, i64::from(self.observed[date.weekday().num_days_from_monday() as usize]))
    }
}

impl Rule {
    fn date_in(self, year: i32) -> Option<NaiveDate> {
        match self {
            Self::Fixed { month, day } => NaiveDate::from_ymd_opt(year, month, day),
            Self::Nth { nth, weekday, month } if nth > 0 => {
                NaiveDate::from_weekday_of_month_opt(year, month.number_from_month(), weekday, nth.unsigned_abs())
            }
            Self::Nth { nth, weekday, month } => (1..=5)
                .rev()
                .filter_map(|n| NaiveDate::from_weekday_of_month_opt(year, month.number_from_month(), weekday, n))
                .nth(usize::from(nth.unsigned_abs()).checked_sub(1)?),
            Self::Easter(offset) => shift(easter_sunday(year)?, offset),
            Self::Once(date) => (date.year() == year).then_some(date),
        }
    }
}

fn shift(date: NaiveDate, days: i64) -> Option<NaiveDate> {
    let distance = Days::new(days.unsigned_abs());
    if days < 0 { date.checked_sub_days(distance) } else { date.checked_add_days(distance) }
}

/// Easter Sunday of the Gregorian calendar, by the method printed in Nature on 20 April 1876 and proved by Butcher.
fn easter_sunday(year: i32) -> Option<NaiveDate> {
    let (century, of_century) = (year.div_euclid(100), year.rem_euclid(100));
    let golden = year.rem_euclid(19);
    let skipped = century / 4;
    let moon = (century + 8) / 25;
    let epact = (19 * golden + century - skipped - (century - moon + 1) / 3 + 15).rem_euclid(30);
    let weekday = (32 + 2 * (century % 4) + 2 * (of_century / 4) - epact - of_century % 4).rem_euclid(7);
    let correction = (golden + 11 * epact + 22 * weekday) / 451;
    let days = epact + weekday - 7 * correction + 114;
    NaiveDate::from_ymd_opt(year, u32::try_from(days / 31).ok()?, u32::try_from(days % 31 + 1).ok()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn easter_falls_where_the_almanacs_have_it() {
        for date in ["2000-04-23", "2008-03-23", "2011-04-24", "2024-03-31", "2025-04-20", "2026-04-05", "2038-04-25"] {
            let date: NaiveDate = date.parse().expect("a date");
            assert_eq!(easter_sunday(date.year()), Some(date));
        }
    }

    #[test]
    fn the_last_monday_may_be_the_fourth_or_the_fifth() {
        let last = Rule::Nth { nth: -1, weekday: Weekday::Mon, month: Month::May };
        assert_eq!(last.date_in(2026), NaiveDate::from_ymd_opt(2026, 5, 25));
        assert_eq!(last.date_in(2027), NaiveDate::from_ymd_opt(2027, 5, 31));
    }
}

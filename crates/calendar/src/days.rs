//! Which days count, and where a day ends: the working days that several countries share, in one time zone.

use crate::country::{Country, week};
use chrono::{DateTime, Datelike, Days, NaiveDate, NaiveDateTime, TimeDelta, TimeZone as _, Utc, Weekday};
use chrono_tz::Tz;
use std::borrow::Cow;

/// The calendar that due dates are counted in: a day is a working day if it is one in every country named.
#[derive(Clone, Debug)]
pub struct WorkingDays {
    zone: Tz,
    countries: Vec<Cow<'static, Country>>,
}

/// The countries share no day of the week on which all of them work.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the countries share no working day")]
pub struct NoWorkingDay;

impl WorkingDays {
    /// The working days these countries share, their days ending at midnight in `zone`. A country without data works from
    /// Monday to Friday; [`Self::without_data`] says which ones those are.
    pub fn of<'a>(codes: impl IntoIterator<Item = &'a str>, zone: Tz) -> Self {
        let country = |code| match Country::known(code) {
            Some(country) => Cow::Borrowed(country),
            None => Cow::Owned(Country::plain(code, &[Weekday::Sat, Weekday::Sun])),
        };
        Self { zone, countries: codes.into_iter().map(country).collect() }
    }

    /// The working days shared with one more country: one read from a file of the caller's, or one whose weekend alone
    /// is known. It stands in for a country of the same code.
    ///
    /// # Errors
    /// If no day of the week is left.
    pub fn and(mut self, country: Country) -> Result<Self, NoWorkingDay> {
        self.countries.retain(|other| other.code() != country.code());
        self.countries.push(Cow::Owned(country));
        let all = [Weekday::Mon, Weekday::Tue, Weekday::Wed, Weekday::Thu, Weekday::Fri, Weekday::Sat, Weekday::Sun];
        let off: Vec<_> =
            all.into_iter().filter(|day| self.countries.iter().any(|country| country.is_weekend(*day))).collect();
        if week(&off) == [true; 7] { Err(NoWorkingDay) } else { Ok(self) }
    }

    /// The codes of the countries whose holidays are not known; only their weekends count.
    pub fn without_data(&self) -> impl Iterator<Item = &str> {
        self.countries.iter().filter(|country| country.source().is_empty()).map(|country| country.code())
    }

    /// The time zone in which days begin and end.
    pub fn zone(&self) -> Tz {
        self.zone
    }

    /// Whether every country works on this date.
    pub fn is_working_day(&self, date: NaiveDate) -> bool {
        self.countries.iter().all(|country| country.works_on(date))
    }

    /// Why nobody counts this date: the country and its holiday, or the country alone for its weekend.
    pub fn obstacle(&self, date: NaiveDate) -> Option<(&str, Option<&str>)> {
        let country = self.countries.iter().find(|country| !country.works_on(date))?;
        Some((country.code(), country.holiday(date)))
    }

    /// The nth working day after `date`; `date` itself for n = 0. None past the end of the calendar.
    pub fn add(&self, date: NaiveDate, n: u16) -> Option<NaiveDate> {
        let following = date.iter_days().skip(1).filter(|day| self.is_working_day(*day));
        if n == 0 { Some(date) } else { following.take(usize::from(n)).last() }
    }

    /// How many working days lie after `from`, up to and including `to`; 0 if `to` is not later.
    pub fn between(&self, from: NaiveDate, to: NaiveDate) -> usize {
        from.iter_days().skip(1).take_while(|day| *day <= to).filter(|day| self.is_working_day(*day)).count()
    }

    /// The date it is at this instant.
    pub fn date(&self, instant: DateTime<Utc>) -> NaiveDate {
        instant.with_timezone(&self.zone).date_naive()
    }

    /// The end of a date: the first instant of the next, so that a period that ends with the date holds before it.
    pub fn end_of(&self, date: NaiveDate) -> DateTime<Utc> {
        let midnight = date.checked_add_days(Days::new(1)).and_then(|next| next.and_hms_opt(0, 0, 0));
        midnight.and_then(|midnight| self.first_instant(midnight)).unwrap_or(DateTime::<Utc>::MAX_UTC)
    }

    /// The last date of a period that ends at this instant: the date before, if it ends at midnight.
    pub fn last_day(&self, end: DateTime<Utc>) -> NaiveDate {
        self.date(end.checked_sub_signed(TimeDelta::nanoseconds(1)).unwrap_or(end))
    }

    /// The first instant at which clocks on the wall show this time or, where it was skipped, a later one.
    fn first_instant(&self, wall: NaiveDateTime) -> Option<DateTime<Utc>> {
        // Clocks skip an hour as a rule, and a whole day where a country crossed the date line.
        (0..=26 * 4).find_map(|quarters| {
            let wall = wall.checked_add_signed(TimeDelta::minutes(15 * quarters))?;
            self.zone.from_local_datetime(&wall).earliest().map(|instant| instant.with_timezone(&Utc))
        })
    }
}

impl WorkingDays {
    /// The date so many days later, or the last date of the calendar.
    pub(crate) fn later(date: NaiveDate, days: u64) -> NaiveDate {
        date.checked_add_days(Days::new(days)).unwrap_or(NaiveDate::MAX)
    }

    /// How many midnights lie between two instants; 0 if the second is not later.
    pub(crate) fn midnights(&self, from: DateTime<Utc>, until: DateTime<Utc>) -> u64 {
        let days = i64::from(self.date(until).num_days_from_ce()) - i64::from(self.date(from).num_days_from_ce());
        u64::try_from(days).unwrap_or(0)
    }
}

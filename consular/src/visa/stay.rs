//! Days of stay: how many of the days that a short stay allows in any period are used, and until when one may stay.
//!
//! The rule (Regulation (EU) 2016/399, art. 6(1)): not more than 90 days in any 180-day period, which entails considering
//! the 180-day period preceding each day of stay. The day of entry is the first day of stay, the day of exit the last.

use chrono::{Days, NaiveDate};

/// So many days in any period of so many days.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limit {
    /// The days of stay allowed.
    pub days: u32,
    /// The days of the period.
    pub period: u32,
}

/// A stay by its first and last day; without a last one it lasts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stay {
    /// The day of entry.
    pub entry: NaiveDate,
    /// The day of exit.
    pub exit: Option<NaiveDate>,
}

/// The days on which someone was there: stays in their order, no two of which touch.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Presence(Vec<(NaiveDate, NaiveDate)>);

impl Presence {
    /// Stays put in order, those that overlap or touch made one. One that lasts is counted to `today`, or not at all if
    /// it begins later.
    pub fn of(stays: &[Stay], today: NaiveDate) -> Self {
        let ends = |stay: &Stay| (stay.entry, stay.exit.unwrap_or(today));
        let mut days: Vec<_> = stays.iter().map(ends).filter(|(entry, exit)| entry <= exit).collect();
        days.sort_unstable();
        let mut merged: Vec<(NaiveDate, NaiveDate)> = Vec::with_capacity(days.len());
        for (entry, exit) in days {
            match merged.last_mut() {
                Some((_, last)) if later(*last, 1) >= entry => *last = exit.max(*last),
                _ => merged.push((entry, exit)),
            }
        }
        Self(merged)
    }

    /// How many days of stay lie in the period that ends on a day.
    pub fn used(&self, limit: Limit, on: NaiveDate) -> u32 {
        let first = earlier(on, limit.period.saturating_sub(1));
        let within = |(entry, exit): &(NaiveDate, NaiveDate)| {
            let days = (*exit.min(&on) - *entry.max(&first)).num_days() + 1;
            u32::try_from(days).unwrap_or(0)
        };
        self.0.iter().map(within).sum()
    }

    /// How many days someone can stay at once from a day on, it included, whatever is planned for later.
    pub fn left(&self, limit: Limit, from: NaiveDate) -> u32 {
        let mut past = self.until(earlier(from, 1));
        let mut left = 0;
        for day in from.iter_days().take(limit.period.saturating_add(1) as usize) {
            past.add(day);
            if past.used(limit, day) > limit.days {
                break;
            }
            left += 1;
        }
        left
    }

    /// The first day, this one or later, on which someone can be there at all.
    pub fn earliest(&self, limit: Limit, from: NaiveDate) -> Option<NaiveDate> {
        let past = self.until(earlier(from, 1));
        let mut days = from.iter_days().take(limit.period.saturating_add(1) as usize);
        days.find(|day| past.used(limit, *day) < limit.days)
    }

    /// The days of stay on which more than what is allowed was used.
    pub fn overstayed(&self, limit: Limit) -> impl Iterator<Item = NaiveDate> {
        let days = self.0.iter().flat_map(|(entry, exit)| entry.iter_days().take_while(move |day| day <= exit));
        days.filter(move |day| self.used(limit, *day) > limit.days)
    }

    fn until(&self, last: NaiveDate) -> Self {
        let cut = |(entry, exit): &(NaiveDate, NaiveDate)| (*entry, *exit.min(&last));
        Self(self.0.iter().map(cut).filter(|(entry, exit)| entry <= exit).collect())
    }

    /// One more day, later than every other.
    fn add(&mut self, day: NaiveDate) {
        match self.0.last_mut() {
            Some((_, last)) if later(*last, 1) >= day => *last = day.max(*last),
            _ => self.0.push((day, day)),
        }
    }
}

fn later(day: NaiveDate, days: u32) -> NaiveDate {
    day.checked_add_days(Days::new(days.into())).unwrap_or(NaiveDate::MAX)
}

fn earlier(day: NaiveDate, days: u32) -> NaiveDate {
    day.checked_sub_days(Days::new(days.into())).unwrap_or(NaiveDate::MIN)
}

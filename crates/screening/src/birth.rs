//! Dates of birth as lists have them: a day, a month, a year, about a year, between two years.

use chrono::{Datelike as _, Months, NaiveDate};

/// When someone was born, as a span that is sure to contain the day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Birth {
    /// The first day it can have been.
    pub earliest: NaiveDate,
    /// The last day it can have been.
    pub latest: NaiveDate,
}

/// How two dates of birth stand to each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Relation {
    /// They cannot be of one person, a slip of the pen apart.
    Conflict,
    /// Within a year of each other, or one is too vague to say more.
    Near,
    /// The same but for day and month, which stand for one another.
    Swapped,
    /// The same day.
    Exact,
}

/// How far apart two dates may be and still be called near, in months.
const NEAR: Months = Months::new(12);

impl Birth {
    /// A day that is known.
    pub fn on(day: NaiveDate) -> Self {
        Self { earliest: day, latest: day }
    }

    /// Some day from the first of one year to the last of another; none if there are no such years.
    pub fn between(first: i32, last: i32) -> Option<Self> {
        let (first, last) = (first.min(last), first.max(last));
        Some(Self { earliest: NaiveDate::from_ymd_opt(first, 1, 1)?, latest: NaiveDate::from_ymd_opt(last, 12, 31)? })
    }

    /// Some day of a year.
    pub fn in_year(year: i32) -> Option<Self> {
        Self::between(year, year)
    }

    /// Some day of a month.
    pub fn in_month(year: i32, month: u32) -> Option<Self> {
        let earliest = NaiveDate::from_ymd_opt(year, month, 1)?;
        Some(Self { earliest, latest: (earliest + Months::new(1)).pred_opt()? })
    }

    /// Wider by so many years on either side.
    #[must_use]
    pub fn about(self, years: u32) -> Self {
        let months = Months::new(12 * years);
        Self {
            earliest: self.earliest.checked_sub_months(months).unwrap_or(self.earliest),
            latest: self.latest.checked_add_months(months).unwrap_or(self.latest),
        }
    }

    /// The day, if it is known.
    pub fn day(&self) -> Option<NaiveDate> {
        (self.earliest == self.latest).then_some(self.earliest)
    }

    pub(super) fn relation(&self, other: &Self) -> Relation {
        if let (Some(one), Some(two)) = (self.day(), other.day()) {
            if one == two {
                return Relation::Exact;
            }
            if one.year() == two.year() && one.month() == two.day() && one.day() == two.month() {
                return Relation::Swapped;
            }
        }
        let reach = |birth: &Self| birth.latest.checked_add_months(NEAR).unwrap_or(birth.latest);
        if reach(self) >= other.earliest && reach(other) >= self.earliest { Relation::Near } else { Relation::Conflict }
    }
}

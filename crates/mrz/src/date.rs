//! Dates as a zone has them: two digits of a year, and parts nobody knows (Doc 9303-3, 4.8).

use chrono::{Datelike as _, NaiveDate};
use std::fmt;

/// A date of which any part may be unknown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Date {
    /// The whole year.
    pub year: Option<i32>,
    /// The month, 1 to 12.
    pub month: Option<u8>,
    /// The day of the month.
    pub day: Option<u8>,
}

/// What is known when the two digits of a year are read.
///
/// A birth is never in the future: its year is the latest one that is past. An expiry lies at most [`Window::ahead`]
/// years ahead: its year is the latest one within.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    /// The day of reading.
    pub today: NaiveDate,
    /// How many years ahead a document can be valid, 0 to 99.
    pub ahead: u8,
}

impl Window {
    /// The years a document can still be valid if nobody says otherwise. Cards for the old are valid for decades; who
    /// accepts passports alone sets 10.
    pub const AHEAD: u8 = 50;

    /// Reading on a day, with [`Window::AHEAD`].
    pub fn on(today: NaiveDate) -> Self {
        Self { today, ahead: Self::AHEAD }
    }

    fn birth(&self, two: i32, month: Option<u8>, day: Option<u8>) -> i32 {
        let this = self.today.year();
        let year = this - (this - two).rem_euclid(100);
        let first_it_can_be = (year, u32::from(month.unwrap_or(1)), u32::from(day.unwrap_or(1)));
        let today = (this, self.today.month(), self.today.day());
        if first_it_can_be > today { year - 100 } else { year }
    }

    fn expiry(&self, two: i32) -> i32 {
        let last = self.today.year() + i32::from(self.ahead.min(99));
        last - (last - two).rem_euclid(100)
    }

    pub(crate) fn read_birth(&self, six: &str) -> Option<Date> {
        let (two, month, day) = parts(six)?;
        Date { year: two.map(|two| self.birth(two, month, day)), month, day }.real()
    }

    pub(crate) fn read_expiry(&self, six: &str) -> Option<Date> {
        let (two, month, day) = parts(six)?;
        Date { year: two.map(|two| self.expiry(two)), month, day }.real()
    }
}

/// Year, month and day of `YYMMDD`; none if a part is neither two digits nor two fillers.
fn parts(six: &str) -> Option<(Option<i32>, Option<u8>, Option<u8>)> {
    let two = |from: usize| match six.as_bytes().get(from..from + 2)? {
        b"<<" => Some(None),
        [tens @ b'0'..=b'9', ones @ b'0'..=b'9'] => Some(Some((tens - b'0') * 10 + (ones - b'0'))),
        _ => None,
    };
    Some((two(0)?.map(i32::from), two(2)?, two(4)?))
}

impl Date {
    /// The date if all of it is known.
    pub fn known(&self) -> Option<NaiveDate> {
        NaiveDate::from_ymd_opt(self.year?, self.month?.into(), self.day?.into())
    }

    /// Itself if the calendar has it, or could have it where parts are unknown.
    pub(crate) fn real(self) -> Option<Self> {
        // A leap year and a long month stand in for what is unknown.
        let (year, month, day) = (self.year.unwrap_or(2000), self.month.unwrap_or(1), self.day.unwrap_or(1));
        NaiveDate::from_ymd_opt(year, month.into(), day.into()).map(|_| self)
    }

    pub(crate) fn six(&self) -> String {
        let two =
            |part: Option<i32>| part.map_or_else(|| "<<".to_owned(), |part| format!("{:02}", part.rem_euclid(100)));
        two(self.year) + &two(self.month.map(i32::from)) + &two(self.day.map(i32::from))
    }
}

impl From<NaiveDate> for Date {
    fn from(date: NaiveDate) -> Self {
        let small = |part: u32| Some(u8::try_from(part).expect("a month or a day of the calendar"));
        Self { year: Some(date.year()), month: small(date.month()), day: small(date.day()) }
    }
}

/// ISO 8601, an unknown part as `XX` (as in its extended form): `1974-08-XX`.
impl fmt::Display for Date {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let two = |part: Option<u8>| part.map_or_else(|| "XX".to_owned(), |part| format!("{part:02}"));
        let year = self.year.map_or_else(|| "XXXX".to_owned(), |year| format!("{year:04}"));
        write!(out, "{year}-{}-{}", two(self.month), two(self.day))
    }
}

//! A clock that runs for a while, can be paused, and then is due.
//!
//! How days are counted: the day of the event is not counted, and the last day counts whole (*dies a quo non computatur in
//! termino*: Council Regulation (EEC, Euratom) 1182/71, art. 3(1) and (2)(b); European Convention on the Calculation of
//! Time-Limits, ETS 76, art. 3; Federal Rules of Civil Procedure, rule 6(a)(1)). A last day that is not a working day is
//! not moved, since a period of grace is not an act that someone has to perform.
//!
//! How pauses are counted: a day counts if the clock runs when it ends. The day a pause begins does not count, the day
//! it ends does; a pause within one day costs nothing.

use crate::WorkingDays;
use chrono::{DateTime, Months, NaiveDate, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// What runs: from when, how long, with which pauses.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Clock {
    /// The event it runs from.
    pub started: DateTime<Utc>,
    /// How long it runs.
    pub length: Length,
    /// When it stood still, oldest first and apart from each other, as [`Clock::pause`] and [`Clock::resume`] keep them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub pauses: Vec<Pause>,
}

/// How long a clock runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Length {
    /// Calendar days, to the end of the last one.
    Days(u16),
    /// Working days, to the end of the last one.
    WorkingDays(u16),
    /// Calendar months, to the end of the day with the event's number, or of the month's last day if it has none
    /// (Regulation 1182/71, art. 3(2)(c)).
    Months(u16),
    /// Time by the second, whatever the day.
    Exactly(Duration),
}

/// A time a clock stood still.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pause {
    /// From when.
    pub from: DateTime<Utc>,
    /// Until when; unset while it lasts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<DateTime<Utc>>,
}

/// Why a clock was not paused or resumed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Misuse {
    /// It stands still already.
    #[error("the clock is paused already")]
    AlreadyPaused,
    /// It runs.
    #[error("the clock is not paused")]
    NotPaused,
    /// The instant lies before the clock's start or its last change.
    #[error("the clock has moved past that instant already")]
    InThePast,
}

impl Clock {
    /// A clock that was never paused.
    pub fn new(started: DateTime<Utc>, length: Length) -> Self {
        Self { started, length, pauses: Vec::new() }
    }

    /// Whether it stands still.
    pub fn is_paused(&self) -> bool {
        self.pauses.last().is_some_and(|pause| pause.until.is_none())
    }

    /// Stops it.
    ///
    /// # Errors
    /// If it stands still, or has moved past `at`.
    pub fn pause(&mut self, at: DateTime<Utc>) -> Result<(), Misuse> {
        let settled_until = match self.pauses.last() {
            None => self.started,
            Some(pause) => pause.until.ok_or(Misuse::AlreadyPaused)?,
        };
        if at < settled_until {
            return Err(Misuse::InThePast);
        }
        self.pauses.push(Pause { from: at, until: None });
        Ok(())
    }

    /// Lets it go on.
    ///
    /// # Errors
    /// If it runs, or was paused later than `at`.
    pub fn resume(&mut self, at: DateTime<Utc>) -> Result<(), Misuse> {
        let pause = self.pauses.last_mut().filter(|pause| pause.until.is_none()).ok_or(Misuse::NotPaused)?;
        if at < pause.from {
            return Err(Misuse::InThePast);
        }
        pause.until = Some(at);
        Ok(())
    }
}

impl Length {
    /// This length and as much again of the same unit; None if the units differ or the sum is too great.
    pub fn plus(self, more: Self) -> Option<Self> {
        match (self, more) {
            (Self::Days(some), Self::Days(more)) => some.checked_add(more).map(Self::Days),
            (Self::WorkingDays(some), Self::WorkingDays(more)) => some.checked_add(more).map(Self::WorkingDays),
            (Self::Months(some), Self::Months(more)) => some.checked_add(more).map(Self::Months),
            (Self::Exactly(some), Self::Exactly(more)) => some.checked_add(more).map(Self::Exactly),
            _ => None,
        }
    }
}

/// When the clock is due: the first instant at which its time is over. None while a pause keeps it from ever being so.
/// A time beyond the calendar's end is due at its end.
pub fn due(clock: &Clock, days: &WorkingDays) -> Option<DateTime<Utc>> {
    let start = days.date(clock.started);
    match clock.length {
        Length::Exactly(length) => exactly(clock, length),
        Length::Days(n) => through_pauses(clock, days, WorkingDays::later(start, n.into())),
        Length::Months(n) => {
            let last = start.checked_add_months(Months::new(n.into())).unwrap_or(NaiveDate::MAX);
            through_pauses(clock, days, last)
        }
        Length::WorkingDays(n) => working(clock, days, start, n),
    }
}

fn exactly(clock: &Clock, length: Duration) -> Option<DateTime<Utc>> {
    let later = |instant: DateTime<Utc>, by| instant.checked_add_signed(by).unwrap_or(DateTime::<Utc>::MAX_UTC);
    let mut due = later(clock.started, TimeDelta::from_std(length).unwrap_or(TimeDelta::MAX));
    for pause in &clock.pauses {
        if pause.from >= due {
            break;
        }
        due = later(due, (pause.until? - pause.from).max(TimeDelta::zero()));
    }
    Some(due)
}

/// The end of `last`, moved by a day for each midnight that found the clock paused.
fn through_pauses(clock: &Clock, days: &WorkingDays, mut last: NaiveDate) -> Option<DateTime<Utc>> {
    for pause in &clock.pauses {
        if days.date(pause.from) > last {
            break;
        }
        last = WorkingDays::later(last, days.midnights(pause.from, pause.until?));
    }
    Some(days.end_of(last))
}

fn working(clock: &Clock, days: &WorkingDays, start: NaiveDate, n: u16) -> Option<DateTime<Utc>> {
    let mut pauses =
        clock.pauses.iter().map(|pause| (days.date(pause.from), pause.until.map(|until| days.date(until))));
    let mut pause = pauses.next();
    // The first day whose end finds the clock running is that of the event, and is not counted.
    let mut counted = None;
    for day in start.iter_days() {
        while pause.is_some_and(|(_, until)| until.is_some_and(|until| until <= day)) {
            pause = pauses.next();
        }
        if let Some((_, until)) = pause.filter(|(from, _)| *from <= day) {
            until?;
            continue;
        }
        counted = match counted {
            None => Some(0),
            Some(count) if days.is_working_day(day) => Some(count + 1),
            same => same,
        };
        if counted == Some(n) {
            return Some(days.end_of(day));
        }
    }
    Some(DateTime::<Utc>::MAX_UTC)
}

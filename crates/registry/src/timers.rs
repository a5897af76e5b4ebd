//! The timers of one record, as its verbs see them: set, cleared, paused, resumed; written with the record.

use crate::doc::Doc;
use calendar::{Clock, Misuse, WorkingDays, due};
use chrono::{DateTime, Utc};
use fault::Fault;
use proto::policy::v1::Reason;
use std::collections::BTreeMap;

/// The timers of a record. What is done to them takes effect with the change they are part of.
#[derive(Clone, Debug)]
pub struct Timers {
    now: DateTime<Utc>,
    clocks: BTreeMap<String, Clock>,
    /// Timers touched in this change.
    touched: Vec<String>,
}

/// A timer as it is written.
#[derive(Clone, Debug)]
pub(crate) struct Set {
    pub(crate) timer: String,
    /// None while the clock is paused.
    pub(crate) due_at: Option<DateTime<Utc>>,
    pub(crate) clock: Doc,
}

impl Timers {
    pub(crate) fn new(now: DateTime<Utc>, clocks: BTreeMap<String, Clock>) -> Self {
        Self { now, clocks, touched: Vec::new() }
    }

    /// The clock of a timer, if it is set.
    pub fn get(&self, timer: &str) -> Option<&Clock> {
        self.clocks.get(timer)
    }

    /// Sets a timer, in the place of one of the same name. The contract names it (`automatic` of the resource) and
    /// says which states it changes; when the clock is due it fires, once.
    pub fn set(&mut self, timer: &str, clock: Clock) {
        self.clocks.insert(timer.to_owned(), clock);
        self.touched.push(timer.to_owned());
    }

    /// Clears a timer, if it is set.
    pub fn clear(&mut self, timer: &str) {
        if self.clocks.remove(timer).is_some() {
            self.touched.push(timer.to_owned());
        }
    }

    /// Clears every timer.
    pub fn clear_all(&mut self) {
        self.touched.extend(std::mem::take(&mut self.clocks).into_keys());
    }

    /// Stops a timer's clock as of now.
    ///
    /// # Errors
    /// `INTERNAL`, a mistake in the verb, if the timer is not set or stands still already.
    pub fn pause(&mut self, timer: &str) -> Result<(), Fault> {
        let now = self.now;
        self.turn(timer, |clock| clock.pause(now))
    }

    /// Lets a timer's clock go on as of now.
    ///
    /// # Errors
    /// `INTERNAL`, a mistake in the verb, if the timer is not set or runs.
    pub fn resume(&mut self, timer: &str) -> Result<(), Fault> {
        let now = self.now;
        self.turn(timer, |clock| clock.resume(now))
    }

    fn turn(&mut self, timer: &str, turn: impl FnOnce(&mut Clock) -> Result<(), Misuse>) -> Result<(), Fault> {
        let missing = || Fault::new(Reason::Internal, format!("the timer {timer} is not set"));
        let clock = self.clocks.get_mut(timer).ok_or_else(missing)?;
        turn(clock).map_err(|misuse| {
            Fault::new(Reason::Internal, format!("the timer {timer} cannot be turned")).caused_by(misuse)
        })?;
        self.touched.push(timer.to_owned());
        Ok(())
    }

    /// What to write: timers set, and names of timers cleared. Timers must be among those that `known` accepts.
    pub(crate) fn changes(
        mut self,
        days: &WorkingDays,
        known: impl Fn(&str) -> bool,
    ) -> Result<(Vec<Set>, Vec<String>), Fault> {
        let (mut set, mut cleared) = (Vec::new(), Vec::new());
        self.touched.sort_unstable();
        self.touched.dedup();
        for timer in self.touched {
            if !known(&timer) {
                return Err(Fault::new(Reason::Internal, format!("the contract has no timer {timer}")));
            }
            match self.clocks.get(&timer) {
                Some(clock) => {
                    let json = serde_json::to_vec(clock).expect("a clock can be written as JSON");
                    set.push(Set { timer, due_at: due(clock, days), clock: Doc::new(json) });
                }
                None => cleared.push(timer),
            }
        }
        Ok((set, cleared))
    }
}

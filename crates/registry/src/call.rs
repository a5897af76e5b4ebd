//! What a rule of the domain may know besides the record and the request: who asks, when, why, and whose house it is.

use crate::effect::Deed;
use crate::follow::Follow;
use crate::store::Store;
use crate::time::timestamp;
use crate::timers::Timers;
use calendar::{Clock, WorkingDays};
use chrono::{DateTime, Utc};
use config::Home;
use identity::Principal;
use prost_types::Timestamp;
use std::any::Any;
use std::collections::BTreeMap;

/// One call on one record. It has no connection to anything: a verb is a function of record, request and this.
#[derive(Debug)]
pub struct Call {
    store: Store,
    deed: Deed,
    now: DateTime<Utc>,
    timers: Timers,
    follows: Vec<Follow>,
    erases: bool,
}

impl Call {
    pub(crate) fn new(store: &Store, deed: &Deed, now: DateTime<Utc>, clocks: BTreeMap<String, Clock>) -> Self {
        Self {
            store: store.clone(),
            deed: deed.clone(),
            now,
            timers: Timers::new(now, clocks),
            follows: Vec::new(),
            erases: false,
        }
    }

    /// Who asks: a caller, or `timers/…` for an automatic step.
    pub fn principal(&self) -> &Principal {
        &self.deed.principal
    }

    /// When the change takes effect in the register. Later than every earlier change of the record.
    pub fn now(&self) -> DateTime<Utc> {
        self.now
    }

    /// The same instant as the contract writes it.
    pub fn timestamp(&self) -> Timestamp {
        timestamp(self.now)
    }

    /// Whose foreign service it is.
    pub fn home(&self) -> &Home {
        self.store.home()
    }

    /// The working days that due dates are counted in.
    pub fn days(&self) -> &WorkingDays {
        self.store.days()
    }

    /// What the service's own rules go by: the value of this type that the register was opened with.
    pub fn data<T: Any + Send + Sync>(&self) -> &T {
        self.store.data()
    }

    /// Why, in the caller's words; empty if none were given.
    pub fn reason(&self) -> &str {
        &self.deed.reason
    }

    /// The record's timers.
    pub fn timers(&mut self) -> &mut Timers {
        &mut self.timers
    }

    /// Destroys, with this change, the key of the record's sealed fields: what was ever written of them, in its history and
    /// in answers that are given again, can be read by nobody any more. The verb leaves them empty; from now on the record
    /// says when they were erased (`erase_time`, if it has one), as of every instant, and takes none again.
    pub fn erase(&mut self) {
        self.erases = true;
    }

    pub(crate) fn erases(&self) -> bool {
        self.erases
    }

    pub(crate) fn store(&self) -> &Store {
        &self.store
    }

    pub(crate) fn deed(&self) -> &Deed {
        &self.deed
    }

    /// Adds what this change does to other records.
    pub(crate) fn add(&mut self, follows: impl IntoIterator<Item = Follow>) {
        self.follows.extend(follows);
    }

    pub(crate) fn into_parts(self) -> (Timers, Vec<Follow>) {
        (self.timers, self.follows)
    }
}

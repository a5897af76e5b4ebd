//! The record of calls: every call that came to the door, with who, what, when and how it ended.
//!
//! A call is taken down in memory when it is over, which costs a lock and a move, and written a quarter of a second later
//! with all others of that time as one row: a block. The audit log gets a row with the block's digest, so the audit
//! chain covers every call. On a clean stop nothing is lost. A gateway that is killed loses what it had not written, a
//! quarter of a second and the write under way; the next gateway to notice puts that in the audit log.
//!
//! Calls of strangers, whose caller was not known and who were refused for that or for want of a place, stand in blocks of
//! their own, counted where they are alike, and those blocks go after a time.

mod addresses;
mod block;
mod check;
mod export;
mod keeper;
mod retention;

pub(crate) use check::{Checked, Place, check};
pub(crate) use export::{export, whence};
pub(crate) use keeper::Keeper;
pub(crate) use retention::keep_for;

use crate::caller::Caller;
use opentelemetry::metrics::Counter;
use proto::contract::Method;
use std::net::IpAddr;
use std::sync::{Arc, Mutex};
use std::time::Instant;
use telemetry::metric;
use tokio::sync::Notify;

/// How many calls wait at most; what comes beyond them is counted and told in the next block.
const MOST: usize = 65_536;
/// How many calls a block has at most.
const BLOCK: usize = 8_192;
/// Calls that were not taken down.
const LOST: &str = "gateway.calls.lost";

/// One call that is over.
#[derive(Debug)]
pub(crate) struct Call {
    /// When it began.
    pub begun: Instant,
    /// Who made it, if that was known.
    pub caller: Option<Arc<Caller>>,
    /// Its method, if it had one.
    pub method: Option<&'static Method>,
    /// How it ended, as gRPC has it.
    pub code: i16,
    /// The trace it belongs to.
    pub trace: u128,
    /// Where it came from, if it came so far that this was looked at.
    pub from: Option<IpAddr>,
    /// The record it was about: `missions/fr`; empty for a list, and for a call that was not let through.
    pub record: Box<str>,
}

/// Takes calls down. A clone writes to the same record.
#[derive(Clone, Debug)]
pub(crate) struct Calls(Arc<Waiting>);

#[derive(Debug)]
struct Waiting {
    calls: Mutex<Taken>,
    /// Rung when a block is full before its time.
    full: Notify,
    lost: Counter<u64>,
}

#[derive(Debug, Default)]
struct Taken {
    calls: Vec<Call>,
    lost: u64,
}

impl Default for Calls {
    fn default() -> Self {
        let lost = metric::meter().u64_counter(LOST).with_description("Calls that are not on record.").build();
        Self(Arc::new(Waiting { calls: Mutex::default(), full: Notify::new(), lost }))
    }
}

impl Calls {
    /// Takes a call down.
    pub(crate) fn note(&self, call: Call) {
        let waiting = {
            let mut taken = self.0.calls.lock().expect("nothing panics while it is held");
            if taken.calls.len() >= MOST {
                taken.lost += 1;
                drop(taken);
                self.0.lost.add(1, &[]);
                return;
            }
            taken.calls.push(call);
            taken.calls.len()
        };
        if waiting == BLOCK {
            self.0.full.notify_one();
        }
    }

    /// What was taken down since it was last asked, in exchange for an empty list.
    fn take(&self, empty: Vec<Call>) -> Taken {
        let mut taken = self.0.calls.lock().expect("nothing panics while it is held");
        std::mem::replace(&mut *taken, Taken { calls: empty, lost: 0 })
    }
}

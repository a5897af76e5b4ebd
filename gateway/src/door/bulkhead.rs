//! Places by service: a service that hangs fills those that lead to it, and leaves the others theirs.

use fault::Fault;
use proto::policy::v1::Reason;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

/// The places that lead to one service.
#[derive(Debug)]
pub(super) struct Bulkhead {
    most: usize,
    taken: AtomicUsize,
}

/// One call that waits for a service, until it is dropped.
#[derive(Debug)]
pub(super) struct Waiting<'b>(&'b Bulkhead);

impl Bulkhead {
    /// Of so many places at the door: three in four.
    pub(super) fn of(places: usize) -> Arc<Self> {
        Arc::new(Self { most: (places - places / 4).max(1), taken: AtomicUsize::new(0) })
    }

    /// A place for one more call.
    ///
    /// # Errors
    /// All of them wait for the service already.
    pub(super) fn enter(&self) -> Result<Waiting<'_>, Fault> {
        let before = self.taken.fetch_add(1, Ordering::Relaxed);
        // Dropping it takes back what was counted.
        let waiting = Waiting(self);
        if before < self.most {
            return Ok(waiting);
        }
        let words = "too many requests wait for the service that answers this";
        Err(Fault::new(Reason::Overloaded, words).retry_after(Duration::from_secs(1)))
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.taken.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_service_has_three_places_in_four_and_one_at_least() {
        for (places, most) in [(1, 1), (2, 2), (8, 6), (1024, 768)] {
            let bulkhead = Bulkhead::of(places);
            let waiting: Vec<_> = (0..most).map(|_| bulkhead.enter().expect("there is a place")).collect();
            assert!(bulkhead.enter().is_err(), "{places}");
            drop(waiting);
            assert!(bulkhead.enter().is_ok(), "who was refused is not counted");
        }
    }
}

//! Fair shares of the requests in flight: while many are under way, nobody may hold more than its part of the places.
//!
//! A party is a partner agency with all its keys, or one caller of our own. Half of the places are anyone's; above that a
//! party may have as many under way as would be left to each if one more party came. So whoever comes next finds a
//! place, however slow the requests of the others are.

use moka::sync::Cache;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

/// The shares of everyone.
#[derive(Debug)]
pub(crate) struct Shares {
    places: usize,
    crowd: Arc<Crowd>,
    known: Cache<Box<str>, Arc<Share>>,
}

/// How many requests are under way, and of how many parties.
#[derive(Debug, Default)]
struct Crowd {
    requests: AtomicUsize,
    parties: AtomicUsize,
}

/// One party's share.
#[derive(Debug)]
pub(crate) struct Share {
    places: usize,
    crowd: Arc<Crowd>,
    under_way: AtomicUsize,
}

/// One request under way, until it is dropped.
#[derive(Debug)]
pub(crate) struct Turn(Arc<Share>);

impl Shares {
    /// Shares of so many places.
    pub(crate) fn new(places: usize) -> Self {
        let known = Cache::builder().max_capacity(50_000).time_to_idle(Duration::from_secs(3600)).build();
        Self { places, crowd: Arc::default(), known }
    }

    /// The share of a party.
    pub(crate) fn of(&self, party: &str) -> Arc<Share> {
        let make =
            || Arc::new(Share { places: self.places, crowd: Arc::clone(&self.crowd), under_way: AtomicUsize::new(0) });
        self.known.get_with(party.into(), make)
    }
}

impl Share {
    /// A place for one more request of this party; `None` if others need it more.
    pub(crate) fn enter(self: &Arc<Self>) -> Option<Turn> {
        let crowd = &self.crowd;
        let own = self.under_way.fetch_add(1, Ordering::Relaxed);
        let parties = if own == 0 {
            crowd.parties.fetch_add(1, Ordering::Relaxed) + 1
        } else {
            crowd.parties.load(Ordering::Relaxed)
        };
        let all = crowd.requests.fetch_add(1, Ordering::Relaxed) + 1;
        let turn = Turn(Arc::clone(self));
        let fair = (self.places / (parties + 1)).max(1);
        // Dropping the turn takes back what was counted.
        (all <= self.places / 2 || own < fair).then_some(turn)
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        let crowd = &self.0.crowd;
        crowd.requests.fetch_sub(1, Ordering::Relaxed);
        if self.0.under_way.fetch_sub(1, Ordering::Relaxed) == 1 {
            crowd.parties.fetch_sub(1, Ordering::Relaxed);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fill(share: &Arc<Share>) -> Vec<Turn> {
        std::iter::from_fn(|| share.enter()).take(1_000).collect()
    }

    #[test]
    fn one_party_alone_leaves_half_of_the_places_to_whoever_comes_next() {
        let shares = Shares::new(100);
        let (one, other, third) = (shares.of("a"), shares.of("b"), shares.of("c"));
        let first = fill(&one);
        assert_eq!(first.len(), 50);
        let second = fill(&other);
        assert_eq!(second.len(), 33, "a third of the places, since a third party may come");
        assert!(one.enter().is_none(), "one that has more than its share waits until it has less");
        assert!(!fill(&third).is_empty(), "a third party finds a place");
        drop(second);
        drop(first);
        assert_eq!(fill(&other).len(), 50, "what ended is counted no longer");
    }

    #[test]
    fn below_half_nobody_is_counted_out() {
        let shares = Shares::new(100);
        let quiet = fill(&shares.of("a")).into_iter().take(10).collect::<Vec<_>>();
        let lively: Vec<_> = (0..40).map(|_| shares.of("b").enter()).collect();
        assert!(lively.iter().all(Option::is_some));
        drop((quiet, lively));
        assert_eq!(
            (shares.crowd.requests.load(Ordering::Relaxed), shares.crowd.parties.load(Ordering::Relaxed)),
            (0, 0)
        );
    }

    #[test]
    fn with_one_place_someone_has_it() {
        assert!(Shares::new(1).of("a").enter().is_some());
    }
}

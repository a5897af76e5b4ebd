//! Places for those who need no credential: health and reflection. They are few, apart from the requests of callers, and
//! no address has all of them, so that a stranger who asks slowly keeps strangers waiting and nobody else.

use super::overloaded;
use fault::Fault;
use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex};

/// The most calls of strangers at a time.
const PLACES: usize = 64;
/// The most of them from one address.
const OF_ADDRESS: usize = 16;

/// The places, and who has how many.
#[derive(Clone, Debug, Default)]
pub(super) struct Places(Arc<Mutex<HashMap<IpAddr, usize>>>);

/// One place, until it is dropped.
#[derive(Debug)]
pub(super) struct Place {
    all: Places,
    from: IpAddr,
}

impl Places {
    /// A place for a call from this address.
    ///
    /// # Errors
    /// It has its part of them, or all are taken.
    pub(super) fn take(&self, from: IpAddr) -> Result<Place, Fault> {
        let mut taken = self.0.lock().expect("nothing panics while it is held");
        let all: usize = taken.values().sum();
        let own = taken.entry(from).or_default();
        if all >= PLACES || *own >= OF_ADDRESS {
            if *own == 0 {
                taken.remove(&from);
            }
            return Err(overloaded());
        }
        *own += 1;
        drop(taken);
        Ok(Place { all: self.clone(), from })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut taken = self.all.0.lock().expect("nothing panics while it is held");
        if let Some(own) = taken.get_mut(&self.from) {
            *own -= 1;
            if *own == 0 {
                taken.remove(&self.from);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_address_has_all_places_and_there_is_an_end_of_them() {
        let places = Places::default();
        let at = |last: u8| IpAddr::from([192, 0, 2, last]);
        let mut held: Vec<Place> = (0..OF_ADDRESS).map(|_| places.take(at(1)).unwrap()).collect();
        assert!(places.take(at(1)).is_err());
        for last in 2..=4 {
            held.extend((0..OF_ADDRESS).map(|_| places.take(at(last)).unwrap()));
        }
        assert!(places.take(at(5)).is_err(), "all are taken");
        held.pop();
        assert!(places.take(at(5)).is_ok());
        drop(held);
        assert!(places.0.lock().unwrap().is_empty(), "who is gone is not remembered");
    }
}

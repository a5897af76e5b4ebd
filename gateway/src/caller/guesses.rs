//! Bad credentials by address: after too many, none from there is looked up for a moment.
//!
//! Nobody guesses a secret of 256 bits. What this guards is the database and the issuer, which each guess would ask.

use moka::sync::Cache;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

/// How many bad credentials an address may send in a second.
const MOST: u32 = 200;

/// Counts bad credentials.
#[derive(Debug)]
pub(super) struct Guesses(Cache<IpAddr, Arc<AtomicU32>>);

impl Default for Guesses {
    fn default() -> Self {
        Self(Cache::builder().max_capacity(10_000).time_to_live(Duration::from_secs(1)).build())
    }
}

impl Guesses {
    pub(super) fn are_too_many(&self, from: IpAddr) -> bool {
        self.0.get(&whose(from)).is_some_and(|count| count.load(Ordering::Relaxed) >= MOST)
    }

    pub(super) fn count(&self, from: IpAddr) {
        self.0.get_with(whose(from), Arc::default).fetch_add(1, Ordering::Relaxed);
    }
}

/// Whose address it is: in IPv6 the network of 64 bits, since a host has that many addresses to send from.
fn whose(from: IpAddr) -> IpAddr {
    match from {
        IpAddr::V4(_) => from,
        IpAddr::V6(long) => {
            let [a, b, c, d, ..] = long.segments();
            Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0).into()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_network_that_guesses_is_shut_out_and_others_are_not() {
        let guesses = Guesses::default();
        let at = |text: &str| text.parse::<IpAddr>().unwrap();
        for n in 0..MOST {
            assert!(!guesses.are_too_many(at("2001:db8::1")));
            guesses.count(at(&format!("2001:db8::{n:x}")));
        }
        assert!(guesses.are_too_many(at("2001:db8::ffff")));
        assert!(!guesses.are_too_many(at("2001:db8:0:1::1")));
        assert!(!guesses.are_too_many(at("192.0.2.1")));
    }
}

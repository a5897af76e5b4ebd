//! Who is at the other end of a socket: its address, its connection, and how many of both there may be.

use std::collections::HashMap;
use std::hash::{BuildHasher as _, RandomState};
use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// Whoever is at the other end of a socket.
#[derive(Clone, Debug)]
pub struct Client {
    /// Where it is.
    pub address: SocketAddr,
    /// Its connection.
    pub connection: Connection,
}

/// A connection, as whoever answers on it may end it. A clone is the same connection.
#[derive(Clone, Debug, Default)]
pub struct Connection(Arc<CancellationToken>);

impl Connection {
    /// Ends it: no new calls, and a while later those under way are broken off.
    pub fn end(&self) {
        self.0.cancel();
    }

    /// Whether it was told to end.
    pub fn is_ending(&self) -> bool {
        self.0.is_cancelled()
    }

    pub(crate) async fn ended(&self) {
        self.0.cancelled().await;
    }

    /// A number of its own from 0 to 1.
    pub(crate) fn lot(&self) -> f64 {
        f64::from(u32::try_from(RandomState::new().hash_one(0) >> 32).unwrap_or_default()) / f64::from(u32::MAX)
    }
}

/// Which addresses are not counted by themselves: proxies, behind which many clients are.
pub type Spared = Box<dyn Fn(IpAddr) -> bool + Send + Sync>;

/// How many connections a socket has, and for how long.
pub struct Bounds {
    /// The most at a time; one more is not spoken to.
    pub total: usize,
    /// The most from one address; in IPv6, from one network of 64 bits, since a host has that many addresses.
    pub of_address: usize,
    /// Whose addresses are not counted by themselves.
    pub spared: Spared,
    /// The age at which a connection gets no new calls (in HTTP/2 a GOAWAY), so that its client comes again: to another of
    /// us, and with a certificate that is still good.
    pub age: Option<Duration>,
}

impl Default for Bounds {
    /// None, as among ourselves.
    fn default() -> Self {
        Self { total: usize::MAX, of_address: usize::MAX, spared: Box::new(|_| true), age: None }
    }
}

impl std::fmt::Debug for Bounds {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Bounds")
            .field("total", &self.total)
            .field("of_address", &self.of_address)
            .finish_non_exhaustive()
    }
}

/// The connections there are, counted.
#[derive(Clone)]
pub(crate) struct Seats {
    total: usize,
    of_address: usize,
    spared: Arc<Spared>,
    taken: Arc<Mutex<Taken>>,
}

#[derive(Debug, Default)]
struct Taken {
    all: usize,
    by_address: HashMap<IpAddr, usize>,
}

/// One connection's seat, until it is dropped.
pub(crate) struct Seat {
    seats: Seats,
    /// Whose it is, if that is counted.
    of: Option<IpAddr>,
}

impl Seats {
    pub(crate) fn new(total: usize, of_address: usize, spared: Spared) -> Self {
        Self { total, of_address, spared: Arc::new(spared), taken: Arc::default() }
    }

    /// A seat for one more connection from there; none if there are too many.
    pub(crate) fn take(&self, from: IpAddr) -> Option<Seat> {
        let of = (!(self.spared)(from)).then(|| network_of(from));
        let mut taken = self.taken.lock().expect("nothing panics while it is held");
        if taken.all >= self.total {
            return None;
        }
        if let Some(of) = of {
            let own = taken.by_address.get(&of).copied().unwrap_or_default();
            if own >= self.of_address {
                return None;
            }
            taken.by_address.insert(of, own + 1);
        }
        taken.all += 1;
        drop(taken);
        Some(Seat { seats: self.clone(), of })
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        let mut taken = self.seats.taken.lock().expect("nothing panics while it is held");
        taken.all -= 1;
        let Some(of) = self.of else { return };
        if let Some(own) = taken.by_address.get_mut(&of) {
            *own -= 1;
            if *own == 0 {
                taken.by_address.remove(&of);
            }
        }
    }
}

/// Whose address it is: in IPv6 the network of 64 bits.
fn network_of(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V4(short) => short.into(),
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
    fn an_address_has_its_part_and_a_proxy_as_much_as_there_is() {
        let at = |text: &str| text.parse::<IpAddr>().expect("it is an address");
        let seats = Seats::new(5, 2, Box::new(move |address| address == at("192.0.2.9")));
        let first = [seats.take(at("2001:db8::1")), seats.take(at("2001:db8::2"))];
        assert!(first.iter().all(Option::is_some));
        assert!(seats.take(at("2001:db8::3")).is_none(), "a host has many addresses");
        let proxied: Vec<_> = (0..3).map(|_| seats.take(at("192.0.2.9"))).collect();
        assert!(proxied.iter().all(Option::is_some), "a proxy is not counted by itself");
        assert!(seats.take(at("198.51.100.1")).is_none(), "all are taken");
        drop((first, proxied));
        assert!(seats.take(at("2001:db8::3")).is_some());
        let taken = seats.taken.lock().expect("nothing panicked");
        assert_eq!((taken.all, taken.by_address.len()), (0, 0), "who is gone is not remembered");
    }
}

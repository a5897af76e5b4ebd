//! The client's address: the peer's, or what a proxy that we trust says.

use http::HeaderMap;
use std::net::IpAddr;

/// A network whose proxies are believed: `10.0.0.0/8`, or one address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Network {
    address: IpAddr,
    prefix: u8,
}

impl config::Value for Network {
    fn parse(text: &str) -> Result<Self, String> {
        let wrong = || "is not an address or a network such as 10.0.0.0/8".to_owned();
        let (address, prefix) = text.trim().split_once('/').map_or((text.trim(), None), |(at, bits)| (at, Some(bits)));
        let address: IpAddr = address.parse().map_err(|_| wrong())?;
        let most = if address.is_ipv4() { 32 } else { 128 };
        let prefix = prefix.map_or(Ok(most), str::parse).map_err(|_| wrong())?;
        if prefix > most { Err(wrong()) } else { Ok(Self { address, prefix }) }
    }

    fn kind() -> String {
        "an address or a network: `10.0.0.0/8`".to_owned()
    }
}

impl Network {
    fn holds(&self, address: IpAddr) -> bool {
        let same = |own: u128, other: u128, bits: u32| {
            let unused = bits - u32::from(self.prefix);
            own.checked_shr(unused).unwrap_or(0) == other.checked_shr(unused).unwrap_or(0)
        };
        match (self.address, address.to_canonical()) {
            (IpAddr::V4(own), IpAddr::V4(other)) => same(own.to_bits().into(), other.to_bits().into(), 32),
            (IpAddr::V6(own), IpAddr::V6(other)) => same(own.to_bits(), other.to_bits(), 128),
            _ => false,
        }
    }
}

/// The client's address. `X-Forwarded-For` is read from its end, since each proxy adds there what it saw, and only as
/// far as those who wrote it are trusted; the rest of it a client can invent.
pub(super) fn client(peer: IpAddr, headers: &HeaderMap, trusted: &[Network]) -> IpAddr {
    let is_trusted = |address: IpAddr| trusted.iter().any(|network| network.holds(address));
    let mut client = peer;
    if !is_trusted(client) {
        return client;
    }
    let lines: Vec<_> = headers.get_all("x-forwarded-for").iter().collect();
    let seen = lines.iter().rev().flat_map(|line| line.to_str().unwrap_or_default().rsplit(','));
    for address in seen {
        let Ok(address) = address.trim().parse::<IpAddr>() else { break };
        client = address;
        if !is_trusted(client) {
            break;
        }
    }
    client
}

#[cfg(test)]
mod tests {
    use super::*;
    use config::Value as _;
    use http::HeaderValue;

    fn networks(texts: &[&str]) -> Vec<Network> {
        texts.iter().map(|text| Network::parse(text).unwrap()).collect()
    }

    fn seen(peer: &str, forwarded: &[&'static str], trusted: &[&str]) -> String {
        let mut headers = HeaderMap::new();
        for line in forwarded {
            headers.append("x-forwarded-for", HeaderValue::from_static(line));
        }
        client(peer.parse().unwrap(), &headers, &networks(trusted)).to_string()
    }

    #[test]
    fn a_client_is_believed_only_through_proxies_that_we_trust() {
        let inside = ["10.0.0.0/8", "fd00::/8"];
        assert_eq!(seen("192.0.2.1", &["198.51.100.7"], &[]), "192.0.2.1");
        assert_eq!(seen("192.0.2.1", &["198.51.100.7"], &inside), "192.0.2.1");
        assert_eq!(seen("10.0.0.1", &["198.51.100.7"], &inside), "198.51.100.7");
        assert_eq!(seen("10.0.0.1", &["203.0.113.9, 198.51.100.7, 10.0.0.2"], &inside), "198.51.100.7");
        assert_eq!(seen("10.0.0.1", &["203.0.113.9", "198.51.100.7"], &inside), "198.51.100.7");
        assert_eq!(seen("fd00::1", &["2001:db8::5, fd00::2"], &inside), "2001:db8::5");
        assert_eq!(seen("10.0.0.1", &["198.51.100.7, nonsense"], &inside), "10.0.0.1");
        assert_eq!(seen("::ffff:10.0.0.1", &["198.51.100.7"], &inside), "198.51.100.7");
    }

    #[test]
    fn a_network_is_an_address_with_a_prefix_or_without() {
        let all = networks(&["0.0.0.0/0"])[0];
        assert!(all.holds("203.0.113.9".parse().unwrap()));
        assert!(!all.holds("2001:db8::1".parse().unwrap()));
        assert!(networks(&["192.0.2.1"])[0].holds("192.0.2.1".parse().unwrap()));
        for bad in ["", "10.0.0.0/33", "10.0.0.0/x", "::/129", "10.0.0/8"] {
            assert!(Network::parse(bad).is_err(), "{bad}");
        }
    }
}

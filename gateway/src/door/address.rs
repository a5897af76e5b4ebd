//! The client's address: the peer's, or what a proxy that we trust says.

use crate::network::Network;
use http::HeaderMap;
use std::net::IpAddr;

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
}

//! The client's address: the peer's, or what a proxy that we trust says.

use crate::network::Network;
use fault::Fault;
use http::HeaderMap;
use proto::policy::v1::Reason;
use std::net::{IpAddr, SocketAddr};

/// The client's address. `X-Forwarded-For` is read from its end, since each proxy adds there what it saw, and only as
/// far as those who wrote it are trusted; the rest of it a client can invent.
///
/// # Errors
/// A proxy that we trust wrote what is no address. Whose address would count instead? The proxy's own, which lies in
/// networks that keys are bound to; so the request counts for nobody.
pub(super) fn client(peer: IpAddr, headers: &HeaderMap, trusted: &[Network]) -> Result<IpAddr, Fault> {
    let is_trusted = |address: IpAddr| trusted.iter().any(|network| network.holds(address));
    let mut client = peer;
    if trusted.is_empty() || !is_trusted(client) {
        return Ok(client);
    }
    let lines: Vec<_> = headers.get_all("x-forwarded-for").iter().collect();
    let seen = lines.iter().rev().flat_map(|line| line.to_str().unwrap_or("?").rsplit(','));
    for text in seen {
        let words = "what a proxy wrote into X-Forwarded-For is no address";
        client = read(text.trim()).ok_or_else(|| Fault::new(Reason::MalformedRequest, words))?;
        if !is_trusted(client) {
            break;
        }
    }
    Ok(client)
}

/// An address, as proxies write it: some add the port.
fn read(text: &str) -> Option<IpAddr> {
    let bare = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(text);
    bare.parse().ok().or_else(|| text.parse::<SocketAddr>().ok().map(|socket| socket.ip()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use config::Value as _;
    use http::HeaderValue;
    use proptest::prelude::*;

    fn networks(texts: &[&str]) -> Vec<Network> {
        texts.iter().map(|text| Network::parse(text).unwrap()).collect()
    }

    fn seen(peer: &str, forwarded: &[&'static str], trusted: &[&str]) -> String {
        let mut headers = HeaderMap::new();
        for line in forwarded {
            headers.append("x-forwarded-for", HeaderValue::from_static(line));
        }
        let found = client(peer.parse().unwrap(), &headers, &networks(trusted));
        found.map_or_else(|fault| fault.reason().to_owned(), |address| address.to_string())
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
        assert_eq!(seen("10.0.0.1", &["nonsense, 198.51.100.7"], &inside), "198.51.100.7", "what a client invented");
        assert_eq!(seen("::ffff:10.0.0.1", &["198.51.100.7"], &inside), "198.51.100.7");
    }
    #[test]
    fn an_address_that_a_proxy_wrote_and_we_cannot_read_is_nobodys() {
        let inside = ["10.0.0.0/8", "fd00::/8"];
        for bad in
            ["nonsense", "198.51.100.7, nonsense", "unknown", "", "198.51.100.7,", "198.51.100.7:x", "10.0.0.2, _h"]
        {
            let headers =
                HeaderMap::from_iter([("x-forwarded-for".parse().unwrap(), HeaderValue::try_from(bad).unwrap())]);
            assert!(client("10.0.0.1".parse().unwrap(), &headers, &networks(&inside)).is_err(), "{bad:?}");
        }
        let opaque = HeaderMap::from_iter([(
            "x-forwarded-for".parse().unwrap(),
            HeaderValue::from_bytes(b"198.51.100.\xff").unwrap(),
        )]);
        assert!(client("10.0.0.1".parse().unwrap(), &opaque, &networks(&inside)).is_err());
        for with_port in ["198.51.100.7:4711", "198.51.100.7"] {
            assert_eq!(seen("10.0.0.1", &[with_port], &inside), "198.51.100.7");
        }
        for long in ["[2001:db8::5]:443", "[2001:db8::5]", "2001:db8::5"] {
            assert_eq!(seen("10.0.0.1", &[long], &inside), "2001:db8::5");
        }
    }

    proptest! {
        #[test]
        fn whatever_a_client_writes_it_is_itself_or_nobody(
            lines in prop::collection::vec(
                prop_oneof![
                    prop::collection::vec(any::<u8>(), 0..60),
                    "([0-9a-f:.\\[\\], /_]|10\\.0\\.0\\.2|fd00::2|198\\.51\\.100\\.7){0,12}".prop_map(String::into_bytes),
                ],
                0..4,
            ),
        ) {
            let mut headers = HeaderMap::new();
            for line in &lines {
                if let Ok(value) = HeaderValue::from_bytes(line) {
                    headers.append("x-forwarded-for", value);
                }
            }
            let trusted = networks(&["10.0.0.0/8", "fd00::/8"]);
            let client_is = |peer: &str, headers: &HeaderMap| client(peer.parse().unwrap(), headers, &trusted);
            prop_assert_eq!(client_is("192.0.2.1", &headers).unwrap().to_string(), "192.0.2.1", "one that is no proxy of ours");
            // Behind a proxy, what the proxy added last alone decides who it is.
            headers.append("x-forwarded-for", HeaderValue::from_static("192.0.2.9"));
            prop_assert_eq!(client_is("10.0.0.1", &headers).unwrap().to_string(), "192.0.2.9");
        }

        #[test]
        fn no_header_of_a_proxy_breaks_the_reader(line in prop::collection::vec(any::<u8>(), 0..80)) {
            let Ok(value) = HeaderValue::from_bytes(&line) else { return Ok(()) };
            let headers = HeaderMap::from_iter([("x-forwarded-for".parse().unwrap(), value)]);
            drop(client("10.0.0.1".parse().unwrap(), &headers, &networks(&["10.0.0.0/8", "fd00::/8"])));
        }
    }
}

//! Which addresses a webhook may be at: public ones, looked at when the connection is made and not before.
//!
//! A name is resolved once for each connection, every address it has must be public, and the connection goes to one of
//! those: a name that answers otherwise the second time gains nothing.

use crate::network::Network;
use futures::future::BoxFuture;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use std::fmt;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;

/// What is said of a name that has no address that we send to. The same whether it has none at all or one of our own:
/// whoever writes names down here is not told which of them our resolver knows.
pub(super) const NO_ADDRESS: &str = "the endpoint's name does not resolve to public addresses alone";

/// Finds the addresses of a name.
type LookUp = dyn Fn(String) -> BoxFuture<'static, io::Result<Vec<SocketAddr>>> + Send + Sync;

/// Resolves names to public addresses, or to none.
#[derive(Clone)]
pub(super) struct Guard {
    /// This machine is allowed too: for tests and laptops.
    loopback: bool,
    /// Networks that are refused though they are public.
    refused: Arc<[Network]>,
    look_up: Arc<LookUp>,
}

/// That a name was refused, and not that it could not be looked up.
#[derive(Debug)]
pub(super) struct Refused;

impl Guard {
    /// A guard that asks the system for addresses.
    pub(super) fn new(loopback: bool, refused: &[Network]) -> Self {
        let look_up = |name: String| -> BoxFuture<'static, io::Result<Vec<SocketAddr>>> {
            Box::pin(async move { Ok(tokio::net::lookup_host((name, 0)).await?.collect()) })
        };
        Self { loopback, refused: refused.into(), look_up: Arc::new(look_up) }
    }

    /// Whether an address may be connected to.
    pub(super) fn allows(&self, address: IpAddr) -> bool {
        let ours = |address: IpAddr| self.refused.iter().any(|network| network.holds(address));
        let within = match address {
            IpAddr::V4(_) => None,
            IpAddr::V6(long) => v4_within(long).map(IpAddr::V4),
        };
        if ours(address) || within.is_some_and(ours) {
            return false;
        }
        is_public(address) || (self.loopback && address.is_loopback())
    }

    /// Why the host of an address is refused as it is written, before anything is resolved.
    pub(super) fn refuses(&self, url: &reqwest::Url) -> Option<String> {
        match url.scheme() {
            "https" => {}
            "http" if self.loopback => {}
            other => return Some(format!("{other} is not https")),
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Some("an address with a user or password is not kept".to_owned());
        }
        let host = url.host_str().unwrap_or_default().trim_matches(['[', ']']);
        match host.parse::<IpAddr>() {
            Ok(address) if !self.allows(address) => Some(format!("{address} is no address that is sent to")),
            Ok(_) => None,
            Err(_) if host.is_empty() => Some("there is no host".to_owned()),
            Err(_) => None,
        }
    }
}

impl Resolve for Guard {
    fn resolve(&self, name: Name) -> Resolving {
        let guard = self.clone();
        Box::pin(async move {
            let found = (guard.look_up)(name.as_str().to_owned()).await?;
            if let Some(bad) = found.iter().find(|address| !guard.allows(address.ip())) {
                // What it resolved to is for us alone.
                tracing::warn!(address = %bad.ip(), "a webhook's name resolves to an address that is not sent to");
                return Err(io::Error::new(io::ErrorKind::PermissionDenied, Refused).into());
            }
            Ok(Box::new(found.into_iter()) as Addrs)
        })
    }
}

impl fmt::Debug for Guard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Guard")
            .field("loopback", &self.loopback)
            .field("refused", &self.refused)
            .finish_non_exhaustive()
    }
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(NO_ADDRESS)
    }
}

impl std::error::Error for Refused {}

/// Whether an address is one of the public Internet (IANA's special-purpose registries; RFC 6890), also when it is an
/// IPv4 address in IPv6's clothes.
fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => is_public_v6(address),
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    let special = match (a, b, c) {
        // This network, private, shared (RFC 6598), loopback, link-local.
        (0 | 10 | 127, ..) | (100, 64..=127, _) | (169, 254, _) | (172, 16..=31, _) | (192, 168, _) => true,
        // Protocol assignments, documentation, 6to4 relays, benchmarking.
        (192, 0, 0 | 2) | (192, 88, 99) | (198, 18 | 19, _) | (198, 51, 100) | (203, 0, 113) => true,
        // Multicast, reserved, broadcast.
        (224.., ..) => true,
        _ => false,
    };
    !special
}

fn is_public_v6(address: Ipv6Addr) -> bool {
    if let Some(within) = v4_within(address) {
        return is_public_v4(within);
    }
    match address.segments() {
        // Teredo and other protocol assignments, documentation (RFC 3849, RFC 9637).
        [0x2001, 0..=0x1ff, ..] | [0x2001, 0xdb8, ..] | [0x3fff, 0..=0xfff, ..] => false,
        // Global unicast is what IANA has given out of 2000::/3, and nothing else.
        [first, ..] => first & 0xe000 == 0x2000,
    }
}

/// The IPv4 address that an IPv6 address leads to: mapped, by NAT64 (RFC 6052) or 6to4 (RFC 3056).
fn v4_within(address: Ipv6Addr) -> Option<Ipv4Addr> {
    let v4 = |high: u16, low: u16| Ipv4Addr::from(u32::from(high) << 16 | u32::from(low));
    match address.segments() {
        [0x64, 0xff9b, 0, 0, 0, 0, high, low] | [0x2002, high, low, ..] => Some(v4(high, low)),
        _ => address.to_ipv4_mapped(),
    }
}

#[cfg(test)]
impl Guard {
    /// A guard whose names have these addresses, the first time these and then those.
    pub(super) fn answering<'a>(loopback: bool, times: impl IntoIterator<Item = &'a [&'a str]>) -> Self {
        let address = |text: &&str| SocketAddr::new(text.parse().unwrap(), 0);
        let times: std::collections::VecDeque<Vec<_>> =
            times.into_iter().map(|texts| texts.iter().map(address).collect()).collect();
        let times = std::sync::Mutex::new(times);
        let look_up = move |_: String| -> BoxFuture<'static, io::Result<Vec<SocketAddr>>> {
            let next = times.lock().unwrap().pop_front();
            Box::pin(async move { next.ok_or_else(|| io::Error::other("it is asked too often")) })
        };
        Self { look_up: Arc::new(look_up), ..Self::new(loopback, &[]) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use config::Value as _;
    use std::str::FromStr as _;

    fn strict() -> Guard {
        Guard::new(false, &[])
    }

    #[test]
    fn only_public_addresses_are_allowed_in_whatever_clothes() {
        let private = [
            "127.0.0.1",
            "10.1.2.3",
            "172.31.255.255",
            "192.168.0.1",
            "169.254.169.254",
            "100.64.0.1",
            "0.0.0.0",
            "192.0.0.8",
            "198.18.0.1",
            "224.0.0.1",
            "240.0.0.1",
            "255.255.255.255",
            "203.0.113.9",
            "::",
            "::1",
            "fe80::1",
            "fc00::1",
            "fd12::1",
            "ff02::1",
            "::ffff:127.0.0.1",
            "::ffff:10.0.0.1",
            "::ffff:169.254.169.254",
            "::127.0.0.1",
            "64:ff9b::10.0.0.1",
            "64:ff9b:1::1",
            "2002:7f00:1::",
            "2002:a9fe:a9fe::",
            "2001:db8::1",
            "2001::1",
            "100::1",
            "fec0::1",
            "3fff::1",
        ];
        for address in private {
            assert!(!strict().allows(IpAddr::from_str(address).unwrap()), "{address}");
        }
        for address in ["1.1.1.1", "172.32.0.1", "100.128.0.1", "2606:4700::1", "::ffff:1.1.1.1", "64:ff9b::1.1.1.1"] {
            assert!(strict().allows(IpAddr::from_str(address).unwrap()), "{address}");
        }
        let lax = Guard::new(true, &[]);
        assert!(lax.allows(IpAddr::from_str("127.0.0.1").unwrap()) && lax.allows(IpAddr::from_str("::1").unwrap()));
        assert!(!lax.allows(IpAddr::from_str("10.0.0.1").unwrap()));
    }

    #[test]
    fn an_address_is_refused_as_it_is_written() {
        let refuses = |url: &str| strict().refuses(&url.parse().unwrap()).is_some();
        // The last ones are 127.0.0.1 as the URL standard reads them.
        for bad in [
            "http://example.com",
            "https://127.0.0.1/",
            "https://[::1]/",
            "https://[::ffff:10.0.0.1]/",
            "https://u:p@example.com/",
            "ftp://example.com/",
            "https://2130706433/",
            "https://0x7f.1/",
            "https://0177.0.0.1/",
        ] {
            assert!(refuses(bad), "{bad}");
        }
        for good in ["https://example.com/hook", "https://1.1.1.1/", "https://example.com:8443/"] {
            assert!(!refuses(good), "{good}");
        }
    }

    #[test]
    fn networks_of_our_own_are_refused_though_they_are_public() {
        let ours = ["1.1.1.0/24", "2606:4700::/32"].map(|text| Network::parse(text).unwrap());
        let guard = Guard::new(false, &ours);
        for address in ["1.1.1.1", "::ffff:1.1.1.1", "64:ff9b::1.1.1.1", "2002:101:101::", "2606:4700::1"] {
            assert!(!guard.allows(IpAddr::from_str(address).unwrap()), "{address}");
        }
        assert!(guard.allows(IpAddr::from_str("1.1.2.1").unwrap()));
        assert!(guard.refuses(&"https://1.1.1.1/".parse().unwrap()).is_some());
    }

    #[tokio::test]
    async fn a_name_with_a_private_address_resolves_to_none() {
        let resolve = |guard: Guard| async move { guard.resolve(Name::from_str("localhost").unwrap()).await };
        let refused = resolve(strict()).await.err().expect("localhost is no public name").to_string();
        assert_eq!(refused, NO_ADDRESS);
        assert!(resolve(Guard::new(true, &[])).await.unwrap().count() > 0);
        for mixed in [["1.1.1.1", "10.0.0.1"], ["10.0.0.1", "1.1.1.1"], ["1.1.1.1", "127.0.0.1"]] {
            let refused = resolve(Guard::answering(false, [mixed.as_slice()])).await.err().expect("one is private");
            assert!(!refused.to_string().contains("10.0.0.1"), "{refused}");
        }
    }
}

//! Which addresses a webhook may be at: public ones, looked at when the connection is made and not before.
//!
//! A name is resolved once for each connection, every address it has must be public, and the connection goes to one of
//! those: a name that answers otherwise the second time gains nothing.

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

/// Resolves names to public addresses, or to none.
#[derive(Clone, Copy, Debug)]
pub(super) struct Guard {
    /// This machine is allowed too: for tests and laptops.
    pub(super) loopback: bool,
}

impl Guard {
    /// Whether an address may be connected to.
    pub(super) fn allows(self, address: IpAddr) -> bool {
        is_public(address) || (self.loopback && address.is_loopback())
    }

    /// Why the host of an address is refused as it is written, before anything is resolved.
    pub(super) fn refuses(self, url: &reqwest::Url) -> Option<String> {
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
            Ok(address) if !self.allows(address) => Some(format!("{address} is no public address")),
            Ok(_) => None,
            Err(_) if host.is_empty() => Some("there is no host".to_owned()),
            Err(_) => None,
        }
    }
}

impl Resolve for Guard {
    fn resolve(&self, name: Name) -> Resolving {
        let guard = *self;
        Box::pin(async move {
            let found: Vec<SocketAddr> = tokio::net::lookup_host((name.as_str(), 0)).await?.collect();
            if let Some(bad) = found.iter().find(|address| !guard.allows(address.ip())) {
                let words = format!("the name resolves to {}, which is no public address", bad.ip());
                return Err(io::Error::new(io::ErrorKind::PermissionDenied, words).into());
            }
            Ok(Box::new(found.into_iter()) as Addrs)
        })
    }
}

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
    if let Some(mapped) = address.to_ipv4_mapped() {
        return is_public_v4(mapped);
    }
    let v4 = |high: u16, low: u16| Ipv4Addr::from(u32::from(high) << 16 | u32::from(low));
    match address.segments() {
        // NAT64 (RFC 6052) and 6to4 (RFC 3056) lead to the IPv4 address within.
        [0x64, 0xff9b, 0, 0, 0, 0, high, low] => is_public_v4(v4(high, low)),
        [0x2002, high, low, ..] => is_public_v4(v4(high, low)),
        // Teredo and other protocol assignments, documentation (RFC 3849, RFC 9637).
        [0x2001, 0..=0x1ff, ..] | [0x2001, 0xdb8, ..] | [0x3fff, 0..=0xfff, ..] => false,
        // Global unicast is what IANA has given out of 2000::/3, and nothing else.
        [first, ..] => first & 0xe000 == 0x2000,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::str::FromStr as _;

    const STRICT: Guard = Guard { loopback: false };

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
            assert!(!STRICT.allows(IpAddr::from_str(address).unwrap()), "{address}");
        }
        for address in ["1.1.1.1", "172.32.0.1", "100.128.0.1", "2606:4700::1", "::ffff:1.1.1.1", "64:ff9b::1.1.1.1"] {
            assert!(STRICT.allows(IpAddr::from_str(address).unwrap()), "{address}");
        }
        let lax = Guard { loopback: true };
        assert!(lax.allows(IpAddr::from_str("127.0.0.1").unwrap()) && lax.allows(IpAddr::from_str("::1").unwrap()));
        assert!(!lax.allows(IpAddr::from_str("10.0.0.1").unwrap()));
    }

    #[test]
    fn an_address_is_refused_as_it_is_written() {
        let refuses = |url: &str| STRICT.refuses(&url.parse().unwrap()).is_some();
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

    #[tokio::test]
    async fn a_name_with_a_private_address_resolves_to_none() {
        let resolve = |guard: Guard| guard.resolve(Name::from_str("localhost").unwrap());
        let refused = resolve(STRICT).await.err().expect("localhost is no public name");
        assert!(refused.to_string().contains("no public address"), "{refused}");
        assert!(resolve(Guard { loopback: true }).await.unwrap().count() > 0);
    }
}

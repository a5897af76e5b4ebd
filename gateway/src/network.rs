//! Networks: of proxies that are believed, and of addresses that a key may be used from.

use std::net::IpAddr;

/// A network: `10.0.0.0/8`, or one address.
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
    /// Whether the address lies in it. An IPv4 address written as IPv6 is the IPv4 address.
    pub(crate) fn holds(&self, address: IpAddr) -> bool {
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

#[cfg(test)]
mod tests {
    use super::*;
    use config::Value as _;

    fn network(text: &str) -> Network {
        Network::parse(text).unwrap()
    }

    #[test]
    fn a_network_is_an_address_with_a_prefix_or_without() {
        let all = network("0.0.0.0/0");
        assert!(all.holds("203.0.113.9".parse().unwrap()));
        assert!(!all.holds("2001:db8::1".parse().unwrap()));
        assert!(network("192.0.2.1").holds("192.0.2.1".parse().unwrap()));
        for bad in ["", "10.0.0.0/33", "10.0.0.0/x", "::/129", "10.0.0/8"] {
            assert!(Network::parse(bad).is_err(), "{bad}");
        }
    }
}

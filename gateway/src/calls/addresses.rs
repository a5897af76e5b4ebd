//! Where calls came from, as the record of calls has it: a digest with a key, so that calls from one address are known to be
//! from one, an auditor who knows the address finds them, and nobody reads addresses from the record.

use ring::hmac;
use ring::rand::{SecureRandom as _, SystemRandom};
use sqlx::PgPool;
use std::net::{IpAddr, Ipv6Addr};

/// How many bytes of a digest are kept: two of the addresses of a country do not meet by chance.
const BYTES: usize = 12;

/// The house's key for this, made by whichever gateway comes first.
const KEY: &str = "
    insert into own_keys (purpose, key) values ('callAddresses', $1)
    on conflict (purpose) do update set purpose = excluded.purpose returning key";

/// Makes digests of addresses.
#[derive(Clone)]
pub(super) struct Addresses(hmac::Key);

impl std::fmt::Debug for Addresses {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Addresses(…)")
    }
}

impl Addresses {
    /// With the house's key.
    ///
    /// # Errors
    /// The database's.
    pub(super) async fn of(pool: &PgPool) -> Result<Self, sqlx::Error> {
        let mut fresh = [0; 32];
        SystemRandom::new().fill(&mut fresh).expect("the system has random bytes");
        let key: Vec<u8> = sqlx::query_scalar(KEY).bind(&fresh[..]).fetch_one(pool).await?;
        Ok(Self::with(&key))
    }

    pub(super) fn with(key: &[u8]) -> Self {
        Self(hmac::Key::new(hmac::HMAC_SHA256, key))
    }

    /// The digest of an address, in hexadecimal. An IPv4 address within IPv6 is that IPv4 address.
    pub(super) fn digest(&self, address: IpAddr) -> String {
        self.digest_of(&address.to_canonical().to_string())
    }

    /// The digest by which calls of strangers from an address are counted: in IPv6 that of its network of 64 bits, since
    /// whoever has one address of it has all of them.
    pub(super) fn digest_of_stranger(&self, address: IpAddr) -> String {
        match network(address) {
            IpAddr::V4(address) => self.digest(address.into()),
            IpAddr::V6(network) => self.digest_of(&format!("{network}/64")),
        }
    }

    fn digest_of(&self, text: &str) -> String {
        let digest = hmac::sign(&self.0, text.as_bytes());
        hex::encode(&digest.as_ref()[..BYTES])
    }
}

/// The address, or in IPv6 the first one of its network of 64 bits.
pub(super) fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => Ipv6Addr::from_bits(address.to_bits() >> 64 << 64).into(),
        address => address,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strangers_of_one_network_have_one_digest() {
        let whence = Addresses::with(&[1; 32]);
        let digest = |text: &str| whence.digest_of_stranger(text.parse().unwrap());
        assert_eq!(digest("2001:db8::1"), digest("2001:db8::ffff:2"));
        assert_ne!(digest("2001:db8::1"), digest("2001:db8:0:1::1"));
        assert_eq!(digest("::ffff:192.0.2.1"), whence.digest("192.0.2.1".parse().unwrap()));
        assert_ne!(digest("192.0.2.1"), digest("192.0.2.2"));
    }

    #[test]
    fn an_address_has_one_digest_with_one_key() {
        let (one, other) = (Addresses::with(&[1; 32]), Addresses::with(&[2; 32]));
        let digest = |of: &Addresses, text: &str| of.digest(text.parse().unwrap());
        assert_eq!(digest(&one, "192.0.2.1"), digest(&one, "::ffff:192.0.2.1"));
        assert_ne!(digest(&one, "192.0.2.1"), digest(&one, "192.0.2.2"));
        assert_ne!(digest(&one, "192.0.2.1"), digest(&other, "192.0.2.1"));
        assert_eq!(digest(&one, "192.0.2.1").len(), 2 * BYTES);
    }
}

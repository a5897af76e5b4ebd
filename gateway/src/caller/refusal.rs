//! Why a credential is not accepted: it is not good, or that cannot be known for the moment.

use fault::Fault;
use proto::policy::v1::Reason;
use std::time::Duration;

/// Why a credential is not accepted. The caller is told nothing finer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// None was sent, or it is unknown, expired, revoked or forged.
    Unknown,
    /// What would tell (the database, the issuer) is away, and nothing in hand is fresh enough.
    Away,
    /// Too many bad credentials from this address: none is looked up for a moment.
    Guessing,
}

impl From<Refusal> for Fault {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::Unknown => Self::new(Reason::Unauthenticated, "no valid credential was sent"),
            Refusal::Away => Self::new(Reason::Unavailable, "credentials cannot be checked for the moment")
                .retry_after(Duration::from_secs(1)),
            Refusal::Guessing => Self::new(Reason::RateLimited, "too many bad credentials came from this address")
                .retry_after(Duration::from_secs(1)),
        }
    }
}

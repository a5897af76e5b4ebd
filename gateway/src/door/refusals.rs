//! Why the door lets a request not in, in the words of the house.

use fault::Fault;
use proto::gateway::v1 as gateway;
use proto::policy::v1::Reason;
use std::time::Duration;

/// The caller has its share of the places in flight.
pub(super) fn crowded() -> Fault {
    let words = "this caller has its share of the requests under way, and others need the rest";
    Fault::new(gateway::Reason::BeyondFairShare, words).retry_after(Duration::from_secs(1))
}

/// The key may not be used from there.
pub(super) fn elsewhere() -> Fault {
    Fault::new(gateway::Reason::AddressNotAllowed, "the key may not be used from this address")
}

/// The key is no good without its certificate.
pub(super) fn without_certificate() -> Fault {
    Fault::new(gateway::Reason::CertificateNeeded, "the key may be used with its client certificate only")
}

/// There is no place in flight.
pub(super) fn overloaded() -> Fault {
    Fault::new(Reason::Overloaded, "too many requests are under way").retry_after(Duration::from_secs(1))
}

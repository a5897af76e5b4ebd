//! Callers for tests: principals with chosen permissions, and requests that carry them.

use chrono::Utc;
use identity::{Called, Clearance, METADATA_KEY, Permissions, Principal, Signer, Verifier};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, LazyLock};
use tonic::Request;

/// Stands in for the gateway: signs for the callers of this process.
static SIGNER: LazyLock<Arc<Signer>> = LazyLock::new(|| Arc::new(Signer::generate()));

/// The signer of this process's tests, for a gateway under test.
pub fn signer() -> Arc<Signer> {
    Arc::clone(&SIGNER)
}

/// A verifier that knows [`signer`] alone, for a service under test.
pub fn verifier() -> Verifier {
    SIGNER.verifier()
}

/// A person whom no other call of this gives, with these permissions and no clearance, for an hour.
pub fn principal<T: AsRef<str>>(permissions: impl IntoIterator<Item = T>) -> Principal {
    static COUNT: AtomicU32 = AtomicU32::new(1);
    Principal {
        subject: format!("people/test-{}", COUNT.fetch_add(1, Ordering::Relaxed)).into(),
        agency: None,
        mission: None,
        post: None,
        permissions: Permissions::of(permissions),
        clearance: Clearance::Unclassified,
        elevation: None,
        expires: Utc::now().timestamp() + 3600,
    }
}

/// The token under which a caller's requests travel to a service that trusts [`signer`].
pub fn token(principal: &Principal) -> String {
    SIGNER.mint(principal, Utc::now())
}

/// A request as the gateway sends it to a service: with the caller's token.
pub fn signed<T>(principal: &Principal, message: T) -> Request<T> {
    let mut request = Request::new(message);
    let token = token(principal).parse().expect("a token is ASCII");
    request.metadata_mut().insert(METADATA_KEY, token);
    request
}

/// A request as a method finds it behind the layers. `method` is the gRPC path:
/// `/legation.accreditation.v1.MissionService/GetMission`.
pub fn called<T>(principal: &Principal, method: &str, message: T) -> Request<T> {
    let method = proto::contract::contract().method(method).expect("the contract has the method");
    let principal = Arc::new(principal.clone());
    let mut request = Request::new(message);
    request.extensions_mut().insert(Called { principal, method, deadline: None, traceparent: String::new() });
    request
}

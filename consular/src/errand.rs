//! Calls that the service makes of itself, by nobody in person: through the contract's methods, so that what it does has
//! its history, event and audit row like anything else.

use fault::Fault;
use identity::{Called, Principal};
use proto::policy::v1::Reason;
use std::sync::Arc;
use tonic::Request;

/// A request of the service's own: `who` is what the audit log says, `timers/{who}`.
pub(crate) fn request<R>(who: &str, path: &str, ask: R) -> Result<Request<R>, Fault> {
    let missing = || Fault::new(Reason::Internal, format!("the contract has no method {path}"));
    let method = proto::contract::contract().method(path).ok_or_else(missing)?;
    let mut request = Request::new(ask);
    let principal = Arc::new(Principal::timer(who));
    request.extensions_mut().insert(Called { principal, method, deadline: None, traceparent: String::new() });
    Ok(request)
}

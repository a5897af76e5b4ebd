//! The call as the layers found it: who calls what, until when, in which trace.

use crate::Principal;
use fault::Fault;
use proto::contract::Method;
use proto::policy::v1::Reason;
use std::sync::Arc;
use std::time::Instant;

/// What everything behind the identity layer knows of a call. It stands in the request's extensions; that it is
/// there means that the caller was checked and holds the method's permission.
#[derive(Clone, Debug)]
pub struct Called {
    /// Who calls.
    pub principal: Arc<Principal>,
    /// The method, with its rule.
    pub method: &'static Method,
    /// Until when the caller waits.
    pub deadline: Option<Instant>,
    /// The trace the call belongs to (W3C Trace Context), to be kept with what it causes.
    pub traceparent: String,
}

impl Called {
    /// The call behind a request. A fault of ours if no identity layer saw it: nothing may be done for nobody.
    pub fn of<T>(request: &tonic::Request<T>) -> Result<&Self, Fault> {
        Self::within(request.extensions())
    }

    /// The call behind the extensions of a request.
    pub fn within(extensions: &http::Extensions) -> Result<&Self, Fault> {
        let missing = || Fault::new(Reason::Internal, "the call did not come through the identity layer");
        extensions.get::<Self>().ok_or_else(missing)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_that_no_layer_saw_is_a_fault_of_ours() {
        assert_eq!(Called::of(&tonic::Request::new(())).unwrap_err().reason(), "INTERNAL");
    }

    #[test]
    fn the_call_is_found_in_the_request() {
        let method = &proto::contract::contract().methods()[0];
        let principal = Arc::new(Principal::timer("grace"));
        let mut request = tonic::Request::new(());
        request.extensions_mut().insert(Called { principal, method, deadline: None, traceparent: String::new() });
        assert_eq!(Called::of(&request).unwrap().principal.subject.as_ref(), "timers/grace");
    }
}

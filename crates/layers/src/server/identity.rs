//! Identity: who calls, by the gateway's signature, and whether the method is permitted. Nothing was looked up yet.

use super::call::Call;
use crate::{Request, Response, answer};
use chrono::Utc;
use fault::{Code, Fault};
use futures::future::Either;
use http::HeaderName;
use identity::{Called, METADATA_KEY, Principal, Verifier};
use proto::contract::Method;
use proto::policy::v1::Reason;
use std::convert::Infallible;
use std::sync::Arc;
use std::task::{Context, Poll};
use tower::Service;

const PRINCIPAL: HeaderName = HeaderName::from_static(METADATA_KEY);

#[derive(Clone)]
pub(crate) struct Layer<S> {
    inner: S,
    verifier: Arc<Verifier>,
}

impl<S> Layer<S> {
    pub(crate) fn new(inner: S, verifier: Arc<Verifier>) -> Self {
        Self { inner, verifier }
    }

    fn admit(&self, request: &mut Request) -> Result<Called, Fault> {
        let call = Call::of(request);
        let (target, deadline, trace) = (call.target, call.deadline, call.trace);
        let method = target.ok_or_else(no_method)?.method;
        // The token ends here: no handler, and nothing a handler calls, is to have it.
        let token = request.headers_mut().remove(PRINCIPAL);
        let token = token.as_ref().and_then(|token| token.to_str().ok()).unwrap_or_default();
        let principal = self.verifier.check(token, Utc::now())?;
        permit(&principal, method)?;
        let deadline = deadline.map(tokio::time::Instant::into_std);
        Ok(Called { principal, method, deadline, traceparent: trace.traceparent() })
    }
}

/// Refuses a caller who does not hold the method's permission. A method that names none is for nobody.
fn permit(principal: &Principal, method: &Method) -> Result<(), Fault> {
    // Whether partners may call it is the door's to say: what the gateway itself asks on their behalf is let in here.
    if method.admits(false, |permission| principal.may(permission)) {
        return Ok(());
    }
    let fault = Fault::new(Reason::PermissionDenied, "the caller does not hold the permission of this method");
    Err(fault.with("permission", method.rule().permission.as_str()))
}

/// The reason of a call to no method, under the code that gRPC clients expect of it.
#[derive(Clone, Copy)]
struct NoMethod;

impl fault::Reason for NoMethod {
    fn name(self) -> &'static str {
        Reason::NoRoute.name()
    }

    fn domain(self) -> &'static str {
        Reason::NoRoute.domain()
    }

    fn code(self) -> Code {
        Code::Unimplemented
    }

    fn http(self) -> u16 {
        Reason::NoRoute.http()
    }
}

fn no_method() -> Fault {
    Fault::new(NoMethod, "there is no such method")
}

impl<S> Service<Request> for Layer<S>
where
    S: Service<Request, Response = Response, Error = Infallible>,
{
    type Response = Response;
    type Error = Infallible;
    type Future = answer::Answer<S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, mut request: Request) -> Self::Future {
        match self.admit(&mut request) {
            Ok(called) => {
                request.extensions_mut().insert(called);
                Either::Right(self.inner.call(request))
            }
            Err(fault) => answer::refuse(fault),
        }
    }
}

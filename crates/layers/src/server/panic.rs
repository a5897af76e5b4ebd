//! Panic: ends the call it happened in with INTERNAL, and nothing else.

use super::call::Call;
use crate::body::Guarded;
use crate::{Request, Response, answer};
use fault::Fault;
use futures::FutureExt as _;
use futures::future::{CatchUnwind, Either};
use pin_project_lite::pin_project;
use proto::policy::v1::Reason;
use std::convert::Infallible;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use telemetry::Trace;
use tonic::body::Body;
use tower::Service;

/// The fault of a call that panicked. The trace id finds the place in our log.
pub(crate) fn panicked(trace: Trace) -> Fault {
    Fault::new(Reason::Internal, "the service failed to handle the call").with("trace_id", trace.id())
}

/// Calls a service, and waits for it, without letting a panic through.
pub(crate) fn guarded<S>(inner: &mut S, request: Request, trace: Trace, streams: bool) -> Caught<S::Future>
where
    S: Service<Request, Response = Response, Error = Infallible>,
{
    // The call itself can panic before there is a future.
    let inner = match catch_unwind(AssertUnwindSafe(|| inner.call(request))) {
        Ok(future) => Either::Right(AssertUnwindSafe(future).catch_unwind()),
        Err(_) => answer::refuse(panicked(trace)),
    };
    Caught { inner, trace, streams }
}

#[derive(Clone)]
pub(crate) struct Layer<S>(S);

impl<S> Layer<S> {
    pub(crate) fn new(inner: S) -> Self {
        Self(inner)
    }
}

impl<S> Service<Request> for Layer<S>
where
    S: Service<Request, Response = Response, Error = Infallible>,
{
    type Response = Response;
    type Error = Infallible;
    type Future = Caught<S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.0.poll_ready(cx)
    }

    fn call(&mut self, mut request: Request) -> Self::Future {
        let call = Call::of(&mut request);
        let (trace, streams) = (call.trace, call.streams());
        guarded(&mut self.0, request, trace, streams)
    }
}

pin_project! {
    pub(crate) struct Caught<F> {
        #[pin]
        inner: answer::Answer<CatchUnwind<AssertUnwindSafe<F>>>,
        trace: Trace,
        streams: bool,
    }
}

impl<F: Future<Output = Result<Response, Infallible>>> Future for Caught<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let trace = *this.trace;
        let response = match this.inner.as_pin_mut() {
            Either::Left(refused) => ready!(refused.poll(cx))?,
            Either::Right(inner) => match ready!(inner.poll(cx)) {
                Ok(response) => response?,
                Err(_) => answer::refusal(panicked(trace)),
            },
        };
        if *this.streams && answer::goes_on(&response) {
            return Poll::Ready(Ok(response.map(|body| Body::new(Guarded::new(body, trace)))));
        }
        Poll::Ready(Ok(response))
    }
}

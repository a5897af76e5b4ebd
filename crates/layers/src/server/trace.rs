//! Trace: finds what is called and in which trace, and logs what fails on its way out.

use super::call::{Call, Known, Target, name};
use crate::body::Observed;
use crate::{Request, Response, answer, edge};
use pin_project_lite::pin_project;
use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use telemetry::Trace;
use tonic::body::Body;
use tower::Service;
use tracing::instrument::{Instrument as _, Instrumented};

#[derive(Clone)]
pub(crate) struct Layer<S> {
    inner: S,
    known: Known,
}

impl<S> Layer<S> {
    pub(crate) fn new(inner: S, known: Known) -> Self {
        Self { inner, known }
    }
}

impl<S> Service<Request> for Layer<S>
where
    S: Service<Request, Response = Response, Error = Infallible>,
{
    type Response = Response;
    type Error = Infallible;
    type Future = Traced<S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, mut request: Request) -> Self::Future {
        let target = self.known.find(request.uri().path());
        let method = name(target);
        // At the highest level, or a filter that hides it would hide which trace an error belongs to.
        let span = tracing::error_span!(
            "call",
            otel.name = method,
            otel.kind = "server",
            rpc.system = "grpc",
            rpc.method = method,
            rpc.grpc.status_code = tracing::field::Empty,
        );
        let trace = Trace::enter(&span, Trace::read(request.headers()));
        request.extensions_mut().insert(Call { target, trace, deadline: None, slot: None });
        let inner = span.in_scope(|| self.inner.call(request)).instrument(span);
        Traced { inner, target, trace }
    }
}

pin_project! {
    pub(crate) struct Traced<F> {
        #[pin]
        inner: Instrumented<F>,
        target: Option<Target>,
        trace: Trace,
    }
}

impl<F: Future<Output = Result<Response, Infallible>>> Future for Traced<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut this = self.project();
        let response = ready!(this.inner.as_mut().poll(cx))?;
        let (trace, method) = (*this.trace, name(*this.target));
        let span = this.inner.span().clone();
        if let Some(status) = answer::failure(&response) {
            span.record("rpc.grpc.status_code", status.code() as i32);
            edge::note(&status, method, trace);
            return Poll::Ready(Ok(response));
        }
        if !this.target.is_some_and(|target| target.streams) || !answer::goes_on(&response) {
            return Poll::Ready(Ok(response));
        }
        Poll::Ready(Ok(response.map(|body| {
            let around = span.clone();
            Body::new(Observed::new(body, around, move |outcome| {
                if let Err(status) = outcome {
                    span.record("rpc.grpc.status_code", status.code() as i32);
                    edge::note(&status, method, trace);
                }
            }))
        })))
    }
}

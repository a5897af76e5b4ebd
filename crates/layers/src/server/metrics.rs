//! Metrics: how long calls took and how they ended, by method.

use super::call::Call;
use crate::body::Observed;
use crate::{Request, Response, answer};
use opentelemetry::KeyValue;
use opentelemetry::metrics::Histogram;
use pin_project_lite::pin_project;
use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Instant;
use telemetry::metric;
use tonic::Code;
use tonic::body::Body;
use tower::Service;
use tracing::Span;

/// What is measured.
#[derive(Clone)]
pub(crate) struct Measures(Histogram<f64>);

impl Measures {
    pub(crate) fn new() -> Self {
        Self(metric::duration(metric::RPC_SERVER_CALL_DURATION, "how long a call took here"))
    }
}

#[derive(Clone)]
pub(crate) struct Layer<S> {
    inner: S,
    measures: Measures,
}

impl<S> Layer<S> {
    pub(crate) fn new(inner: S, measures: Measures) -> Self {
        Self { inner, measures }
    }
}

impl<S> Service<Request> for Layer<S>
where
    S: Service<Request, Response = Response, Error = Infallible>,
{
    type Response = Response;
    type Error = Infallible;
    type Future = Measured<S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, mut request: Request) -> Self::Future {
        let call = Call::of(&mut request);
        let watch = Watch {
            method: call.name(),
            begun: Instant::now(),
            code: Code::Cancelled,
            measures: self.measures.clone(),
        };
        let streams = call.streams();
        Measured { inner: self.inner.call(request), watch: Some(watch), streams }
    }
}

/// Measures one call from its beginning until it is dropped. Unless told otherwise the caller has left.
struct Watch {
    method: &'static str,
    begun: Instant,
    code: Code,
    measures: Measures,
}

impl Drop for Watch {
    fn drop(&mut self) {
        let labels = [
            KeyValue::new(metric::RPC_METHOD, self.method),
            KeyValue::new(metric::GRPC_STATUS_CODE, i64::from(self.code as i32)),
        ];
        self.measures.0.record(self.begun.elapsed().as_secs_f64(), &labels);
    }
}

pin_project! {
    pub(crate) struct Measured<F> {
        #[pin]
        inner: F,
        watch: Option<Watch>,
        streams: bool,
    }
}

impl<F: Future<Output = Result<Response, Infallible>>> Future for Measured<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let response = ready!(this.inner.poll(cx))?;
        let Some(mut watch) = this.watch.take() else { return Poll::Ready(Ok(response)) };
        watch.code = answer::code(&response);
        if !*this.streams || !answer::goes_on(&response) {
            return Poll::Ready(Ok(response));
        }
        Poll::Ready(Ok(response.map(|body| {
            Body::new(Observed::new(body, Span::none(), move |outcome| {
                // As a whole: its end is what is measured.
                let mut watch = watch;
                watch.code = outcome.map_or_else(|status| status.code(), |()| Code::Ok);
            }))
        })))
    }
}

//! The client's side: tells how long the caller waits and in which trace, and stops waiting then.
//!
//! tonic's own client timeout stops waiting but does not tell the server, which then works for nobody. And a call on a
//! connection that the server is closing fails as CANCELLED there, as if the caller had left; here it is UNAVAILABLE.

use crate::answer;
use crate::body::{Cut, too_late};
use crate::timeout;
use fault::Fault;
use http::Request;
use pin_project_lite::pin_project;
use proto::policy::v1::Reason;
use std::error::Error;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;
use telemetry::Trace;
use tokio::time::{Instant, Sleep, sleep_until};
use tonic::body::Body;
use tower::{Layer, Service};

/// Until when a call may last, in the extensions of its request: a service that calls another hands its own caller's
/// deadline on. The earliest of this, `tonic::Request::set_timeout` and the layer's own limit counts.
#[derive(Clone, Copy, Debug)]
pub struct Deadline(pub Instant);

impl Deadline {
    /// The deadline of the call that is being served, if it has one.
    pub fn of(called: &identity::Called) -> Option<Self> {
        called.deadline.map(|deadline| Self(Instant::from_std(deadline)))
    }
}

/// The layer around a channel. It sends `grpc-timeout` and `traceparent`; the trace is a [`Trace`] in the request's
/// extensions, or that of the call being served.
#[derive(Clone, Copy, Debug, Default)]
pub struct Outgoing {
    longest: Option<Duration>,
}

impl Outgoing {
    /// Waits as long as each request says, and no longer than this: streams too.
    pub fn at_most(longest: Duration) -> Self {
        Self { longest: Some(longest) }
    }

    fn deadline<B>(self, request: &Request<B>, now: Instant) -> Option<Instant> {
        let set = timeout::read(request.headers()).and_then(|wait| now.checked_add(wait));
        let handed_on = request.extensions().get::<Deadline>().map(|deadline| deadline.0);
        let own = self.longest.and_then(|longest| now.checked_add(longest));
        [set, handed_on, own].into_iter().flatten().min()
    }
}

impl<S> Layer<S> for Outgoing {
    type Service = Caller<S>;

    fn layer(&self, inner: S) -> Self::Service {
        Caller { inner, outgoing: *self }
    }
}

/// A channel that tells and keeps deadlines.
#[derive(Clone, Debug)]
pub struct Caller<S> {
    inner: S,
    outgoing: Outgoing,
}

impl<S, B> Service<Request<B>> for Caller<S>
where
    S: Service<Request<B>, Response = crate::Response>,
    S::Error: Into<Box<dyn Error + Send + Sync>>,
{
    type Response = crate::Response;
    type Error = S::Error;
    type Future = Waiting<S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, mut request: Request<B>) -> Self::Future {
        let now = Instant::now();
        let deadline = self.outgoing.deadline(&request, now);
        if let Some(deadline) = deadline {
            timeout::write(request.headers_mut(), deadline.saturating_duration_since(now));
        }
        if let Some(trace) = request.extensions().get().copied().or_else(Trace::current) {
            trace.write(request.headers_mut());
        }
        Waiting { inner: self.inner.call(request), sleep: deadline.map(sleep_until), deadline }
    }
}

pin_project! {
    /// The answer of a [`Caller`].
    pub struct Waiting<F> {
        #[pin]
        inner: F,
        #[pin]
        sleep: Option<Sleep>,
        deadline: Option<Instant>,
    }
}

impl<F, E> Future for Waiting<F>
where
    F: Future<Output = Result<crate::Response, E>>,
    E: Into<Box<dyn Error + Send + Sync>>,
{
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        if let Poll::Ready(answered) = this.inner.poll(cx) {
            let response = answered.unwrap_or_else(|error| {
                let fault = Fault::new(Reason::Unavailable, "the service cannot be reached for the moment");
                answer::refusal(fault.caused_by(error))
            });
            return Poll::Ready(Ok(match *this.deadline {
                // Headers may come at once and messages never.
                Some(deadline) => response.map(|body| Body::new(Cut::new(body, deadline))),
                None => response,
            }));
        }
        match this.sleep.as_pin_mut().map(|sleep| sleep.poll(cx)) {
            Some(Poll::Ready(())) => Poll::Ready(Ok(answer::refusal(too_late()))),
            _ => Poll::Pending,
        }
    }
}

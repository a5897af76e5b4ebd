//! Shed: one call more than can be under way at once is refused unstarted, so that those under way end in time.

use super::Limits;
use super::call::Call;
use crate::body::Observed;
use crate::{Request, Response, answer};
use fault::Fault;
use futures::future::Either;
use opentelemetry::KeyValue;
use pin_project_lite::pin_project;
use proto::policy::v1::Reason;
use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;
use telemetry::metric;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tonic::body::Body;
use tower::Service;
use tracing::Span;

/// When a refused caller may come again.
const PAUSE: Duration = Duration::from_secs(1);

/// The places of one service. Streams, which last for hours, have places of their own: however many are open, a call that
/// comes and goes finds one.
#[derive(Clone)]
pub(crate) struct Slots {
    calls: Arc<Semaphore>,
    streams: Arc<Semaphore>,
}

impl Slots {
    pub(crate) fn new(service: &'static str, limits: Limits) -> Self {
        let places = |limit| Arc::new(Semaphore::new(limit));
        let slots = Self { calls: places(limits.in_flight), streams: places(limits.streams) };
        let (free, labels) = (slots.clone(), vec![KeyValue::new(metric::SERVICE, service)]);
        metric::level(metric::RPC_SERVER_ACTIVE_CALLS, "how many calls are under way", labels, move || {
            let taken = |limit: usize, places: &Semaphore| limit.saturating_sub(places.available_permits());
            let taken = taken(limits.in_flight, &free.calls) + taken(limits.streams, &free.streams);
            i64::try_from(taken).unwrap_or(i64::MAX)
        });
        slots
    }
}

/// A place, held until the last clone is dropped.
pub(crate) type Slot = Arc<OwnedSemaphorePermit>;

#[derive(Clone)]
pub(crate) struct Layer<S> {
    inner: S,
    slots: Slots,
}

impl<S> Layer<S> {
    pub(crate) fn new(inner: S, slots: Slots) -> Self {
        Self { inner, slots }
    }
}

impl<S> Service<Request> for Layer<S>
where
    S: Service<Request, Response = Response, Error = Infallible>,
{
    type Response = Response;
    type Error = Infallible;
    type Future = answer::Answer<Held<S::Future>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, mut request: Request) -> Self::Future {
        let streams = Call::of(&mut request).streams();
        let places = if streams { &self.slots.streams } else { &self.slots.calls };
        let Ok(slot) = places.clone().try_acquire_owned() else {
            let words = "the service has more work than it can do";
            return answer::refuse(Fault::new(Reason::Overloaded, words).retry_after(PAUSE));
        };
        let slot = Arc::new(slot);
        let call = Call::of(&mut request);
        if call.target.is_some_and(|target| target.writes) {
            // A write goes on when its caller leaves, and is under way until it ends.
            call.slot = Some(slot.clone());
        }
        Either::Right(Held { inner: self.inner.call(request), slot: Some(slot), streams })
    }
}

pin_project! {
    pub(crate) struct Held<F> {
        #[pin]
        inner: F,
        slot: Option<Slot>,
        streams: bool,
    }
}

impl<F: Future<Output = Result<Response, Infallible>>> Future for Held<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let response = ready!(this.inner.poll(cx))?;
        let slot = this.slot.take();
        if !*this.streams || !answer::goes_on(&response) {
            return Poll::Ready(Ok(response));
        }
        // A stream is under way until its last message.
        Poll::Ready(Ok(response.map(|body| Body::new(Observed::new(body, Span::none(), move |_| drop(slot))))))
    }
}

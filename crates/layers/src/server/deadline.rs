//! Deadline: a caller is answered DEADLINE_EXCEEDED when its time has passed, whatever is below.
//!
//! tonic's own server answers CANCELLED then, which callers take for their own doing and do not retry.

use super::call::Call;
use crate::body::{Cut, too_late};
use crate::{Request, Response, answer, timeout};
use pin_project_lite::pin_project;
use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::time::{Instant, Sleep, sleep_until};
use tonic::body::Body;
use tower::Service;

#[derive(Clone)]
pub(crate) struct Layer<S> {
    inner: S,
    longest: Duration,
}

impl<S> Layer<S> {
    pub(crate) fn new(inner: S, longest: Duration) -> Self {
        Self { inner, longest }
    }
}

impl<S> Service<Request> for Layer<S>
where
    S: Service<Request, Response = Response, Error = Infallible>,
{
    type Response = Response;
    type Error = Infallible;
    type Future = Timed<S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, mut request: Request) -> Self::Future {
        let allowed = timeout::read(request.headers());
        let call = Call::of(&mut request);
        let allowed = if call.streams() { allowed } else { Some(allowed.unwrap_or(self.longest).min(self.longest)) };
        let deadline = allowed.and_then(|allowed| Instant::now().checked_add(allowed));
        call.deadline = deadline;
        let cuts = deadline.filter(|_| call.streams());
        Timed { inner: self.inner.call(request), sleep: deadline.map(sleep_until), cuts }
    }
}

pin_project! {
    pub(crate) struct Timed<F> {
        #[pin]
        inner: F,
        #[pin]
        sleep: Option<Sleep>,
        // When the stream that the answer is has to end.
        cuts: Option<Instant>,
    }
}

impl<F: Future<Output = Result<Response, Infallible>>> Future for Timed<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        if let Poll::Ready(answered) = this.inner.poll(cx) {
            let response = answered?;
            return Poll::Ready(Ok(match *this.cuts {
                Some(at) => response.map(|body| Body::new(Cut::new(body, at))),
                None => response,
            }));
        }
        match this.sleep.as_pin_mut().map(|sleep| sleep.poll(cx)) {
            Some(Poll::Ready(())) => Poll::Ready(Ok(answer::refusal(too_late()))),
            _ => Poll::Pending,
        }
    }
}

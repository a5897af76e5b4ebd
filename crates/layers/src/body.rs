//! Bodies of streamed answers: told how they end, kept from panicking, cut when their time has passed.

use crate::answer;
use crate::server::panic::panicked;
use bytes::Bytes;
use fault::Fault;
use http_body::{Frame, SizeHint};
use proto::policy::v1::Reason;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::task::{Context, Poll};
use telemetry::Trace;
use tokio::time::{Instant, Sleep, sleep_until};
use tonic::body::Body;
use tonic::{Code, Status};
use tracing::Span;

type Polled = Poll<Option<Result<Frame<Bytes>, Status>>>;

/// Tells how a body ended, once; a body that is dropped before its end counts as cancelled.
pub(crate) struct Observed<F: FnOnce(Result<(), Status>)> {
    body: Body,
    /// What the body does is part of this span.
    span: Span,
    tell: Option<F>,
}

impl<F: FnOnce(Result<(), Status>)> Observed<F> {
    pub(crate) fn new(body: Body, span: Span, tell: F) -> Self {
        Self { body, span, tell: Some(tell) }
    }

    fn end(&mut self, outcome: Result<(), Status>) {
        if let Some(tell) = self.tell.take() {
            tell(outcome);
        }
    }
}

impl<F: FnOnce(Result<(), Status>)> Drop for Observed<F> {
    fn drop(&mut self) {
        self.end(Err(Status::cancelled("the caller left")));
    }
}

impl<F: FnOnce(Result<(), Status>) + Unpin> http_body::Body for Observed<F> {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Polled {
        let this = &mut *self;
        let polled = this.span.in_scope(|| Pin::new(&mut this.body).poll_frame(cx));
        match &polled {
            Poll::Ready(None) => this.end(Ok(())),
            Poll::Ready(Some(Err(status))) => this.end(Err(status.clone())),
            Poll::Ready(Some(Ok(frame))) => {
                if let Some(status) = frame.trailers_ref().and_then(Status::from_header_map) {
                    this.end(if status.code() == Code::Ok { Ok(()) } else { Err(status) });
                }
            }
            Poll::Pending => {}
        }
        polled
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// Ends an answer with INTERNAL if what writes it panics.
pub(crate) struct Guarded {
    body: Option<Body>,
    trace: Trace,
}

impl Guarded {
    pub(crate) fn new(body: Body, trace: Trace) -> Self {
        Self { body: Some(body), trace }
    }
}

impl http_body::Body for Guarded {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Polled {
        let this = &mut *self;
        let Some(body) = &mut this.body else { return Poll::Ready(None) };
        catch_unwind(AssertUnwindSafe(|| Pin::new(body).poll_frame(cx))).unwrap_or_else(|_| {
            // What panicked is not to be asked again.
            this.body = None;
            Poll::Ready(Some(Ok(answer::end(panicked(this.trace)))))
        })
    }

    fn is_end_stream(&self) -> bool {
        self.body.as_ref().is_none_or(http_body::Body::is_end_stream)
    }

    fn size_hint(&self) -> SizeHint {
        self.body.as_ref().map(http_body::Body::size_hint).unwrap_or_default()
    }
}

/// Ends an answer with DEADLINE_EXCEEDED when its time has passed.
pub(crate) struct Cut {
    body: Option<Body>,
    at: Pin<Box<Sleep>>,
}

impl Cut {
    pub(crate) fn new(body: Body, at: Instant) -> Self {
        Self { body: Some(body), at: Box::pin(sleep_until(at)) }
    }
}

impl http_body::Body for Cut {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Polled {
        let this = &mut *self;
        let Some(body) = &mut this.body else { return Poll::Ready(None) };
        if this.at.as_mut().poll(cx).is_ready() {
            this.body = None;
            return Poll::Ready(Some(Ok(answer::end(too_late()))));
        }
        Pin::new(body).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.body.as_ref().is_none_or(http_body::Body::is_end_stream)
    }

    fn size_hint(&self) -> SizeHint {
        self.body.as_ref().map(http_body::Body::size_hint).unwrap_or_default()
    }
}

/// The fault of a call whose time has passed.
pub(crate) fn too_late() -> Fault {
    Fault::new(Reason::DeadlineExceeded, "the time the caller allowed has passed")
}

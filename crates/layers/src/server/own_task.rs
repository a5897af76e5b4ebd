//! Own task: a call that changes something runs to its end though its caller leaves or its time passes. A read is
//! dropped with its caller.

use super::call::{Call, name};
use super::panic::guarded;
use crate::{Request, Response, answer, edge};
use fault::Fault;
use pin_project_lite::pin_project;
use proto::policy::v1::Reason;
use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use tokio::sync::oneshot;
use tokio_util::task::TaskTracker;
use tower::Service;
use tracing::Instrument as _;

#[derive(Clone)]
pub(crate) struct Layer<S> {
    inner: S,
    tasks: TaskTracker,
}

impl<S> Layer<S> {
    pub(crate) fn new(inner: S, tasks: TaskTracker) -> Self {
        Self { inner, tasks }
    }
}

impl<S> Service<Request> for Layer<S>
where
    S: Service<Request, Response = Response, Error = Infallible>,
    S::Future: Send + 'static,
{
    type Response = Response;
    type Error = Infallible;
    type Future = Run<S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, mut request: Request) -> Self::Future {
        let call = Call::of(&mut request);
        let (target, trace, slot) = (call.target, call.trace, call.slot.take());
        if !target.is_some_and(|target| target.writes) {
            return Run::Here { inner: self.inner.call(request) };
        }
        let (tell, answer) = oneshot::channel();
        // A panic must not pass unseen when nobody waits any more, so it is caught within the task.
        let work = guarded(&mut self.inner, request, trace, false);
        let task = async move {
            let _until_it_ends = slot;
            let Ok(response) = work.await;
            if let Err(response) = tell.send(response)
                && let Some(status) = answer::failure(&response)
            {
                edge::note(&status, name(target), trace);
            }
        };
        self.tasks.spawn(task.in_current_span());
        Run::Apart { answer }
    }
}

pin_project! {
    #[project = Running]
    pub(crate) enum Run<F> {
        // In the caller's own time.
        Here { #[pin] inner: F },
        // As a task; this waits for what it says.
        Apart { answer: oneshot::Receiver<Response> },
    }
}

impl<F: Future<Output = Result<Response, Infallible>>> Future for Run<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        match self.project() {
            Running::Here { inner } => inner.poll(cx),
            Running::Apart { answer } => Poll::Ready(Ok(ready!(Pin::new(answer).poll(cx)).unwrap_or_else(|_| {
                // The task is gone without a word: the process is ending.
                answer::refusal(Fault::new(Reason::Unavailable, "the service is stopping"))
            }))),
        }
    }
}

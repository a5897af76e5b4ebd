//! Health and reflection: answered to anyone, also under load, or an orchestrator would end a busy process.

use crate::{Request, Response};
use futures::future::Either;
use std::convert::Infallible;
use std::task::{Context, Poll};
use tower::Service;

/// Sends health and reflection straight to the service, and everything else through the layers.
#[derive(Clone)]
pub(crate) struct Open<S, T> {
    open: S,
    guarded: T,
}

impl<S, T> Open<S, T> {
    pub(crate) fn new(open: S, guarded: T) -> Self {
        Self { open, guarded }
    }
}

impl<S, T> Service<Request> for Open<S, T>
where
    S: Service<Request, Response = Response, Error = Infallible>,
    T: Service<Request, Response = Response, Error = Infallible>,
{
    type Response = Response;
    type Error = Infallible;
    type Future = Either<S::Future, T::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        std::task::ready!(self.open.poll_ready(cx))?;
        self.guarded.poll_ready(cx)
    }

    fn call(&mut self, request: Request) -> Self::Future {
        let path = request.uri().path();
        if path.starts_with("/grpc.health.") || path.starts_with("/grpc.reflection.") {
            return Either::Left(self.open.call(request));
        }
        Either::Right(self.guarded.call(request))
    }
}

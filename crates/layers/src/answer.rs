//! Answers that a layer gives by itself.

use crate::Response;
use bytes::Bytes;
use fault::Fault;
use futures::future::{Either, Ready, ready};
use http::HeaderMap;
use http_body::Frame;
use std::convert::Infallible;
use tonic::{Code, Status};

/// The future of a layer that may answer without asking what is below it.
pub(crate) type Answer<F> = Either<Ready<Result<Response, Infallible>>, F>;

/// A fault as the whole answer.
pub(crate) fn refusal(fault: Fault) -> Response {
    Status::from(fault).into_http()
}

/// A fault as the answer of a layer, at once.
pub(crate) fn refuse<F>(fault: Fault) -> Answer<F> {
    Either::Left(ready(Ok(refusal(fault))))
}

/// A fault as the end of an answer that has begun.
pub(crate) fn end(fault: Fault) -> Frame<Bytes> {
    let mut trailers = HeaderMap::new();
    Status::from(fault).add_header(&mut trailers).expect("a fault becomes headers: its parts are cut and encoded");
    Frame::trailers(trailers)
}

/// The failure that is the whole answer; `None` if the answer goes on, or went well.
pub(crate) fn failure(response: &Response) -> Option<Status> {
    let code = response.headers().get(Status::GRPC_STATUS)?;
    if Code::from_bytes(code.as_bytes()) == Code::Ok {
        return None;
    }
    // tonic leaves the status beside its headers: that one still knows its source.
    response.extensions().get().cloned().or_else(|| Status::from_header_map(response.headers()))
}

/// Whether messages follow: the status then comes after them.
pub(crate) fn goes_on(response: &Response) -> bool {
    !response.headers().contains_key(Status::GRPC_STATUS)
}

/// The code that an answer has so far. A unary answer without one went well.
pub(crate) fn code(response: &Response) -> Code {
    response.headers().get(Status::GRPC_STATUS).map_or(Code::Ok, |code| Code::from_bytes(code.as_bytes()))
}

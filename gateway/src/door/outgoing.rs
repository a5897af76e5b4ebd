//! A call on its way to a service: with the signed principal, the deadline and the trace, and nothing else of the client's.

use super::Door;
use super::input::{GRPC_TIMEOUT, to_grpc_timeout};
use super::method::Target;
use crate::caller::Caller;
use http::header::{self, HeaderMap, HeaderName, HeaderValue};
use http::{Method, Request, Version};
use identity::METADATA_KEY;
use std::time::Duration;
use telemetry::Trace;
use tonic::body::Body;

const GRPC: HeaderValue = HeaderValue::from_static("application/grpc");
const TRAILERS: HeaderValue = HeaderValue::from_static("trailers");
const PRINCIPAL: HeaderName = HeaderName::from_static(METADATA_KEY);

/// The call that asks a service for what the caller asks of us.
pub(super) fn outgoing(
    door: &Door,
    trace: &Trace,
    caller: &Caller,
    target: &Target,
    deadline: Option<Duration>,
    body: Body,
) -> Request<Body> {
    let mut headers = HeaderMap::with_capacity(8);
    headers.insert(header::CONTENT_TYPE, GRPC);
    headers.insert(header::TE, TRAILERS);
    headers.insert(PRINCIPAL, caller.token(&door.0.signer));
    trace.write(&mut headers);
    if let Some(deadline) = deadline {
        let value = HeaderValue::try_from(to_grpc_timeout(deadline)).expect("digits and a letter are good in a header");
        headers.insert(GRPC_TIMEOUT, value);
    }
    let mut request = Request::new(body);
    *request.method_mut() = Method::POST;
    *request.uri_mut() = target.uri.clone();
    *request.version_mut() = Version::HTTP_2;
    *request.headers_mut() = headers;
    request
}

//! A call on its way to a service: with the signed principal, the deadline and the trace, and nothing else of the
//! client's.

use super::Door;
use super::input;
use super::method::Target;
use crate::caller::Caller;
use fault::Fault;
use http::header::{self, HeaderMap, HeaderName, HeaderValue};
use http::{Method, Request, Version};
use identity::METADATA_KEY;
use layers::client::Deadline;
use telemetry::Trace;
use tokio::time::Instant;
use tonic::body::Body;

const GRPC: HeaderValue = HeaderValue::from_static("application/grpc");
const TRAILERS: HeaderValue = HeaderValue::from_static("trailers");
/// Whoever could send one from outside would be whom it names: it is always written here and never passed on.
const PRINCIPAL: HeaderName = HeaderName::from_static(METADATA_KEY);
/// The headers of a gRPC client that services see; all others stay outside.
const PASSED: [HeaderName; 3] = [
    HeaderName::from_static("grpc-timeout"),
    HeaderName::from_static("grpc-encoding"),
    HeaderName::from_static("grpc-accept-encoding"),
];

/// The call that asks a service for what the caller asks of us. It lasts as long as the client waits, and if it is no
/// stream no longer than the house allows.
///
/// # Errors
/// The client does not say properly how long it waits.
pub(super) fn outgoing(
    door: &Door,
    trace: Trace,
    caller: &Caller,
    target: &Target,
    client: &HeaderMap,
    body: Body,
) -> Result<Request<Body>, Fault> {
    let mut headers = HeaderMap::with_capacity(8);
    headers.insert(header::CONTENT_TYPE, GRPC);
    headers.insert(header::TE, TRAILERS);
    headers.insert(PRINCIPAL, caller.token(&door.0.signer));
    let mut request = Request::new(body);
    *request.method_mut() = Method::POST;
    *request.uri_mut() = target.uri.clone();
    *request.version_mut() = Version::HTTP_2;
    *request.headers_mut() = headers;
    request.extensions_mut().insert(trace);
    let longest = target.longest(door.0.deadline);
    if let Some(wait) = [longest, input::patience(client)?].into_iter().flatten().min() {
        request.extensions_mut().insert(Deadline(Instant::now() + wait));
    }
    Ok(request)
}

/// Adds what a gRPC client says of its messages and its patience. A REST client's messages are ours, and not as it says.
pub(super) fn pass(call: &mut Request<Body>, client: &HeaderMap) {
    for name in PASSED {
        if let Some(value) = client.get(&name) {
            call.headers_mut().insert(name, value.clone());
        }
    }
}

//! Answers: JSON, problems, and the headers every answer carries.

use super::wire;
use bytes::Bytes;
use fault::{Fault, Problem};
use http::header::{self, HeaderMap, HeaderName, HeaderValue};
use http::{Response, StatusCode};
use http_body::Body as _;
use http_body_util::Full;
use proto::policy::v1::Reason;
use telemetry::Trace;
use tonic::body::Body;

/// The answer's media type.
pub(super) const JSON: HeaderValue = HeaderValue::from_static("application/json");
const PROBLEM: HeaderValue = HeaderValue::from_static("application/problem+json");
const NO_STORE: HeaderValue = HeaderValue::from_static("no-store");
/// Two years, as the preload lists of browsers ask for.
const STRICT: HeaderValue = HeaderValue::from_static("max-age=63072000");
const NO_REFERRER: HeaderValue = HeaderValue::from_static("no-referrer");
const NOSNIFF: HeaderValue = HeaderValue::from_static("nosniff");
const BEARER: HeaderValue = HeaderValue::from_static("Bearer realm=\"legation\"");
/// An answer is data: should a browser show it as a page all the same, nothing in it runs.
const INERT: HeaderValue = HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'");
/// How many headers an answer has, or a few more.
const HEADERS: usize = 14;
const TRACE_ID: HeaderName = HeaderName::from_static("trace-id");

/// A body in one piece.
pub(super) fn body(bytes: impl Into<Bytes>) -> Body {
    Body::new(Full::new(bytes.into()))
}

/// JSON that is ready to send.
pub(super) fn json(bytes: Vec<u8>) -> Response<Body> {
    let mut response = Response::new(body(bytes));
    // At once, for all that are still to come.
    response.headers_mut().reserve(HEADERS);
    response.headers_mut().insert(header::CONTENT_TYPE, JSON);
    response
}

/// A document as it is, of the media type that its service says: the fields of `google.api.HttpBody`.
///
/// # Errors
/// The service says no media type, or one that is none.
pub(super) fn document(message: &Bytes) -> Result<Response<Body>, Fault> {
    let broken = || Fault::new(Reason::Internal, "a service answered with a document of no known type");
    let media = wire::text(message, 1).filter(|media| !media.is_empty()).ok_or_else(broken)?;
    let media = HeaderValue::try_from(media).map_err(|_| broken())?;
    let mut response = Response::new(body(message.slice_ref(wire::bytes(message, 2).unwrap_or_default())));
    response.headers_mut().insert(header::CONTENT_TYPE, media);
    Ok(response)
}

/// The answer to `HEAD`: what `GET` would say, without the body, on every version of HTTP.
pub(super) fn without_body(response: Response<Body>) -> Response<Body> {
    let (mut head, body) = response.into_parts();
    if let Some(length) = body.size_hint().exact() {
        head.headers.insert(header::CONTENT_LENGTH, HeaderValue::from(length));
    }
    Response::from_parts(head, Body::empty())
}

/// The problem that stands for a fault (RFC 9457).
pub(super) fn problem(fault: &Fault, trace: &Trace) -> Response<Body> {
    let text = Problem::new(fault, Some(trace.id())).to_json();
    let mut response = Response::new(body(text));
    *response.status_mut() = StatusCode::from_u16(fault.http()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, PROBLEM);
    if fault.http() == 401 {
        headers.insert(header::WWW_AUTHENTICATE, BEARER);
    }
    if let Some(pause) = fault.pause() {
        headers.insert(header::RETRY_AFTER, HeaderValue::from(pause.as_secs_f64().ceil() as u64));
    }
    let allow = fault.metadata().find(|(key, _)| *key == ALLOW).and_then(|(_, methods)| methods.parse().ok());
    if let Some(allow) = allow.filter(|_| fault.http() == 405) {
        headers.insert(header::ALLOW, allow);
    }
    response
}

/// The metadata under which a fault names the methods that an address has.
pub(super) const ALLOW: &str = "allow";

/// The trace to give when reporting something.
pub(super) fn name_trace(headers: &mut HeaderMap, trace: &Trace) {
    headers.insert(TRACE_ID, HeaderValue::try_from(trace.id()).expect("an id is hexadecimal"));
}

/// What keeps browsers from doing more with an answer than reading it, unless the answer says otherwise itself.
pub(super) fn guard(headers: &mut HeaderMap, tls: bool) {
    if tls {
        headers.insert(header::STRICT_TRANSPORT_SECURITY, STRICT);
    }
    headers.entry(header::CACHE_CONTROL).or_insert(NO_STORE);
    headers.entry(header::CONTENT_SECURITY_POLICY).or_insert(INERT);
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, NOSNIFF);
    headers.insert(header::REFERRER_POLICY, NO_REFERRER);
}

/// What a caller learns of its rate.
pub(super) fn rate(headers: &mut HeaderMap, policy: HeaderValue, limit: u32, left: u32, reset: u32) {
    headers.insert(HeaderName::from_static("ratelimit-policy"), policy);
    headers.insert(HeaderName::from_static("ratelimit-limit"), HeaderValue::from(limit));
    headers.insert(HeaderName::from_static("ratelimit-remaining"), HeaderValue::from(left.min(limit)));
    headers.insert(HeaderName::from_static("ratelimit-reset"), HeaderValue::from(reset));
}

#[cfg(test)]
mod tests {
    use super::*;
    use http_body_util::BodyExt as _;
    use prost::Message as _;
    use proto::google::api::HttpBody;

    fn of(content_type: &str, data: &[u8]) -> Bytes {
        let body = HttpBody { content_type: content_type.into(), data: data.to_vec(), extensions: Vec::new() };
        body.encode_to_vec().into()
    }

    #[tokio::test]
    async fn a_document_goes_out_byte_for_byte() {
        for data in [b"".as_slice(), b"%PDF-1.7\n\xff\0{}"] {
            let response = document(&of("application/pdf", data)).unwrap();
            assert_eq!(response.headers()[header::CONTENT_TYPE], "application/pdf");
            assert_eq!(response.into_body().collect().await.unwrap().to_bytes(), data);
        }
    }

    #[test]
    fn a_document_says_what_it_is() {
        for media in ["", "text/plain\r\nset-cookie: a=b"] {
            assert_eq!(document(&of(media, b"x")).unwrap_err().reason(), "INTERNAL", "{media:?}");
        }
    }
}

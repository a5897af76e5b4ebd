//! What a request brings besides its path: its body within limits, its deadline, the headers that stand for fields.

use bytes::{Bytes, BytesMut};
use fault::Fault;
use http::header::{self, HeaderMap, HeaderName};
use http::{Request, Version};
use http_body::Body as _;
use http_body_util::BodyExt as _;
use proto::policy::v1::Reason;
use std::time::Duration;
use tokio::time::timeout;
use tonic::body::Body;

/// The most bytes of a body in one piece, and of one message of a stream.
pub(super) const MOST_BYTES: usize = 1 << 20;
/// How long a body may take.
const BODY_TIME: Duration = Duration::from_secs(10);
/// The header in which a REST client says how long it waits, in seconds: `2.5`.
const REQUEST_TIMEOUT: HeaderName = HeaderName::from_static("request-timeout");
/// The longest that a client can ask for; longer is as good as for ever.
const LONGEST: Duration = Duration::from_secs(24 * 3600);

/// The whole body, which is JSON if it is anything.
///
/// # Errors
/// It says it is something else, it is too long, or it does not come in time.
pub(super) async fn whole(headers: &HeaderMap, body: Body) -> Result<Bytes, Fault> {
    if body.is_end_stream() {
        return Ok(Bytes::new());
    }
    must_be(headers, &["application/json"])?;
    if body.size_hint().lower() > MOST_BYTES as u64 {
        return Err(too_large());
    }
    match timeout(BODY_TIME, collect(body)).await {
        Ok(collected) => collected,
        Err(_) => Err(Fault::new(Reason::MalformedRequest, "the body did not come in time")),
    }
}

async fn collect(mut body: Body) -> Result<Bytes, Fault> {
    let mut first = Bytes::new();
    let mut rest = BytesMut::new();
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|_| Fault::new(Reason::MalformedRequest, "the body broke off"))?;
        let Ok(data) = frame.into_data() else { continue };
        if first.len() + rest.len() + data.len() > MOST_BYTES {
            return Err(too_large());
        }
        if first.is_empty() {
            first = data;
        } else {
            rest.extend_from_slice(&data);
        }
    }
    // Most bodies come in one piece, which need not be copied.
    if rest.is_empty() { Ok(first) } else { Ok([first.as_ref(), &rest].concat().into()) }
}

/// Refuses a body that says it is something else than we read, or that is compressed.
pub(super) fn must_be(headers: &HeaderMap, types: &[&str]) -> Result<(), Fault> {
    let text = |name: HeaderName| headers.get(name).map(|value| value.to_str().unwrap_or("?"));
    let media = text(header::CONTENT_TYPE).map(|value| value.split(';').next().unwrap_or_default().trim());
    if media.is_some_and(|media| !types.iter().any(|known| media.eq_ignore_ascii_case(known))) {
        let words = format!("the body must be {}, and `Content-Type` says so", types.join(" or "));
        return Err(Fault::new(Reason::MalformedRequest, words));
    }
    if text(header::CONTENT_ENCODING).is_some_and(|coding| !coding.eq_ignore_ascii_case("identity")) {
        return Err(Fault::new(Reason::MalformedRequest, "the body must not be compressed"));
    }
    Ok(())
}

/// The body or a message of it is longer than we read.
pub(super) fn too_large() -> Fault {
    Fault::new(Reason::RequestTooLarge, "the body is larger than 1 MiB")
}

/// HTTP/1.1 says for whom a request is exactly once (RFC 9112, section 3.2), and no version more often.
///
/// # Errors
/// It does not.
pub(super) fn one_host(request: &Request<Body>) -> Result<(), Fault> {
    let hosts = request.headers().get_all(header::HOST).iter().count();
    if hosts > 1 || (hosts == 0 && request.version() == Version::HTTP_11) {
        return Err(Fault::new(Reason::MalformedRequest, "the header Host must be there once"));
    }
    Ok(())
}

/// How long the client waits, if it says so in `Request-Timeout`. (`grpc-timeout` is read where the call is sent.)
///
/// # Errors
/// The header is no number of seconds.
pub(super) fn patience(headers: &HeaderMap) -> Result<Option<Duration>, Fault> {
    let Some(value) = headers.get(REQUEST_TIMEOUT) else { return Ok(None) };
    let patience = value.to_str().ok().and_then(seconds);
    let wrong = || Fault::new(Reason::MalformedRequest, "the header Request-Timeout is no number of seconds");
    patience.map(Some).ok_or_else(wrong)
}

fn seconds(text: &str) -> Option<Duration> {
    let plain = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    let seconds = text.parse::<f64>().ok().filter(|seconds| plain && *seconds > 0.0)?;
    Some(Duration::try_from_secs_f64(seconds).map_or(LONGEST, |wait| wait.min(LONGEST)))
}

/// The version that `If-Match` names, if it names one: `*` is any.
///
/// # Errors
/// It is there and is not one entity tag. What is done under a condition is not done without it (RFC 9110, section 13.1.1).
pub(super) fn required_tag(headers: &HeaderMap) -> Result<Option<String>, Fault> {
    let mut values = headers.get_all(header::IF_MATCH).iter();
    let Some(value) = values.next() else { return Ok(None) };
    let alone = values.next().is_none();
    if alone && value.as_bytes().trim_ascii() == b"*" {
        return Ok(None);
    }
    let wrong = || Fault::new(Reason::MalformedRequest, "the header If-Match is not one entity tag");
    entity_tag(headers, &header::IF_MATCH).filter(|_| alone).map(Some).ok_or_else(wrong)
}

/// The entity tag of `If-Match` or `If-None-Match` as our records have it: without quotes and without `W/`. `*` and
/// lists name no version.
pub(super) fn entity_tag(headers: &HeaderMap, name: &HeaderName) -> Option<String> {
    let text = headers.get(name)?.to_str().ok()?.trim();
    let text = text.strip_prefix("W/").unwrap_or(text);
    let tag = text.strip_prefix('"').and_then(|tag| tag.strip_suffix('"')).unwrap_or(text);
    (!tag.is_empty() && tag != "*" && !tag.contains(['"', ','])).then(|| tag.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn with(name: &'static str, value: &'static str) -> HeaderMap {
        HeaderMap::from_iter([(HeaderName::from_static(name), http::HeaderValue::from_static(value))])
    }

    #[test]
    fn a_client_says_how_long_it_waits() {
        for (value, milliseconds) in [("2.5", 2_500), ("10", 10_000), ("99999999999999999999", 86_400_000)] {
            let patience = patience(&with("request-timeout", value)).unwrap().unwrap();
            assert_eq!(patience.as_millis(), milliseconds, "{value}");
        }
        assert_eq!(patience(&HeaderMap::new()).unwrap(), None);
        for value in ["", "0", "-1", "1e3", "inf", "NaN", "1.2.3", "10s"] {
            assert!(patience(&with("request-timeout", value)).is_err(), "{value}");
        }
    }

    #[test]
    fn an_entity_tag_is_one_version() {
        let tag = |value| entity_tag(&with("if-match", value), &header::IF_MATCH);
        for value in ["\"7-ab\"", "W/\"7-ab\"", "7-ab", " \"7-ab\" "] {
            assert_eq!(tag(value).as_deref(), Some("7-ab"), "{value}");
        }
        for value in ["*", "\"a\", \"b\"", "\"\"", ""] {
            assert_eq!(tag(value), None, "{value}");
        }
    }

    #[test]
    fn a_condition_that_is_not_one_version_is_refused() {
        let tag = |value| required_tag(&with("if-match", value));
        assert_eq!(required_tag(&HeaderMap::new()).unwrap(), None);
        assert_eq!(tag("*").unwrap(), None);
        assert_eq!(tag("\"7-ab\"").unwrap().as_deref(), Some("7-ab"));
        for value in ["\"a\", \"b\"", "\"a", "\"\"", "", "a, b"] {
            assert!(tag(value).is_err(), "{value}");
        }
        let mut twice = with("if-match", "\"a\"");
        twice.append(header::IF_MATCH, http::HeaderValue::from_static("\"b\""));
        assert!(required_tag(&twice).is_err());
        let bytes = http::HeaderValue::from_bytes(b"\"\xff\"").unwrap();
        assert!(required_tag(&HeaderMap::from_iter([(header::IF_MATCH, bytes)])).is_err());
    }

    #[test]
    fn a_body_is_json_or_says_nothing() {
        let json = ["application/json"];
        for good in ["application/json", "application/json; charset=utf-8", "Application/JSON"] {
            assert!(must_be(&with("content-type", good), &json).is_ok(), "{good}");
        }
        assert!(must_be(&HeaderMap::new(), &json).is_ok());
        for bad in ["text/plain", "application/x-www-form-urlencoded", "application/jsonx", ""] {
            assert!(must_be(&with("content-type", bad), &json).is_err(), "{bad}");
        }
        assert!(must_be(&with("content-encoding", "gzip"), &json).is_err());
    }

    proptest! {
        #[test]
        fn no_header_breaks_its_reader(
            value in prop_oneof![
                prop::collection::vec(any::<u8>(), 0..60),
                "[0-9.eE+*,;/\" W-]{0,20}".prop_map(String::into_bytes),
            ],
        ) {
            let Ok(value) = http::HeaderValue::from_bytes(&value) else { return Ok(()) };
            let with = |name: HeaderName| HeaderMap::from_iter([(name, value.clone())]);
            if let Ok(Some(patience)) = patience(&with(REQUEST_TIMEOUT)) {
                prop_assert!(patience <= LONGEST);
            }
            if let Some(tag) = entity_tag(&with(header::IF_MATCH), &header::IF_MATCH) {
                prop_assert!(!tag.is_empty() && !tag.contains(['"', ',']), "{}", tag);
            }
            let json = value.to_str().is_ok_and(|text| text.trim_start().to_ascii_lowercase().starts_with("application/json"));
            prop_assert!(json || must_be(&with(header::CONTENT_TYPE), &["application/json"]).is_err());
        }
    }
}

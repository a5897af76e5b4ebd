//! What anyone may read: the API's description and its page, whether the gateway lives, the development issuer.

use super::answer;
use super::input;
use crate::caller::DevIssuer;
use bytes::Bytes;
use fault::Fault;
use flate2::Compression;
use flate2::write::GzEncoder;
use http::header::{self, HeaderMap, HeaderValue};
use http::{Method, Request, Response, StatusCode};
use proto::contract::Contract;
use proto::policy::v1::Reason;
use serve::House;
use std::collections::HashMap;
use std::fmt;
use std::io::Write as _;
use std::sync::LazyLock;
use tonic::body::Body;

const READ: &str = "GET, HEAD, OPTIONS";
const ASK: &str = "POST, OPTIONS";
/// The pages bring all they need; nothing else is fetched, run or framed.
const OWN: HeaderValue =
    HeaderValue::from_static("default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'");
/// Asked again each time, and answered with 304 if nothing changed.
const REVALIDATE: HeaderValue = HeaderValue::from_static("no-cache");
/// A page comes in two forms.
const ACCEPT_ENCODING: HeaderValue = HeaderValue::from_static("accept-encoding");
const GZIP: HeaderValue = HeaderValue::from_static("gzip");
const PLAIN: HeaderValue = HeaderValue::from_static("text/plain; charset=utf-8");

/// The API's description.
const DESCRIPTION: &str = "/openapi.json";

/// The pages.
pub(super) struct Pages {
    fixed: HashMap<&'static str, Page>,
    /// Written when it is first asked for: it is made of many small pieces, and most gateways are never asked.
    description: LazyLock<Page, Box<dyn FnOnce() -> Page + Send>>,
    dev_issuer: Option<DevIssuer>,
    house: House,
}

struct Page {
    media: HeaderValue,
    tag: HeaderValue,
    bytes: Bytes,
    /// The same, compressed when it is first asked for so; nothing if that makes little of it.
    packed: LazyLock<Option<Packed>, Box<dyn FnOnce() -> Option<Packed> + Send>>,
}

/// A page in gzip (RFC 1952), and the tag of this form of it.
struct Packed {
    tag: HeaderValue,
    bytes: Bytes,
}

impl Packed {
    fn of(tag: &str, bytes: &Bytes) -> Option<Self> {
        let mut encoder = GzEncoder::new(Vec::with_capacity(bytes.len() / 8), Compression::default());
        let packed = encoder.write_all(bytes).and_then(|()| encoder.finish()).ok()?;
        let tag = HeaderValue::try_from(format!("\"{tag}-gzip\"")).expect("hexadecimal in quotes is good in a header");
        (packed.len() < bytes.len() * 9 / 10).then(|| Self { tag, bytes: packed.into() })
    }
}

/// Whether a client takes gzip (RFC 9110, section 12.5.3).
fn takes_gzip(headers: &HeaderMap) -> bool {
    let lines = headers.get_all(header::ACCEPT_ENCODING).iter().filter_map(|line| line.to_str().ok());
    lines.flat_map(|line| line.split(',')).any(|coding| {
        let (name, quality) = coding.split_once(';').unwrap_or((coding, ""));
        let refused = quality.trim().strip_prefix("q=").is_some_and(|q| q.trim().parse() == Ok(0.0_f32));
        name.trim().eq_ignore_ascii_case("gzip") && !refused
    })
}

impl Page {
    fn new(media: &'static str, bytes: Bytes) -> Self {
        let digest = ring::digest::digest(&ring::digest::SHA256, &bytes);
        let digits = hex::encode(&digest.as_ref()[..8]);
        let tag = HeaderValue::try_from(format!("\"{digits}\"")).expect("hexadecimal in quotes is good in a header");
        let whole = bytes.clone();
        let media = HeaderValue::from_static(media);
        Self { media, tag, bytes, packed: LazyLock::new(Box::new(move || Packed::of(&digits, &whole))) }
    }

    fn answer(&self, request: &Request<Body>) -> Response<Body> {
        let packed = if takes_gzip(request.headers()) { self.packed.as_ref() } else { None };
        let (tag, bytes) = packed.map_or((&self.tag, &self.bytes), |packed| (&packed.tag, &packed.bytes));
        let known = request.headers().get(header::IF_NONE_MATCH) == Some(tag);
        let mut response = Response::new(if known { Body::empty() } else { answer::body(bytes.clone()) });
        if known {
            *response.status_mut() = StatusCode::NOT_MODIFIED;
        }
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, self.media.clone());
        headers.insert(header::ETAG, tag.clone());
        headers.insert(header::VARY, ACCEPT_ENCODING);
        if packed.is_some() && !known {
            headers.insert(header::CONTENT_ENCODING, GZIP);
        }
        headers.insert(header::CACHE_CONTROL, REVALIDATE);
        headers.insert(header::CONTENT_SECURITY_POLICY, OWN);
        response
    }
}

impl Pages {
    pub(super) fn new(
        contract: &'static Contract,
        address: &str,
        dev_issuer: Option<DevIssuer>,
        issuer: &str,
        house: House,
    ) -> Self {
        let info = openapi::Info {
            title: "Legation".to_owned(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            server: address.to_owned(),
            issuer: issuer.to_owned(),
        };
        let description =
            move || Page::new("application/json", Bytes::from(openapi::document(contract, &info).to_string()));
        let assets = openapi::assets().iter().map(|(path, media, bytes)| {
            let bytes = match bytes {
                std::borrow::Cow::Borrowed(bytes) => Bytes::from_static(bytes),
                std::borrow::Cow::Owned(bytes) => Bytes::from_static(bytes),
            };
            (*path, Page::new(media, bytes))
        });
        Self { fixed: assets.collect(), description: LazyLock::new(Box::new(description)), dev_issuer, house }
    }

    /// The answer, if the address is one of these.
    pub(super) async fn answer(&self, request: &mut Request<Body>) -> Option<Result<Response<Body>, Fault>> {
        let path = request.uri().path();
        let allowed = self.methods(path)?;
        let method = match request.method() {
            &Method::HEAD => &Method::GET,
            method => method,
        };
        if !allowed.split(", ").any(|name| name == method.as_str()) {
            let fault = Fault::new(Reason::MethodNotAllowed, "the address is not for this method");
            return Some(Err(fault.with(answer::ALLOW, allowed)));
        }
        if path == DESCRIPTION {
            return Some(Ok(self.description.answer(request)));
        }
        if let Some(page) = self.fixed.get(path) {
            return Some(Ok(page.answer(request)));
        }
        Some(match path {
            "/healthz" => Ok(word(StatusCode::OK, "alive\n")),
            "/readyz" if self.house.not_ready().is_empty() => Ok(word(StatusCode::OK, "ready\n")),
            // Why is told at the admin port, not to the public.
            "/readyz" => Ok(word(StatusCode::SERVICE_UNAVAILABLE, "not ready\n")),
            _ => self.issue(request).await,
        })
    }

    /// The methods an address has, if it is one of these.
    pub(super) fn methods(&self, path: &str) -> Option<&'static str> {
        let issuer = self.dev_issuer.as_ref().and_then(|_| path.strip_prefix("/dev/issuer"));
        match (path, issuer) {
            ("/healthz" | "/readyz" | DESCRIPTION, _) => Some(READ),
            (_, Some("/.well-known/openid-configuration" | "/jwks.json")) => Some(READ),
            (_, Some("/token")) => Some(ASK),
            _ => self.fixed.contains_key(path).then_some(READ),
        }
    }

    async fn issue(&self, request: &mut Request<Body>) -> Result<Response<Body>, Fault> {
        let no_issuer = || Fault::new(Reason::NoRoute, "there is no such address");
        let issuer = self.dev_issuer.as_ref().ok_or_else(no_issuer)?;
        let value = if request.uri().path().ends_with("/token") {
            let body = std::mem::take(request.body_mut());
            issuer.token(&input::whole(request.headers(), body).await?)?
        } else if request.uri().path().ends_with("/jwks.json") {
            issuer.jwks()
        } else {
            issuer.configuration()
        };
        Ok(answer::json(value.to_string().into_bytes()))
    }
}

fn word(status: StatusCode, text: &'static str) -> Response<Body> {
    let mut response = Response::new(answer::body(text));
    *response.status_mut() = status;
    response.headers_mut().insert(header::CONTENT_TYPE, PLAIN);
    response
}

impl fmt::Debug for Pages {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pages").field("fixed", &self.fixed.len()).finish_non_exhaustive()
    }
}

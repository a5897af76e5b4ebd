//! REST: JSON in and out, by the route that the contract gives the address.

use super::access::Visit;
use super::frames::{self, Messages};
use super::input;
use super::method::{Flow, Target};
use super::outgoing::outgoing;
use super::{Door, OK, answer, import, stream, wire, within};
use crate::caller::Caller;
use bytes::Bytes;
use fault::Fault;
use http::header::{self, HeaderMap, HeaderName, HeaderValue};
use http::request::Parts;
use http::{Method, Request, Response, StatusCode};
use proto::policy::v1::Reason;
use std::net::IpAddr;
use std::sync::Arc;
use tonic::body::Body;
use transcode::{Found, Route, Routes};

const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");
const LAST_EVENT_ID: HeaderName = HeaderName::from_static("last-event-id");

/// Answers a request whose caller is known.
pub(super) async fn answer(
    door: &Door,
    visit: &mut Visit,
    caller: &Arc<Caller>,
    from: IpAddr,
    request: Request<Body>,
) -> Result<Response<Body>, Fault> {
    let (head, body) = request.into_parts();
    let found = route(&door.0.routes, &head)?;
    let target = door.0.targets.of_method(found.method()).expect("routes and targets are of the same contract");
    door.permit(visit, caller, target)?;
    let call = Call { door, caller, from, target, head: &head };
    match target.flow {
        Flow::Unary => call.unary(visit, &found, body).await,
        Flow::Down => call.down(visit, &found, body).await,
        Flow::Both => import::answer(&call, visit, body).await,
    }
}

/// A request whose caller and method are known.
pub(super) struct Call<'c> {
    pub(super) door: &'c Door,
    pub(super) caller: &'c Arc<Caller>,
    pub(super) from: IpAddr,
    pub(super) target: &'c Arc<Target>,
    pub(super) head: &'c Parts,
}

impl Call<'_> {
    /// One message there, one back.
    async fn unary(&self, visit: &mut Visit, found: &Found<'_>, body: Body) -> Result<Response<Body>, Fault> {
        let target = self.target;
        let deadline = target.deadline(self.door.0.deadline, input::patience(&self.head.headers)?);
        let message = self.message(found, &input::whole(&self.head.headers, body).await?)?;
        let call = outgoing(self.door, &visit.trace, self.caller, target, deadline, frames::one(&message));
        let upstream = target.upstream()?;
        let message = within(deadline, async { Messages::of(upstream.call(call).await?)?.only().await }).await?;
        let response = self.json(&message)?;
        visit.outcome(OK, response.status());
        Ok(response)
    }

    /// One message there, many back.
    async fn down(&self, visit: &mut Visit, found: &Found<'_>, body: Body) -> Result<Response<Body>, Fault> {
        visit.becomes_stream(self.caller)?;
        let deadline = self.target.deadline(self.door.0.deadline, input::patience(&self.head.headers)?);
        let message = self.message(found, &input::whole(&self.head.headers, body).await?)?;
        let call = outgoing(self.door, &visit.trace, self.caller, self.target, deadline, frames::one(&message));
        let answered = within(deadline, self.target.upstream()?.call(call)).await?;
        Ok(stream::answer(self, visit, Messages::of(answered)?))
    }

    /// The request as protobuf: path, query, body, and the headers that stand for fields.
    fn message(&self, found: &Found<'_>, body: &[u8]) -> Result<Vec<u8>, Fault> {
        let mut message = transcode::bind(found, self.head.uri.query().unwrap_or_default(), body)?;
        let headers = &self.head.headers;
        if let Some(number) = self.target.request_id
            && let Some(key) = text(headers, &IDEMPOTENCY_KEY)?
        {
            wire::add_text(&mut message, number, key);
        }
        if let Some(number) = self.target.etag
            && let Some(tag) = input::entity_tag(headers, &header::IF_MATCH)
        {
            wire::add_text(&mut message, number, &tag);
        }
        if let Some(number) = self.target.cursor
            && let Some(cursor) = text(headers, &LAST_EVENT_ID)?
        {
            wire::add_text(&mut message, number, cursor);
        }
        Ok(message)
    }

    /// The answer as JSON, with its version in `ETag`.
    fn json(&self, message: &Bytes) -> Result<Response<Body>, Fault> {
        let tag = self.target.answer_etag.and_then(|number| wire::text(message, number)).filter(|tag| !tag.is_empty());
        let known = tag.is_some() && tag == input::entity_tag(&self.head.headers, &header::IF_NONE_MATCH).as_deref();
        let mut response = if known && self.head.method == Method::GET {
            let mut unchanged = Response::new(Body::empty());
            *unchanged.status_mut() = StatusCode::NOT_MODIFIED;
            unchanged
        } else {
            answer::json(self.to_json(message)?)
        };
        if let Some(tag) = tag.and_then(|tag| HeaderValue::try_from(format!("\"{tag}\"")).ok()) {
            response.headers_mut().insert(header::ETAG, tag);
        }
        Ok(response)
    }

    /// An answer's message as JSON.
    pub(super) fn to_json(&self, message: &[u8]) -> Result<Vec<u8>, Fault> {
        to_json(self.target, message)
    }
}

/// An answer's message as JSON.
pub(super) fn to_json(target: &Target, message: &[u8]) -> Result<Vec<u8>, Fault> {
    let mut json = Vec::with_capacity(message.len() * 2 + 64);
    let written = target.output.to_json(message, &mut json);
    let broken = |error| Fault::new(Reason::Internal, "a service answered with what is no answer").caused_by(error);
    written.map(|()| json).map_err(broken)
}

/// A header that stands for a text field.
fn text<'h>(headers: &'h HeaderMap, name: &HeaderName) -> Result<Option<&'h str>, Fault> {
    let Some(value) = headers.get(name) else { return Ok(None) };
    let wrong = || Fault::new(Reason::MalformedRequest, format!("the header {name} is not text"));
    let text = value.to_str().map_err(|_| wrong())?;
    if text.len() > 255 { Err(wrong()) } else { Ok(Some(text)) }
}

/// The route of a request, by its path as it was sent.
fn route<'r>(routes: &'r Routes, head: &'r Parts) -> Result<Found<'r>, Fault> {
    let method = if head.method == Method::HEAD { &Method::GET } else { &head.method };
    match routes.find(method.as_str(), head.uri.path()) {
        Route::Found(found) => Ok(found),
        Route::NoRoute => Err(no_route()),
        Route::NotAllowed { allow } => {
            let fault = Fault::new(Reason::MethodNotAllowed, "the address is not for this method");
            Err(fault.with(answer::ALLOW, with_head(&allow)))
        }
    }
}

/// The methods that an address has.
pub(super) fn allow(routes: &Routes, path: &str) -> Result<String, Fault> {
    // No address is for this one, so that the answer is the list.
    match routes.find("OPTIONS", path) {
        Route::NotAllowed { allow } => Ok(with_head(&allow)),
        Route::Found(_) | Route::NoRoute => Err(no_route()),
    }
}

fn with_head(allow: &str) -> String {
    let head = if allow.split(", ").any(|method| method == "GET") { ", HEAD" } else { "" };
    format!("{allow}{head}, OPTIONS")
}

fn no_route() -> Fault {
    Fault::new(Reason::NoRoute, "there is no such address")
}

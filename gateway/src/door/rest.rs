//! REST: JSON in and out, by the route that the contract gives the address.

use super::access::Visit;
use super::frames::{self, Messages};
use super::input;
use super::method::{Flow, Target};
use super::outgoing::outgoing;
use super::{Door, answer, import, stream, wire};
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
use transcode::{Found, Match, Routes};

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
    let target =
        door.0.targets.of_path(found.route().method().path()).expect("routes and targets are of the same contract");
    door.permit(visit, caller, target).await?;
    // One that is longer than any name is no record's.
    visit.record = found.name().filter(|name| name.len() <= 255).unwrap_or_default().into();
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
    async fn unary(&self, visit: &mut Visit, found: &Found<'_, '_>, body: Body) -> Result<Response<Body>, Fault> {
        let message = self.message(found, &input::whole(&self.head.headers, body).await?)?;
        let answered = self.send(visit, frames::one(&message)).await?;
        let message = Messages::of(answered)?.only().await?;
        if self.target.answers_document { answer::document(&message) } else { self.json(&message) }
    }

    /// One message there, many back.
    async fn down(&self, visit: &mut Visit, found: &Found<'_, '_>, body: Body) -> Result<Response<Body>, Fault> {
        visit.becomes_stream(self.caller)?;
        let message = self.message(found, &input::whole(&self.head.headers, body).await?)?;
        let answered = self.send(visit, frames::one(&message)).await?;
        Ok(stream::answer(self, visit, Messages::of(answered)?))
    }

    /// Sends the call; what comes is the answer's head.
    pub(super) async fn send(&self, visit: &Visit, body: Body) -> Result<Response<Body>, Fault> {
        let call = outgoing(self.door, visit.trace, self.caller, self.target, &self.head.headers, body)?;
        self.target.call(call).await
    }

    /// The request as protobuf: path, query, body, and the headers that stand for fields.
    fn message(&self, found: &Found<'_, '_>, body: &[u8]) -> Result<Vec<u8>, Fault> {
        let headers = &self.head.headers;
        let key = text(headers, &IDEMPOTENCY_KEY)?;
        let tag = input::required_tag(headers)?;
        let cursor = text(headers, &LAST_EVENT_ID)?;
        // Those that the request has no field for are passed over.
        let fields = [("request_id", key), ("etag", tag.as_deref()), ("cursor", cursor)];
        let given: Vec<_> = fields.into_iter().filter_map(|(field, value)| Some((field, value?))).collect();
        Ok(found.bind(self.head.uri.query().unwrap_or_default(), body, &given)?)
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
fn route<'r, 'p>(routes: &'r Routes<'static>, head: &'p Parts) -> Result<Found<'r, 'p>, Fault> {
    match routes.find(head.method.as_str(), head.uri.path()) {
        Match::Found(found) => Ok(found),
        Match::NoRoute => Err(no_route()),
        Match::NotAllowed { allow } => {
            let fault = Fault::new(Reason::MethodNotAllowed, "the address is not for this method");
            Err(fault.with(answer::ALLOW, allow))
        }
        Match::Unreadable => Err(Fault::new(Reason::MalformedRequest, "the path is not percent-encoded UTF-8")),
    }
}

/// The methods that an address has.
pub(super) fn allow<'r>(routes: &'r Routes<'static>, path: &str) -> Result<&'r str, Fault> {
    // No address is for this one, so that the answer is the list.
    match routes.find("OPTIONS", path) {
        Match::NotAllowed { allow } => Ok(allow),
        Match::Found(_) | Match::NoRoute | Match::Unreadable => Err(no_route()),
    }
}

fn no_route() -> Fault {
    Fault::new(Reason::NoRoute, "there is no such address")
}

//! What a webhook's owner may see: asked of the service that keeps the record, with the rights of the key the webhook
//! acts for. So the answer is that of the owner's own reads and watches, and nothing here knows a rule.

use crate::caller::KeyTable;
use crate::door::{Messages, frames, wire};
use crate::upstream::Upstreams;
use chrono::{DateTime, TimeDelta, Utc};
use fault::{Code, Fault};
use http::header::{self, HeaderValue};
use http::{Method, Request, Uri, Version};
use identity::{METADATA_KEY, Signer};
use layers::client::Deadline;
use prost::Message as _;
use proto::contract::{self, Kind, contract};
use proto::policy::v1::Reason;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;

/// How long a service may take to answer.
const PATIENCE: Duration = Duration::from_secs(5);

/// An event's record, as of the event.
#[derive(Debug)]
pub(crate) struct Seen<'e> {
    pub(crate) service: &'e str,
    pub(crate) collection: &'e str,
    pub(crate) verb: &'e str,
    pub(crate) record: &'e str,
    pub(crate) at: DateTime<Utc>,
}

/// What became of the question.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Sight {
    /// The owner may see it.
    Shown,
    /// It may not.
    Hidden,
    /// The key is not in force.
    NoKey,
}

/// Asks services on behalf of owners.
pub(crate) struct Eyes {
    keys: KeyTable,
    upstreams: Upstreams,
    signer: Arc<Signer>,
}

impl Eyes {
    pub(crate) fn new(keys: KeyTable, upstreams: Upstreams, signer: Arc<Signer>) -> Self {
        Self { keys, upstreams, signer }
    }

    /// Whether the owner of a key may see the record of an event.
    ///
    /// # Errors
    /// It cannot be told for the moment.
    pub(crate) async fn see(&self, key: &str, seen: &Seen<'_>) -> Result<Sight, Fault> {
        let found = self.keys.in_force(key).await.map_err(pg::fault)?;
        let Some((principal, partner)) = found else { return Ok(Sight::NoKey) };
        let Some(get) = reader(seen.service, seen.collection) else { return Ok(Sight::Hidden) };
        let rule = get.rule();
        if (partner && !rule.partner) || !(rule.any_caller || principal.may(&rule.permission)) {
            return Ok(Sight::Hidden);
        }
        let away = || Fault::new(Reason::Unavailable, "this gateway does not reach the service");
        let upstream = self.upstreams.get(seen.service).ok_or_else(away)?;
        let token =
            HeaderValue::try_from(self.signer.mint(&principal, Utc::now())).expect("a token is base64 and dots");
        let answer = upstream.call(question(get, seen, token)).await?;
        let answer = match Messages::of(answer) {
            Ok(messages) => messages.only().await.map(drop),
            Err(fault) => Err(fault),
        };
        match answer {
            Ok(()) => Ok(Sight::Shown),
            Err(fault) if matches!(fault.code(), Code::NotFound | Code::PermissionDenied) => Ok(Sight::Hidden),
            Err(fault) => Err(fault),
        }
    }
}

/// The method that reads one record of a collection.
pub(crate) fn reader(service: &str, collection: &str) -> Option<&'static contract::Method> {
    let kept = |resource: &&contract::Resource| resource.service() == service && resource.collection() == collection;
    let message = contract().resources().iter().find(kept)?.message().full_name();
    contract().methods().iter().find(|method| *method.kind() == Kind::Get && method.resource() == Some(message))
}

/// The call that reads the record as of the event; of a deletion, as of just before.
fn question(get: &contract::Method, seen: &Seen<'_>, token: HeaderValue) -> Request<tonic::body::Body> {
    let input = get.descriptor().input();
    let number = |name: &str| input.get_field_by_name(name).map(|field| field.number());
    let mut message = Vec::new();
    if let Some(name) = number("name") {
        wire::add_bytes(&mut message, name, seen.record.as_bytes());
    }
    if let Some(as_of) = number("as_of") {
        let at = if seen.verb == "delete" { seen.at - TimeDelta::microseconds(1) } else { seen.at };
        wire::add_bytes(&mut message, as_of, &registry::timestamp(at).encode_to_vec());
    }
    let mut request = Request::new(frames::one(&message));
    *request.method_mut() = Method::POST;
    *request.uri_mut() = Uri::try_from(get.path()).expect("a method's path is a path");
    *request.version_mut() = Version::HTTP_2;
    let headers = request.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/grpc"));
    headers.insert(header::TE, HeaderValue::from_static("trailers"));
    headers.insert(METADATA_KEY, token);
    request.extensions_mut().insert(Deadline(Instant::now() + PATIENCE));
    request
}

//! What a webhook's owner may see: asked of the service that keeps the record, with the rights of the key the webhook
//! acts for. So the answer is that of the owner's own reads and watches, and nothing here knows a rule.

use crate::door::{frames, wire};
use crate::errand::Errands;
use chrono::{DateTime, TimeDelta, Utc};
use fault::{Code, Fault};
use prost::Message as _;
use proto::contract::{self, Kind, contract};
use std::time::Duration;

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
    /// The owner may see it, and perhaps who did it.
    Shown {
        /// The owner may read the histories of such records.
        with_actor: bool,
    },
    /// It may not.
    Hidden,
    /// The key is not in force.
    NoKey,
}

/// Whether the owner of a key may see the record of an event.
///
/// # Errors
/// It cannot be told for the moment.
pub(crate) async fn see(errands: &Errands, key: &str, seen: &Seen<'_>) -> Result<Sight, Fault> {
    let Some(bearer) = errands.bearer(key).await? else { return Ok(Sight::NoKey) };
    let Some(get) = reader(seen.service, seen.collection).filter(|get| bearer.may(get)) else {
        return Ok(Sight::Hidden);
    };
    let answer = match errands.call(&bearer, get, frames::one(&question(get, seen)), PATIENCE).await {
        Ok(messages) => messages.only().await.map(drop),
        Err(fault) => Err(fault),
    };
    match answer {
        Ok(()) => {
            let history = method(seen.service, seen.collection, &Kind::Revisions);
            Ok(Sight::Shown { with_actor: history.is_none_or(|history| bearer.may(history)) })
        }
        Err(fault) if matches!(fault.code(), Code::NotFound | Code::PermissionDenied) => Ok(Sight::Hidden),
        Err(fault) => Err(fault),
    }
}

/// The method that reads one record of a collection.
pub(crate) fn reader(service: &str, collection: &str) -> Option<&'static contract::Method> {
    method(service, collection, &Kind::Get)
}

/// The method of this kind of a collection's records.
pub(crate) fn method(service: &str, collection: &str, kind: &Kind) -> Option<&'static contract::Method> {
    let kept = |resource: &contract::Resource| resource.service() == service && resource.collection() == collection;
    contract().resources().iter().any(kept).then_some(())?;
    let address = match kind {
        Kind::Get => format!("/v1/{service}/{{name={collection}/*}}"),
        Kind::Revisions => format!("/v1/{service}/{{name={collection}/*}}/revisions"),
        Kind::Import => format!("/v1/{service}/{collection}:import"),
        _ => format!("/v1/{service}/{collection}"),
    };
    let stands_there =
        |method: &&contract::Method| method.bindings().first().is_some_and(|one| one.template == address);
    contract().methods().iter().filter(|method| method.kind() == kind).find(stands_there)
}

/// The request for the record as of the event; of a deletion, as of just before.
fn question(get: &contract::Method, seen: &Seen<'_>) -> Vec<u8> {
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
    message
}

//! What the door knows of each method, worked out once: where its calls go, who may make them, which fields headers fill.

use super::bulkhead::Bulkhead;
use super::notice;
use crate::caller::Caller;
use crate::rate::RouteRates;
use crate::upstream::{Upstream, Upstreams};
use anyhow::Context as _;
use fault::Fault;
use http::{HeaderName, HeaderValue, Request, Response, Uri};
use prost_reflect::MessageDescriptor;
use proto::contract::{Contract, Kind, Method};
use proto::policy::v1::Reason;
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;
use tonic::body::Body;
use transcode::Message;

/// How messages go and come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Flow {
    /// One goes, one comes.
    Unary,
    /// One goes, many come.
    Down,
    /// Many go, many come.
    Both,
}

/// One method, as the door needs it.
#[derive(Debug)]
pub(super) struct Target {
    pub(super) method: &'static Method,
    /// Its place among the contract's methods.
    pub(super) index: usize,
    pub(super) flow: Flow,
    /// Its path on an upstream.
    pub(super) uri: Uri,
    pub(super) input: Message<'static>,
    pub(super) output: Message<'static>,
    /// Numbers of the answer's fields that headers, or an event's id, repeat.
    pub(super) answer_etag: Option<u32>,
    pub(super) answer_cursor: Option<u32>,
    /// Whether the answer is no data but a document, and goes out as it is (`google.api.HttpBody`).
    pub(super) answers_document: bool,
    /// How many of each thousand requests of a caller's rate may be for it, if it has a rate of its own.
    pub(super) rate: Option<u32>,
    /// What each of its answers says if it is on its way out.
    pub(super) notice: Vec<(HeaderName, HeaderValue)>,
    upstream: Option<Arc<Upstream>>,
    bulkhead: Arc<Bulkhead>,
}

/// Every method, by place and by path.
#[derive(Debug)]
pub(super) struct Targets {
    all: Vec<Arc<Target>>,
    by_path: HashMap<&'static str, Arc<Target>>,
}

impl Targets {
    /// The methods of a door with so many places.
    pub(super) fn of(contract: &'static Contract, upstreams: &Upstreams, places: usize) -> anyhow::Result<Self> {
        let rates = RouteRates::shipped(contract)?;
        let services = contract.services().into_iter();
        let bulkheads: HashMap<_, _> = services.map(|service| (service, Bulkhead::of(places))).collect();
        let target = |(index, method): (usize, &'static Method)| {
            let bulkhead = Arc::clone(&bulkheads[method.service()]);
            Target::of(index, method, upstreams, bulkhead, &rates).map(Arc::new)
        };
        let all = contract.methods().iter().enumerate().map(target).collect::<anyhow::Result<Vec<_>>>()?;
        let by_path = all.iter().map(|target| (target.method.path(), Arc::clone(target))).collect();
        Ok(Self { all, by_path })
    }

    /// The target of a gRPC path.
    pub(super) fn of_path(&self, path: &str) -> Option<&Arc<Target>> {
        self.by_path.get(path)
    }

    pub(super) fn len(&self) -> usize {
        self.all.len()
    }
}

impl Target {
    fn of(
        index: usize,
        method: &'static Method,
        upstreams: &Upstreams,
        bulkhead: Arc<Bulkhead>,
        rates: &RouteRates,
    ) -> anyhow::Result<Self> {
        let descriptor = method.descriptor();
        let (input, output) = (descriptor.input(), descriptor.output());
        let table = |message: &MessageDescriptor| {
            let found = transcode::tables().message(message.full_name());
            found.with_context(|| format!("there is no table for {}", message.full_name()))
        };
        Ok(Self {
            index,
            flow: match (descriptor.is_client_streaming(), descriptor.is_server_streaming()) {
                (false, false) => Flow::Unary,
                (false, true) => Flow::Down,
                (true, _) => Flow::Both,
            },
            uri: Uri::try_from(method.path()).context("a method's path is no path")?,
            input: table(&input)?,
            output: table(&output)?,
            answer_etag: text_field(&output, "etag"),
            answer_cursor: text_field(&output, "cursor"),
            answers_document: output.full_name() == "google.api.HttpBody",
            rate: rates.of(method),
            notice: notice::of(method.rule()).with_context(|| method.path().to_owned())?,
            upstream: upstreams.get(method.service()).cloned(),
            bulkhead,
            method,
        })
    }

    /// Whether the caller may call it. Nothing has been looked up by then, so the answer tells nothing else.
    ///
    /// # Errors
    /// It lacks the permission, or it is a partner and the method is not open to partners.
    pub(super) fn permit(&self, caller: &Caller) -> Result<(), Fault> {
        let rule = self.method.rule();
        if caller.partner && !rule.partner {
            return Err(
                Fault::new(Reason::PermissionDenied, "partners cannot call this").with("permission", &rule.permission)
            );
        }
        if self.method.admits(caller.partner, |permission| caller.principal.may(permission)) {
            return Ok(());
        }
        let fault = Fault::new(Reason::PermissionDenied, "the caller lacks the permission");
        Err(fault.with("permission", &rule.permission))
    }

    /// Sends a call to its service; what comes is the answer's head.
    ///
    /// # Errors
    /// This gateway has no upstream for the service, or too many wait for it, or it cannot be reached.
    pub(super) async fn call(&self, request: Request<Body>) -> Result<Response<Body>, Fault> {
        let words = "this gateway does not reach the service that answers this";
        let upstream = self.upstream.as_deref().ok_or_else(|| Fault::new(Reason::Unavailable, words))?;
        let _waiting = self.bulkhead.enter()?;
        upstream.send(request, self.flow != Flow::Unary).await
    }

    /// How long an answer may take, whatever the client says: streams last as long as they last.
    pub(super) fn longest(&self, usual: Duration) -> Option<Duration> {
        (self.flow == Flow::Unary).then_some(usual)
    }

    /// Whether its answers are lines of JSON rather than events, whatever the client accepts.
    pub(super) fn is_bulk(&self) -> bool {
        matches!(self.method.kind(), Kind::Import | Kind::Export)
    }
}

fn text_field(message: &MessageDescriptor, name: &str) -> Option<u32> {
    let field = message.get_field_by_name(name)?;
    let is_text = matches!(field.kind(), prost_reflect::Kind::String) && !field.is_list();
    is_text.then(|| field.number())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::caller::Caller;
    use identity::Permissions;

    fn target(path: &str) -> Arc<Target> {
        let targets = Targets::of(proto::contract::contract(), &Upstreams::default(), 8).unwrap();
        Arc::clone(targets.of_path(path).unwrap())
    }

    #[test]
    fn a_partner_calls_what_is_open_to_partners_even_if_it_holds_more() {
        let (get, list) = (
            "/legation.accreditation.v1.MissionService/GetMission",
            "/legation.accreditation.v1.MemberService/GetMember",
        );
        let all = || Permissions::of(["accreditation.*"]);
        let (own, partner) = (Caller::of(all(), false), Caller::of(all(), true));
        assert!(target(get).permit(&own).is_ok() && target(list).permit(&own).is_ok());
        assert!(target(get).permit(&partner).is_ok());
        assert_eq!(target(list).permit(&partner).unwrap_err().reason(), "PERMISSION_DENIED");
        let nothing = Caller::of(Permissions::default(), false);
        assert!(target(get).permit(&nothing).is_err());
        assert!(target("/legation.gateway.v1.ApiKeyService/WhoAmI").permit(&nothing).is_ok());
    }
}

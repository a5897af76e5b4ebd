//! The public door. [`Door::answer`] and [`Door::pass`] are the way of a request, in its order.

mod access;
mod address;
mod answer;
mod bulkhead;
pub(crate) mod frames;
mod import;
mod input;
mod linger;
mod method;
mod native;
mod notice;
mod open;
mod origin;
mod outgoing;
mod over;
mod pages;
mod reading;
mod refusals;
mod rest;
mod stream;
mod tracked;
pub(crate) mod wire;

pub(crate) use frames::Messages;

use crate::caller::{Caller, Callers, DevIssuer, Refusal};
use crate::calls::Calls;
use crate::denials::Denials;
use crate::network::Network;
use crate::rate::{Limits, Verdict};
use crate::upstream::{Local, Upstreams};
use access::{Access, Protocol, Visit};
use fault::Fault;
use futures::FutureExt as _;
use http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode, header};
use hyper::body::Incoming;
use identity::Signer;
use linger::Linger;
use method::{Target, Targets};
use origin::Origins;
use pages::Pages;
use proto::contract::Contract;
use proto::gateway::v1 as gateway;
use proto::policy::v1::Reason;
use refusals::{crowded, elsewhere, overloaded, without_certificate};
use serve::{Bounds, Certified, Client, House, Tls, Wire};
use std::convert::Infallible;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::num::NonZeroU32;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;
use telemetry::Trace;
use tokio::sync::Semaphore;
use tonic::Status;
use tonic::body::Body;
use tower::service_fn;
use tracing::{Instrument as _, Span};
use transcode::Routes;

const VARY_ORIGIN: HeaderValue = HeaderValue::from_static("origin");

/// What a door is made of.
pub(crate) struct Parts {
    /// What is promised.
    pub contract: &'static Contract,
    /// Who calls.
    pub callers: Callers,
    /// How often they may.
    pub limits: Arc<Limits>,
    /// Vouches for callers to the services.
    pub signer: Arc<Signer>,
    /// The services.
    pub upstreams: Upstreams,
    /// Takes down who was refused.
    pub denials: Denials,
    /// Takes down every call.
    pub calls: Calls,
    /// Whose tokens are accepted, for the documentation; empty if nobody's are or the development issuer's.
    pub issuer: String,
    /// The development issuer, if there is one.
    pub dev_issuer: Option<DevIssuer>,
    /// Origins whose pages may call.
    pub origins: Vec<String>,
    /// Proxies that are believed.
    pub proxies: Vec<Network>,
    /// The most requests at a time.
    pub in_flight: usize,
    /// How many connections there may be, and how old.
    pub connections: Connections,
    /// How long an answer may take unless the client wants it sooner.
    pub deadline: Duration,
    /// How long it stays awake after work.
    pub linger: Duration,
    /// Where the API is reached, as its documentation says; `/` for the place it is read from.
    pub address: String,
    /// What it shows and believes, if it speaks TLS.
    pub tls: Option<Arc<Tls>>,
    /// Where it stands.
    pub house: House,
}

/// How many connections there may be, and how old.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Connections {
    /// In all.
    pub total: usize,
    /// From one address that is no proxy of ours.
    pub of_address: usize,
    /// When one is to be begun anew.
    pub age: Duration,
    /// How long a client may leave lying what it asked for.
    pub read_patience: Duration,
}

/// The public door. A clone is the same door.
#[derive(Clone)]
pub struct Door(Arc<Inner>);

struct Inner {
    callers: Callers,
    limits: Arc<Limits>,
    signer: Arc<Signer>,
    routes: Routes<'static>,
    targets: Targets,
    /// Health and reflection, which need no caller: what they tell is in `/openapi.json` too.
    open: Local,
    /// Places for those who ask them.
    strangers: open::Places,
    denials: Denials,
    pages: Pages,
    origins: Origins,
    proxies: Vec<Network>,
    in_flight: Arc<Semaphore>,
    connections: Connections,
    deadline: Duration,
    linger: Arc<Linger>,
    access: Arc<Access>,
    tls: Option<Arc<Tls>>,
    house: House,
}

impl Door {
    /// Puts a door together.
    ///
    /// # Errors
    /// An origin is none, or an upstream is for a service that the contract does not have.
    pub(crate) fn new(parts: Parts) -> anyhow::Result<Self> {
        let contract = parts.contract;
        parts.upstreams.check(contract)?;
        let in_flight = Arc::new(Semaphore::new(parts.in_flight));
        Ok(Self(Arc::new(Inner {
            pages: Pages::new(contract, &parts.address, parts.dev_issuer, &parts.issuer, parts.house.clone()),
            routes: Routes::of(contract, transcode::tables())?,
            targets: Targets::of(contract, &parts.upstreams, parts.in_flight)?,
            open: native::open_services(),
            strangers: open::Places::default(),
            access: Arc::new(Access::new(
                contract,
                Arc::clone(&in_flight),
                parts.in_flight,
                parts.calls,
                parts.connections.read_patience,
            )),
            origins: Origins::read(&parts.origins)?,
            in_flight,
            connections: parts.connections,
            limits: parts.limits,
            callers: parts.callers,
            signer: parts.signer,
            denials: parts.denials,
            proxies: parts.proxies,
            deadline: parts.deadline,
            linger: Linger::new(parts.linger),
            tls: parts.tls,
            house: parts.house,
        })))
    }

    /// Opens the door at an address, until the house stops, and says where it is.
    ///
    /// # Errors
    /// The address cannot be listened on.
    pub async fn listen(&self, address: SocketAddr) -> io::Result<SocketAddr> {
        let door = self.clone();
        let of_client = move |client: &Client| {
            let (door, client) = (door.clone(), client.clone());
            service_fn(move |request: Request<Incoming>| {
                let (door, client) = (door.clone(), client.clone());
                async move { Ok::<_, Infallible>(door.answer(&client, request.map(Body::new)).await) }
            })
        };
        let proxies = self.0.proxies.clone();
        let Connections { total, of_address, age, .. } = self.0.connections;
        self.0.house.tasks.spawn(Arc::clone(&self.0.linger).keep(self.0.house.shutdown.clone()));
        let spared = Box::new(move |address| proxies.iter().any(|network| network.holds(address)));
        let bounds = Bounds { total, of_address, age: Some(age), spared };
        self.0.house.listen_each(address, Wire::Either, self.0.tls.clone(), bounds, of_client).await
    }

    /// Answers one request: the layers around its way, in reading order.
    pub async fn answer(&self, client: &Client, request: Request<Body>) -> Response<Body> {
        self.0.linger.stir();
        let peer = client.address.ip();
        // A trace, so that everything logged and everything called belongs together: begun here, or by a proxy of ours. What
        // anyone else says of a trace is believed when we know who it is, if at all.
        let span = tracing::info_span!("request");
        let offered = Trace::read(request.headers());
        let stranger = offered.filter(|_| !self.0.proxies.iter().any(|network| network.holds(peer)));
        let trace = if stranger.is_some() { Trace::begin() } else { Trace::enter(&span, offered) };
        // The access log and the metrics, around everything else, so that they see what is refused too.
        let mut visit = self.0.access.begin(trace, Protocol::of(request.headers()));
        visit.offered = stranger;
        let unsettled = stranger.map(|_| span.clone());
        visit.connection = Some(client.connection.clone());
        let (origin, is_head) = (self.0.origins.allowed(request.headers()), request.method() == Method::HEAD);
        // A panic is an answer like any other fault of ours, and the connection lives on.
        let passed = AssertUnwindSafe(self.pass(&mut visit, peer, request)).catch_unwind();
        let passed = passed.instrument(span).await;
        if let Some(span) = unsettled {
            visit.settle_trace(&span, false);
        }
        let passed = passed.unwrap_or_else(|_| Err(Fault::new(Reason::Internal, "this request met a fault of ours")));
        let mut response = match passed {
            Ok(response) => response,
            Err(fault) => self.refuse(&mut visit, fault),
        };
        if is_head {
            response = answer::without_body(response);
        }
        let headers = response.headers_mut();
        answer::name_trace(headers, &visit.trace);
        for (name, value) in visit.target.iter().flat_map(|target| &target.notice) {
            headers.insert(name, value.clone());
        }
        if visit.protocol() == Protocol::Rest {
            answer::guard(headers, self.0.tls.is_some());
            if let Some((caller, (left, reset))) = visit.caller.as_ref().zip(visit.rate) {
                answer::rate(headers, caller.policy.clone(), caller.window.limit().get(), left, reset);
            }
        }
        if !self.0.origins.are_none() {
            headers.append(header::VARY, VARY_ORIGIN);
        }
        if let Some(origin) = origin {
            origin::open(headers, origin);
        }
        self.0.linger.stir();
        visit.close(response)
    }

    /// The way of a request from its head to its method.
    async fn pass(&self, visit: &mut Visit, peer: IpAddr, mut request: Request<Body>) -> Result<Response<Body>, Fault> {
        // For whom it is: said once, so that nobody in front of us can have read it otherwise.
        input::one_host(&request)?;
        if request.method() == Method::OPTIONS {
            return self.options(&request);
        }
        // Pages that anyone may read; also when the house is full, so that a probe does not end a busy gateway.
        if let Some(response) = self.0.pages.answer(&mut request).await {
            return response;
        }
        let from = address::client(peer, request.headers(), &self.0.proxies)?;
        visit.from = Some(from);
        // Health and reflection, for anyone too: in places of their own, which are none of the callers'.
        if visit.protocol() != Protocol::Rest && request.uri().path().starts_with("/grpc.") {
            visit.stranger = Some(self.0.strangers.take(from)?);
            return native::open(self, visit, request).await;
        }
        // A place among those in flight; with none free, the request is refused before it costs anything.
        visit.place = Some(Arc::clone(&self.0.in_flight).try_acquire_owned().map_err(|_| overloaded())?);
        // Who it is (401), and whether it may ask so often (429).
        let certified = request.extensions().get::<Arc<Certified>>().cloned();
        let caller = self.admit(visit, request.headers(), certified.as_ref(), from).await?;
        // Its method, by the raw path (404, 405); the rest of the way depends on what it speaks.
        match visit.protocol() {
            Protocol::Rest => rest::answer(self, visit, &caller, from, request).await,
            Protocol::Grpc | Protocol::GrpcWeb => native::answer(self, visit, &caller, from, request).await,
        }
    }

    /// Knows the caller and takes one permit of its rate.
    async fn admit(
        &self,
        visit: &mut Visit,
        headers: &HeaderMap,
        certified: Option<&Arc<Certified>>,
        from: IpAddr,
    ) -> Result<Arc<Caller>, Fault> {
        let caller = match self.0.callers.who(headers, from).await {
            Ok(caller) => caller,
            // Not to know someone for the moment is not to turn them away.
            Err(Refusal::Away) => return Err(Refusal::Away.into()),
            Err(refusal) => return Err(visit.denied(refusal.into())),
        };
        if visit.offered.is_some() {
            visit.settle_trace(&Span::current(), !caller.partner);
        }
        visit.caller = Some(Arc::clone(&caller));
        if !caller.may_call_from(from) {
            return Err(visit.denied(elsewhere()));
        }
        if !caller.is_bound_to(certified) {
            return Err(visit.denied(without_certificate()));
        }
        // Its part of the places in flight, as long as others need the rest.
        visit.turn = Some(caller.share.enter().ok_or_else(crowded)?);
        match caller.window.take().await {
            Verdict::Pass { left } => visit.rate = Some((left, 1)),
            Verdict::Wait(pause) => return Err(too_often(visit, "in a second", caller.window.limit(), pause)),
        }
        if let Some(Err(pause)) = match &caller.quota {
            Some(quota) => Some(quota.take().await),
            None => None,
        } {
            let words = "the agency's requests of this month are used up";
            return Err(visit.denied(Fault::new(gateway::Reason::QuotaUsedUp, words).retry_after(pause)));
        }
        Ok(caller)
    }

    /// Notes what the request is for, and refuses it if the caller may not: before anything is looked up.
    async fn permit(&self, visit: &mut Visit, caller: &Caller, target: &Arc<Target>) -> Result<(), Fault> {
        visit.target = Some(Arc::clone(target));
        target.permit(caller).map_err(|fault| visit.denied(fault))?;
        // Most methods have no rate of their own.
        let Some(part) = target.rate else { return Ok(()) };
        let subject = &caller.principal.subject;
        let window = self.0.limits.of_method(subject, caller.window.limit(), target.index, part);
        match window.take().await {
            Verdict::Pass { .. } => Ok(()),
            Verdict::Wait(pause) => Err(too_often(visit, "for this method in a second", window.limit(), pause)),
        }
    }

    /// The answer to a fault. If it is ours and arose here it is logged here; a service has logged its own.
    fn refuse(&self, visit: &mut Visit, fault: Fault) -> Response<Body> {
        if let Some(cause) = std::error::Error::source(&fault).filter(|_| fault.is_ours()) {
            let (reason, method, trace_id) = (fault.reason(), visit.method(), visit.trace.id());
            tracing::error!(reason, method, %cause, trace_id, "a request failed");
        }
        if visit.is_denied() {
            self.0.denials.note(visit.method(), visit.caller.as_deref(), fault.reason(), &visit.trace);
        }
        visit.refused();
        let code = fault.code().grpc();
        match visit.protocol() {
            Protocol::Rest => {
                let response = answer::problem(&fault, &visit.trace);
                visit.outcome(code, response.status());
                response
            }
            protocol => {
                visit.outcome(code, StatusCode::OK);
                native::refusal(Status::from(fault), protocol)
            }
        }
    }

    /// `OPTIONS`: a browser's question before a call from another origin, or a client's about an address.
    fn options(&self, request: &Request<Body>) -> Result<Response<Body>, Fault> {
        let mut response = Response::new(Body::empty());
        *response.status_mut() = StatusCode::NO_CONTENT;
        let asks = request.headers().contains_key(header::ACCESS_CONTROL_REQUEST_METHOD);
        match self.0.origins.allowed(request.headers()).filter(|_| asks) {
            Some(origin) => origin::preflight(response.headers_mut(), origin),
            None => {
                response.headers_mut().insert(header::ALLOW, self.allowed(request.uri().path())?);
            }
        }
        Ok(response)
    }

    /// The methods that an address has.
    fn allowed(&self, path: &str) -> Result<HeaderValue, Fault> {
        if let Some(methods) = self.0.pages.methods(path) {
            return Ok(HeaderValue::from_static(methods));
        }
        let allow = format!("{}, OPTIONS", rest::allow(&self.0.routes, path)?);
        Ok(HeaderValue::try_from(allow).expect("names of methods are good in a header"))
    }
}

/// More requests than the caller may make; when it may again.
fn too_often(visit: &mut Visit, what: &str, limit: NonZeroU32, pause: Duration) -> Fault {
    visit.rate = Some((0, u32::try_from(pause.as_secs()).unwrap_or(1) + 1));
    visit.denied(Fault::new(Reason::RateLimited, format!("more than {limit} requests {what}")).retry_after(pause))
}

impl std::fmt::Debug for Door {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Door").field("methods", &self.0.targets.len()).finish_non_exhaustive()
    }
}

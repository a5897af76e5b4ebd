//! The public door. [`Door::answer`] and [`Door::pass`] are the way of a request, in its order.

mod access;
mod address;
mod answer;
mod frames;
mod import;
mod input;
mod listen;
mod method;
mod native;
mod origin;
mod pages;
mod rest;
mod stream;
mod tracked;
mod wire;

pub use address::Network;
pub use pages::Ready;

use crate::caller::{Caller, Callers, DevIssuer};
use crate::denials::Denials;
use crate::rate::{Limits, Verdict};
use crate::upstream::{Local, Upstreams};
use access::{Access, Protocol, Visit};
use fault::Fault;
use futures::FutureExt as _;
use http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode, header};
use identity::Signer;
use method::{Target, Targets};
use origin::Origins;
use pages::Pages;
use proto::policy::v1::Reason;
use std::net::IpAddr;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;
use telemetry::Trace;
use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tonic::body::Body;
use tonic::{Code, Status};
use tracing::Instrument as _;
use transcode::Routes;

const VARY_ORIGIN: HeaderValue = HeaderValue::from_static("origin");

/// What a door is made of.
pub struct Parts {
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
    /// The development issuer, if there is one.
    pub dev_issuer: Option<DevIssuer>,
    /// Whether the gateway's own database answers.
    pub ready: Arc<dyn Ready>,
    /// Origins whose pages may call.
    pub origins: Vec<String>,
    /// Proxies that are believed.
    pub proxies: Vec<Network>,
    /// The most requests at a time.
    pub in_flight: usize,
    /// How long an answer may take unless the client wants it sooner.
    pub deadline: Duration,
    /// Where the API is reached, as its documentation says.
    pub address: String,
    /// Ends streams and takes in nothing more.
    pub shutdown: CancellationToken,
}

/// The public door. A clone is the same door.
#[derive(Clone)]
pub struct Door(Arc<Inner>);

struct Inner {
    callers: Callers,
    limit: u32,
    signer: Arc<Signer>,
    routes: Routes,
    targets: Targets,
    /// Health and reflection, which need no caller: what they tell is in `/openapi.json` too.
    open: Local,
    denials: Denials,
    pages: Pages,
    origins: Origins,
    proxies: Vec<Network>,
    in_flight: Arc<Semaphore>,
    deadline: Duration,
    access: Arc<Access>,
    shutdown: CancellationToken,
}

impl Door {
    /// Puts a door together.
    ///
    /// # Errors
    /// An origin is none, or an upstream is for a service that the contract does not have.
    pub fn new(parts: Parts) -> anyhow::Result<Self> {
        let contract = proto::contract::contract();
        parts.upstreams.check(contract)?;
        Ok(Self(Arc::new(Inner {
            pages: Pages::new(contract, &parts.address, parts.dev_issuer, parts.ready),
            routes: Routes::of(contract),
            targets: Targets::of(contract, &parts.upstreams)?,
            open: native::open_services()?,
            access: Arc::new(Access::new(contract)),
            origins: Origins::read(&parts.origins)?,
            in_flight: Arc::new(Semaphore::new(parts.in_flight)),
            limit: parts.limits.limit().get(),
            callers: parts.callers,
            signer: parts.signer,
            denials: parts.denials,
            proxies: parts.proxies,
            deadline: parts.deadline,
            shutdown: parts.shutdown,
        })))
    }

    /// Answers what comes in at a socket until the door's shutdown; each connection is a task of `tasks`.
    pub async fn listen(self, listener: TcpListener, tasks: TaskTracker) {
        let shutdown = self.0.shutdown.clone();
        listen::listen(self, listener, shutdown, tasks).await;
    }

    /// Answers one request: the layers around its way, in reading order.
    pub async fn answer(&self, peer: IpAddr, request: Request<Body>) -> Response<Body> {
        // A trace, begun here or by the caller, so that everything logged and everything called belongs together.
        let span = tracing::info_span!("request");
        let trace = Trace::enter(&span, Trace::read(request.headers()));
        // The access log and the metrics, around everything else, so that they see what is refused too.
        let mut visit = self.0.access.begin(trace, Protocol::of(request.headers()));
        let origin = self.0.origins.allowed(request.headers());
        // A panic is an answer like any other fault of ours, and the connection lives on.
        let passed = AssertUnwindSafe(self.pass(&mut visit, peer, request)).catch_unwind().instrument(span).await;
        let passed = passed.unwrap_or_else(|_| Err(Fault::new(Reason::Internal, "this request met a fault of ours")));
        let mut response = match passed {
            Ok(response) => response,
            Err(fault) => self.refuse(&mut visit, fault),
        };
        let headers = response.headers_mut();
        answer::guard(headers, &trace);
        if let Some((left, reset)) = visit.rate {
            answer::rate(headers, self.0.limit, left, reset);
        }
        if !self.0.origins.are_none() {
            headers.append(header::VARY, VARY_ORIGIN);
        }
        if let Some(origin) = origin {
            origin::open(headers, origin);
        }
        visit.close(response)
    }

    /// The way of a request from its head to its method.
    async fn pass(&self, visit: &mut Visit, peer: IpAddr, request: Request<Body>) -> Result<Response<Body>, Fault> {
        if request.method() == Method::OPTIONS {
            return self.options(&request);
        }
        // A place among those in flight; with none free, the request is refused before it costs anything.
        visit.place = Some(Arc::clone(&self.0.in_flight).try_acquire_owned().map_err(|_| overloaded())?);
        // Pages and services that anyone may read.
        if let Some(response) = self.0.pages.answer(&request).await {
            return response;
        }
        if request.uri().path().starts_with("/grpc.") {
            return native::open(self, visit, request).await;
        }
        // Who it is (401), and whether it may ask so often (429).
        let from = address::client(peer, request.headers(), &self.0.proxies);
        let caller = self.admit(visit, request.headers(), from).await?;
        // Its method, by the raw path (404, 405); the rest of the way depends on what it speaks.
        match visit.protocol() {
            Protocol::Rest => rest::answer(self, visit, &caller, from, request).await,
            Protocol::Grpc | Protocol::GrpcWeb => native::answer(self, visit, &caller, from, request).await,
        }
    }

    /// Knows the caller and takes one permit of its rate.
    async fn admit(&self, visit: &mut Visit, headers: &HeaderMap, from: IpAddr) -> Result<Arc<Caller>, Fault> {
        let known = self.0.callers.who(headers, from).await;
        let caller = known.map_err(|refusal| visit.denied(Fault::from(refusal)))?;
        visit.caller = Some(Arc::clone(&caller));
        match caller.window.take().await {
            Verdict::Pass { left } => {
                visit.rate = Some((left, 1));
                Ok(caller)
            }
            Verdict::Wait(pause) => {
                visit.rate = Some((0, u32::try_from(pause.as_secs()).unwrap_or(1) + 1));
                let words = format!("more than {} requests in a second", self.0.limit);
                Err(visit.denied(Fault::new(Reason::RateLimited, words).retry_after(pause)))
            }
        }
    }

    /// Notes what the request is for, and refuses it if the caller may not: before anything is looked up.
    fn permit(&self, visit: &mut Visit, caller: &Caller, target: &Arc<Target>) -> Result<(), Fault> {
        visit.target = Some(Arc::clone(target));
        target.permit(caller).map_err(|fault| visit.denied(fault))
    }

    /// The answer to a fault. It is logged here and nowhere else.
    fn refuse(&self, visit: &mut Visit, fault: Fault) -> Response<Body> {
        if fault.is_ours() {
            let cause = std::error::Error::source(&fault).map(ToString::to_string).unwrap_or_default();
            tracing::error!(reason = fault.reason(), method = visit.method(), cause, trace_id = %visit.trace.id(), "request failed");
        }
        if visit.is_denied() {
            self.0.denials.note(visit.method(), visit.caller.as_deref(), fault.reason(), &visit.trace);
        }
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
        let allow = rest::allow(&self.0.routes, path)?;
        HeaderValue::try_from(allow).map_err(|_| Fault::new(Reason::NoRoute, "there is no such address"))
    }
}

fn overloaded() -> Fault {
    Fault::new(Reason::Overloaded, "too many requests are under way").retry_after(Duration::from_secs(1))
}

/// The answer in time, or `DEADLINE_EXCEEDED`.
async fn within<T>(deadline: Option<Duration>, answer: impl Future<Output = Result<T, Fault>>) -> Result<T, Fault> {
    let Some(deadline) = deadline else { return answer.await };
    match tokio::time::timeout(deadline, answer).await {
        Ok(answered) => answered,
        Err(_) => Err(Fault::new(Reason::DeadlineExceeded, "the answer did not come in time")),
    }
}

/// Ends, with the reason, when a stream must: the credential it was opened with is no longer good, or the gateway stops.
async fn until_over(door: Door, headers: HeaderMap, from: IpAddr) -> Fault {
    let mut look = tokio::time::interval(Duration::from_millis(500));
    loop {
        tokio::select! {
            () = door.0.shutdown.cancelled() => {
                return Fault::new(Reason::Unavailable, "the gateway is stopping; go on elsewhere from the last cursor");
            }
            _ = look.tick() => if let Err(refusal) = door.0.callers.who(&headers, from).await {
                return refusal.into();
            },
        }
    }
}

/// The part of a request's headers by which its caller can be known again.
fn credential(headers: &HeaderMap) -> HeaderMap {
    headers.get(header::AUTHORIZATION).map(|value| (header::AUTHORIZATION, value.clone())).into_iter().collect()
}

impl std::fmt::Debug for Door {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Door").field("methods", &self.0.targets.len()).finish_non_exhaustive()
    }
}

/// The code that stands for success.
const OK: Code = Code::Ok;

//! The access log and the metrics: one line and one measurement for each request, when its answer is over.
//!
//! No personal data: no path, no query, no address, and of a person only that it is one.

use super::method::Target;
use super::open::Place;
use super::reading::Reading;
use super::tracked::{Kept, Over, PORTION, Track};
use crate::caller::Caller;
use crate::calls::{Call, Calls};
use crate::rate::Turn;
use fault::Fault;
use http::{HeaderMap, Response, StatusCode};
use http_body::Body as _;
use opentelemetry::KeyValue;
use opentelemetry::metrics::Histogram;
use proto::contract::Contract;
use proto::policy::v1::Reason;
use serve::Connection;
use std::sync::Arc;
use std::sync::atomic::{AtomicI32, Ordering};
use std::time::{Duration, Instant};
use telemetry::{Trace, metric};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tonic::Code;
use tonic::body::Body;
use tracing::Span;

/// How many requests are under way at the public door.
const ACTIVE: &str = "http.server.active_requests";
/// No code yet.
const UNKNOWN: i32 = -1;
/// gRPC's codes, 0 to 16.
const CODES: i64 = 17;

/// The instruments, with the labels of every method made beforehand.
#[derive(Debug)]
pub(super) struct Access {
    duration: Histogram<f64>,
    calls: Calls,
    /// How long a client may leave lying what it asked for.
    read_patience: Duration,
    /// For each method of the contract and, last, for all that is none: labels by code.
    labels: Vec<Vec<[KeyValue; 2]>>,
}

/// How a request speaks to us.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Protocol {
    Rest,
    Grpc,
    GrpcWeb,
}

impl Protocol {
    fn name(self) -> &'static str {
        match self {
            Self::Rest => "rest",
            Self::Grpc => "grpc",
            Self::GrpcWeb => "grpc-web",
        }
    }
}

/// How a call ended; known to its record and to whatever reads the end.
#[derive(Clone, Debug)]
pub(super) struct Ending(Arc<AtomicI32>);

impl Ending {
    /// Notes the code if these headers or trailers of a gRPC answer name it.
    pub(super) fn read(&self, headers: &HeaderMap) {
        if let Some(code) = headers.get("grpc-status") {
            self.note(Code::from_bytes(code.as_bytes()));
        }
    }

    /// Notes the code.
    pub(super) fn note(&self, code: Code) {
        self.0.store(code as i32, Ordering::Relaxed);
    }

    /// Notes the code, unless there is one already.
    fn note_first(&self, code: Code) {
        // A failure means that there is one.
        let _ = self.0.compare_exchange(UNKNOWN, code as i32, Ordering::Relaxed, Ordering::Relaxed);
    }

    /// The code. If none was noted the caller went away first.
    fn code(&self) -> Code {
        match self.0.load(Ordering::Relaxed) {
            UNKNOWN => Code::Cancelled,
            code => Code::from(code),
        }
    }
}

/// One request, from its head to the end of its answer. Written down when dropped.
#[derive(Debug)]
pub(super) struct Visit {
    access: Arc<Access>,
    begun: Instant,
    protocol: Protocol,
    ending: Ending,
    http: StatusCode,
    denied: bool,
    /// Whether the record lasts as long as the answer's body.
    lasts: bool,
    /// The step of the trace that this request is.
    pub(super) trace: Trace,
    /// The step that someone says it comes after whom we do not know yet.
    pub(super) offered: Option<Trace>,
    /// What it came on.
    pub(super) connection: Option<Connection>,
    /// The method it is for, once that is known.
    pub(super) target: Option<Arc<Target>>,
    /// Who it is from, once that is known.
    pub(super) caller: Option<Arc<Caller>>,
    /// How many more requests the caller may make now, and in how many seconds it may make all of them again.
    pub(super) rate: Option<(u32, u32)>,
    /// Its place among those in flight; a stream's, among its caller's streams.
    pub(super) place: Option<OwnedSemaphorePermit>,
    /// A stream's place among those of its caller's agency.
    pub(super) place_of_agency: Option<OwnedSemaphorePermit>,
    /// Its place among those of strangers, if it needs no caller.
    pub(super) stranger: Option<Place>,
    /// Its turn in the caller's share of those places; a stream has none.
    pub(super) turn: Option<Turn>,
}

impl Access {
    /// Measures requests to the methods of the contract, and how many of the `most` places in flight are taken.
    pub(super) fn new(
        contract: &Contract,
        places: Arc<Semaphore>,
        most: usize,
        calls: Calls,
        read_patience: Duration,
    ) -> Self {
        let taken = move || i64::try_from(most - places.available_permits()).unwrap_or(i64::MAX);
        metric::level(ACTIVE, "How many requests are under way at the public door.", Vec::new(), taken);
        let methods = contract.methods().iter().map(|method| method.path().to_owned());
        let of_method = |name: String| (0..CODES).map(|code| labels(&name, code)).collect();
        Self {
            calls,
            read_patience,
            duration: metric::duration(
                metric::HTTP_SERVER_REQUEST_DURATION,
                "How long a request took at the public door.",
            ),
            labels: methods.chain([metric::OTHER.to_owned()]).map(of_method).collect(),
        }
    }

    /// Begins to watch a request.
    pub(super) fn begin(self: &Arc<Self>, trace: Trace, protocol: Protocol) -> Visit {
        Visit {
            access: Arc::clone(self),
            begun: Instant::now(),
            protocol,
            ending: Ending(Arc::new(AtomicI32::new(UNKNOWN))),
            http: StatusCode::OK,
            denied: false,
            lasts: false,
            trace,
            offered: None,
            connection: None,
            rate: None,
            target: None,
            caller: None,
            place: None,
            place_of_agency: None,
            stranger: None,
            turn: None,
        }
    }
}

fn labels(method: &str, code: i64) -> [KeyValue; 2] {
    [KeyValue::new(metric::RPC_METHOD, method.to_owned()), KeyValue::new(metric::GRPC_STATUS_CODE, code)]
}

impl Visit {
    /// Goes on with the trace that was offered, if it is believed; one that is not is only pointed to.
    pub(super) fn settle_trace(&mut self, span: &Span, believed: bool) {
        if let Some(theirs) = self.offered.take() {
            self.trace = if believed { Trace::enter(span, Some(theirs)) } else { Trace::enter_beside(span, theirs) };
        }
    }

    /// Notes the outcome.
    pub(super) fn outcome(&mut self, code: Code, http: StatusCode) {
        self.ending.note(code);
        self.http = http;
    }

    /// Notes that the caller was turned away here, for the audit.
    pub(super) fn denied(&mut self, fault: Fault) -> Fault {
        self.denied = true;
        fault
    }

    /// Whether the caller was turned away here.
    pub(super) fn is_denied(&self) -> bool {
        self.denied
    }

    /// The method's path, for the log and the audit.
    pub(super) fn method(&self) -> &str {
        self.target.as_ref().map_or(metric::OTHER, |target| target.method.path())
    }

    /// How the request speaks to us.
    pub(super) fn protocol(&self) -> Protocol {
        self.protocol
    }

    /// What notes how the call ends.
    pub(super) fn ending(&self) -> Ending {
        self.ending.clone()
    }

    /// A gRPC answer is led through this; the record lasts as long as its body.
    pub(super) fn track(&mut self, over: Option<Over>) -> Track {
        self.lasts = true;
        Track::new(self.ending(), over)
    }

    /// From now on it counts among its caller's open streams instead of the requests in flight, which come and go.
    ///
    /// # Errors
    /// The caller has too many open already.
    pub(super) fn becomes_stream(&mut self, caller: &Caller) -> Result<(), Fault> {
        let take = |places: &Arc<Semaphore>, words: &'static str| {
            Arc::clone(places).try_acquire_owned().map_err(|_| Fault::new(Reason::RateLimited, words))
        };
        let place = take(&caller.streams, "too many streams of this caller are open")?;
        let agency = caller.agency_streams.as_ref();
        let of_agency = agency.map(|places| take(places, "too many streams of this agency are open")).transpose()?;
        self.turn = None;
        self.place = Some(place);
        self.place_of_agency = of_agency;
        self.lasts = true;
        Ok(())
    }

    /// Ends the record now, or with the answer's body if that takes a while.
    pub(super) fn close(mut self, response: Response<Body>) -> Response<Body> {
        self.http = response.status();
        let is_large = response.body().size_hint().lower() > PORTION as u64;
        if !self.lasts {
            self.ending.note_first(Code::Ok);
        }
        if self.lasts || is_large {
            let patience = self.access.read_patience;
            let reading = self.connection.take().map(|connection| Reading::begin(connection, patience));
            return response.map(|body| Body::new(Kept::new(body, self, reading)));
        }
        response
    }
}

impl Drop for Visit {
    fn drop(&mut self) {
        let took = self.begun.elapsed();
        let code = self.ending.code();
        let of_method = self.target.as_ref().map_or(self.access.labels.len() - 1, |target| target.index);
        self.access.duration.record(took.as_secs_f64(), &self.access.labels[of_method][code as usize]);
        if let Some(usage) = self.caller.as_ref().and_then(|caller| caller.usage.as_ref()) {
            usage.count(self.denied);
        }
        let subject = self.caller.as_ref().map_or("", |caller| &caller.principal.subject);
        tracing::info!(
            target: "access",
            method = self.method(),
            protocol = self.protocol.name(),
            http = self.http.as_u16(),
            code = code as i32,
            duration_ms = took.as_micros() as f64 / 1_000.0,
            caller = if subject.starts_with("people/") { "person" } else { subject },
            trace_id = %self.trace.id(),
            "request answered"
        );
        // Pages that anyone may read are nobody's call.
        if self.target.is_some() || self.denied {
            self.access.calls.note(Call {
                begun: self.begun,
                caller: self.caller.take(),
                method: self.target.as_ref().map(|target| target.method),
                code: code as i16,
                trace: self.trace.number(),
            });
        }
    }
}

//! The access log and the metrics: one line and one measurement for each request, when its answer is over.
//!
//! No personal data: no path, no query, no address, and of a person only that it is one.

use super::method::Target;
use crate::caller::Caller;
use http::{HeaderMap, StatusCode};
use opentelemetry::KeyValue;
use opentelemetry::metrics::{Histogram, UpDownCounter};
use proto::contract::Contract;
use std::sync::Arc;
use std::time::Instant;
use telemetry::{Trace, metric};
use tokio::sync::OwnedSemaphorePermit;
use tonic::Code;

/// gRPC's codes, 0 to 16.
const CODES: i64 = 17;

/// The instruments, with the labels of every method made beforehand.
#[derive(Debug)]
pub(super) struct Access {
    duration: Histogram<f64>,
    active: UpDownCounter<i64>,
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

/// One request, from its head to the end of its answer. Written down when dropped.
#[derive(Debug)]
pub(super) struct Visit {
    access: Arc<Access>,
    begun: Instant,
    protocol: Protocol,
    code: Option<Code>,
    http: StatusCode,
    /// The step of the trace that this request is.
    pub(super) trace: Trace,
    /// The method it is for, once that is known.
    pub(super) target: Option<Arc<Target>>,
    /// Who it is from, once that is known.
    pub(super) caller: Option<Arc<Caller>>,
    /// Its place among those in flight.
    pub(super) place: Option<OwnedSemaphorePermit>,
}

impl Access {
    pub(super) fn new(contract: &Contract) -> Self {
        let methods = contract.methods().iter().map(|method| method.path().to_owned());
        let of_method = |name: String| (0..CODES).map(|code| labels(&name, code)).collect();
        Self {
            duration: metric::duration(
                metric::HTTP_SERVER_REQUEST_DURATION,
                "How long a request took at the public door.",
            ),
            active: metric::level("http.server.active_requests", "Requests under way at the public door."),
            labels: methods.chain([metric::OTHER.to_owned()]).map(of_method).collect(),
        }
    }

    /// Begins to watch a request.
    pub(super) fn begin(self: &Arc<Self>, trace: Trace, protocol: Protocol) -> Visit {
        self.active.add(1, &[]);
        Visit {
            access: Arc::clone(self),
            begun: Instant::now(),
            protocol,
            code: None,
            http: StatusCode::OK,
            trace,
            target: None,
            caller: None,
            place: None,
        }
    }
}

fn labels(method: &str, code: i64) -> [KeyValue; 2] {
    [KeyValue::new(metric::RPC_METHOD, method.to_owned()), KeyValue::new(metric::GRPC_STATUS_CODE, code)]
}

impl Visit {
    /// Notes the outcome.
    pub(super) fn outcome(&mut self, code: Code, http: StatusCode) {
        self.code = Some(code);
        self.http = http;
    }

    /// Notes the outcome if these headers or trailers of a gRPC answer name it.
    pub(super) fn read_outcome(&mut self, headers: &HeaderMap) {
        if let Some(code) = headers.get("grpc-status") {
            self.code = Some(Code::from_bytes(code.as_bytes()));
        }
    }

    /// The method's path, for the log and the audit.
    pub(super) fn method(&self) -> &str {
        self.target.as_ref().map_or(metric::OTHER, |target| target.method.path())
    }

    /// How the request speaks to us.
    pub(super) fn protocol(&self) -> Protocol {
        self.protocol
    }
}

impl Drop for Visit {
    fn drop(&mut self) {
        let took = self.begun.elapsed();
        // Dropped before there was an outcome: the caller went away.
        let code = self.code.unwrap_or(Code::Cancelled);
        let of_method = self.target.as_ref().map_or(self.access.labels.len() - 1, |target| target.index);
        self.access.duration.record(took.as_secs_f64(), &self.access.labels[of_method][code as usize]);
        self.access.active.add(-1, &[]);
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
    }
}

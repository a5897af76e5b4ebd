//! The names of all metrics, in one place, by the OpenTelemetry semantic conventions. Prometheus shows dots as
//! underscores and adds the unit: `rpc_server_call_duration_seconds`.

use opentelemetry::KeyValue;
use opentelemetry::metrics::{Histogram, Meter};

/// How long a gRPC call took here, in seconds, by [`RPC_METHOD`] and [`GRPC_STATUS_CODE`].
pub const RPC_SERVER_CALL_DURATION: &str = "rpc.server.call.duration";
/// How many calls are under way here. The in-flight limit is on this number.
pub const RPC_SERVER_ACTIVE_CALLS: &str = "rpc.server.active_calls";
/// How long a gRPC call took elsewhere, in seconds, as the caller saw it.
pub const RPC_CLIENT_CALL_DURATION: &str = "rpc.client.call.duration";
/// How long an HTTP request took at the public door, in seconds.
pub const HTTP_SERVER_REQUEST_DURATION: &str = "http.server.request.duration";
/// How many events a service's relay has published.
pub const OUTBOX_PUBLISHED: &str = "legation.outbox.published";
/// How often Redis did not take a batch of events.
pub const OUTBOX_FAILURES: &str = "legation.outbox.failures";
/// How many events are committed and not yet published.
pub const OUTBOX_WAITING: &str = "legation.outbox.waiting";
/// How many audit rows a service's relay has sealed.
pub const AUDIT_SEALED: &str = "legation.audit.sealed";
/// How many events had their effect here, by [`CONSUMER_GROUP`].
pub const INBOX_TAKEN: &str = "legation.inbox.taken";
/// How many events came again and had no second effect.
pub const INBOX_KNOWN: &str = "legation.inbox.known";
/// How often a handler failed at an event.
pub const INBOX_FAILED: &str = "legation.inbox.failed";
/// How many events were put in the dead letters.
pub const INBOX_DEAD: &str = "legation.inbox.dead";

/// The label for a group of consumers.
pub const CONSUMER_GROUP: &str = "legation.consumer.group";
/// The label for the method: `/legation.accreditation.v1.MissionService/GetMission`, or [`OTHER`].
pub const RPC_METHOD: &str = "rpc.method";
/// The label for the service of ours that counts: `accreditation`.
pub const SERVICE: &str = "legation.service";
/// The label for the outcome: gRPC's code as a number.
pub const GRPC_STATUS_CODE: &str = "rpc.grpc.status_code";
/// The method's label when there is no such method: callers must not be able to make labels.
pub const OTHER: &str = "_OTHER";

/// The bounds of durations in seconds: half a millisecond to half a minute.
pub const DURATION_BOUNDS: [f64; 14] =
    [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0, 30.0];

/// The meter that all of our metrics are made with. Ask it after [`crate::init`]: before, it gives instruments that
/// record nothing.
pub fn meter() -> Meter {
    opentelemetry::global::meter("legation")
}

/// A histogram of durations in seconds.
pub fn duration(name: &'static str, description: &'static str) -> Histogram<f64> {
    let meter = meter();
    let histogram = meter.f64_histogram(name).with_description(description).with_unit("s");
    histogram.with_boundaries(DURATION_BOUNDS.to_vec()).build()
}

/// A number that goes up and down, asked for whenever the metrics are read.
pub fn level(
    name: &'static str,
    description: &'static str,
    labels: Vec<KeyValue>,
    now: impl Fn() -> i64 + Send + Sync + 'static,
) {
    let meter = meter();
    let level = meter.i64_observable_up_down_counter(name).with_description(description);
    level.with_callback(move |observer| observer.observe(now(), &labels)).build();
}

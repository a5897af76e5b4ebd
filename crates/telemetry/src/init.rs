//! Starts telemetry, once per process.

use crate::lines::{JsonLines, NoFields};
use crate::{Logs, Settings};
use opentelemetry::trace::TracerProvider as _;
use opentelemetry::{KeyValue, global};
use opentelemetry_otlp::{SpanExporter, WithExportConfig as _};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::metrics::SdkMeterProvider;
use opentelemetry_sdk::propagation::TraceContextPropagator;
use opentelemetry_sdk::trace::{Sampler, SdkTracerProvider};
use prometheus::{Registry, TextEncoder};
use std::io::{IsTerminal as _, stderr};
use std::sync::{Mutex, OnceLock, PoisonError};
use tracing_subscriber::layer::{Layer, SubscriberExt as _};
use tracing_subscriber::util::SubscriberInitExt as _;
use tracing_subscriber::{EnvFilter, fmt};

/// What was started.
struct Started {
    metrics: Registry,
    sends_spans: bool,
}

static STARTED: OnceLock<Started> = OnceLock::new();
static STARTING: Mutex<()> = Mutex::new(());

/// Why telemetry could not be started.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The span exporter cannot be made.
    #[error("make the exporter of spans")]
    Spans(#[from] opentelemetry_otlp::ExporterBuildError),
    /// The metrics cannot be made readable.
    #[error("make the exporter of metrics")]
    Metrics(#[from] opentelemetry_sdk::error::OTelSdkError),
    /// The filter is none.
    #[error("read the filter of the log")]
    Filter(#[from] tracing_subscriber::filter::ParseError),
}

/// Sends what has not been sent when it is dropped.
#[must_use = "when it is dropped, telemetry ends"]
#[derive(Debug)]
pub struct Guard(Option<SdkTracerProvider>);

impl Drop for Guard {
    fn drop(&mut self) {
        if let Some(Err(error)) = self.0.take().map(|spans| spans.shutdown()) {
            tracing::warn!(%error, "the last spans could not be sent");
        }
    }
}

/// Starts traces, logs and metrics for a process of this name: `accreditation`. With an OTLP endpoint it must be
/// called within a Tokio runtime. Only the first call of a process does anything; tests may all call it.
pub fn init(settings: &Settings, service: &str) -> Result<Guard, Error> {
    let _one_at_a_time = STARTING.lock().unwrap_or_else(PoisonError::into_inner);
    if STARTED.get().is_some() {
        return Ok(Guard(None));
    }
    let resource = Resource::builder_empty().with_attribute(KeyValue::new("service.name", service.to_owned())).build();
    let filter = EnvFilter::try_new(&settings.filter)?;
    let metrics = Registry::new();
    let exporter =
        opentelemetry_prometheus::exporter().with_registry(metrics.clone()).scope_info_enabled(false).build()?;
    let spans = spans(settings, &resource)?;

    global::set_text_map_propagator(TraceContextPropagator::new());
    global::set_meter_provider(SdkMeterProvider::builder().with_resource(resource).with_reader(exporter).build());
    let to_collector = spans.as_ref().map(|spans| tracing_opentelemetry::layer().with_tracer(spans.tracer("legation")));
    let json = match settings.logs {
        Logs::Json => true,
        Logs::Text => false,
        Logs::Auto => !stderr().is_terminal(),
    };
    let to_log = if json {
        fmt::layer().event_format(JsonLines).fmt_fields(NoFields).with_writer(stderr).boxed()
    } else {
        fmt::layer().compact().with_writer(stderr).with_ansi(stderr().is_terminal()).boxed()
    };
    // A test may have its own subscriber already; then that one stays.
    let subscriber = tracing_subscriber::registry().with(filter).with(to_log).with(to_collector);
    let sends_spans = subscriber.try_init().is_ok() && spans.is_some();
    STARTED.get_or_init(|| Started { metrics, sends_spans });
    Ok(Guard(spans))
}

fn spans(settings: &Settings, resource: &Resource) -> Result<Option<SdkTracerProvider>, Error> {
    let Some(endpoint) = &settings.otlp_endpoint else { return Ok(None) };
    let exporter = SpanExporter::builder().with_tonic().with_endpoint(&**endpoint).build()?;
    let sampler = Sampler::ParentBased(Box::new(Sampler::TraceIdRatioBased(settings.sample)));
    let spans = SdkTracerProvider::builder().with_batch_exporter(exporter).with_sampler(sampler);
    Ok(Some(spans.with_resource(resource.clone()).build()))
}

/// Whether spans go to a collector, so that OpenTelemetry makes their ids.
pub(crate) fn sends_spans() -> bool {
    STARTED.get().is_some_and(|started| started.sends_spans)
}

/// All metrics as Prometheus reads them (text format 0.0.4); empty before [`init`].
pub fn metrics() -> String {
    let Some(started) = STARTED.get() else { return String::new() };
    TextEncoder::new().encode_to_string(&started.metrics.gather()).unwrap_or_else(|error| {
        tracing::error!(%error, "the metrics cannot be written");
        String::new()
    })
}

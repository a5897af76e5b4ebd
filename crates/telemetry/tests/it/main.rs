//! Telemetry as a process starts it: spans at a collector, metrics for Prometheus.

use config::{Env, Settings as _};
use opentelemetry::KeyValue;
use opentelemetry_proto::tonic::collector::trace::v1::trace_service_server::{TraceService, TraceServiceServer};
use opentelemetry_proto::tonic::collector::trace::v1::{ExportTraceServiceRequest, ExportTraceServiceResponse};
use std::time::Duration;
use telemetry::{Settings, Trace, metric};
use tokio::net::TcpListener;
use tokio::sync::mpsc;
use tokio_stream::wrappers::TcpListenerStream;
use tonic::{Request, Response, Status};

struct Collector(mpsc::UnboundedSender<ExportTraceServiceRequest>);

#[tonic::async_trait]
impl TraceService for Collector {
    async fn export(
        &self,
        request: Request<ExportTraceServiceRequest>,
    ) -> Result<Response<ExportTraceServiceResponse>, Status> {
        self.0.send(request.into_inner()).expect("the test listens");
        Ok(Response::new(ExportTraceServiceResponse::default()))
    }
}

/// All in one test, since a process starts telemetry once.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn spans_reach_the_collector_with_the_ids_that_callers_and_logs_see() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    let (sender, mut exports) = mpsc::unbounded_channel();
    let server = tonic::transport::Server::builder().add_service(TraceServiceServer::new(Collector(sender)));
    tokio::spawn(server.serve_with_incoming(TcpListenerStream::new(listener)));

    assert_eq!(telemetry::metrics(), "");
    let env = Env::from_iter([("TELEMETRY_OTLP_ENDPOINT", endpoint.as_str()), ("TELEMETRY_LOGS", "json")]);
    let settings: Settings = config::read(&env, "TELEMETRY").unwrap();
    let guard = telemetry::init(&settings, "accreditation").unwrap();
    let again = telemetry::init(&settings, "accreditation").unwrap();
    drop(again);

    let caller = Trace::begin();
    let span = tracing::error_span!("call", otel.name = "GetMission");
    let own = Trace::enter(&span, Some(caller));
    let first = tracing::error_span!("call", otel.name = "ListMissions");
    let begun = Trace::enter(&first, None);
    assert_eq!(own.id(), caller.id());
    assert_ne!(begun.id(), caller.id());
    assert_eq!(first.in_scope(Trace::current), Some(begun));
    drop((span, first));
    tokio::task::spawn_blocking(move || drop(guard)).await.unwrap();

    let export = tokio::time::timeout(Duration::from_secs(20), exports.recv()).await.unwrap().unwrap();
    let spans = &export.resource_spans[0].scope_spans[0].spans;
    let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    let sent = |name: &str| spans.iter().find(|span| span.name == name).expect("the span was sent");
    let get = sent("GetMission");
    assert_eq!((hex(&get.trace_id), hex(&get.span_id)), (own.id(), own.span_id()));
    assert_eq!(hex(&get.parent_span_id), caller.span_id());
    let list = sent("ListMissions");
    assert_eq!((hex(&list.trace_id), hex(&list.span_id)), (begun.id(), begun.span_id()));
    assert!(list.parent_span_id.is_empty());

    let histogram = metric::duration(metric::RPC_SERVER_CALL_DURATION, "how long a call took here");
    histogram.record(0.003, &[KeyValue::new(metric::RPC_METHOD, "/x.Y/Z"), KeyValue::new(metric::GRPC_STATUS_CODE, 0)]);
    let labels = vec![KeyValue::new(metric::SERVICE, "accreditation")];
    metric::level(metric::RPC_SERVER_ACTIVE_CALLS, "how many calls are under way", labels, || 7);
    let text = telemetry::metrics();
    let line = r#"rpc_server_call_duration_seconds_bucket{rpc_grpc_status_code="0",rpc_method="/x.Y/Z",le="0.005"} 1"#;
    assert!(text.contains(line), "{text}");
    assert!(text.contains(r#"rpc_server_active_calls{legation_service="accreditation"} 7"#), "{text}");
    assert!(text.contains(r#"target_info{service_name="accreditation"} 1"#), "{text}");
}

#[test]
fn bad_settings_are_named_all_at_once() {
    let env = Env::from_iter([
        ("TELEMETRY_OTLP_ENDPOINT", "https://collector:4317"),
        ("TELEMETRY_SAMPLE", "2"),
        ("TELEMETRY_LOGS", "xml"),
        ("TELEMETRY_FILTER", "a=b=c"),
    ]);
    assert_eq!(config::read::<Settings>(&env, "TELEMETRY").unwrap_err().iter().count(), 4);
    assert_eq!(Settings::describe("TELEMETRY").len(), 4);
}

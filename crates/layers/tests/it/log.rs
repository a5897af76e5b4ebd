//! What is logged of a failure, and what is measured.

use crate::rig::{READ, Rig, WATCH, WRITE, end, message, streaming, well, within};
use config::Env;
use fault::Fault;
use futures::StreamExt as _;
use layers::Limits;
use proto::policy::v1::Reason;
use std::fmt::Write as _;
use std::sync::{Arc, Mutex};
use telemetry::Trace;
use tokio::sync::Notify;
use tonic::Status;
use tracing::field::{Field, Visit};
use tracing::subscriber::DefaultGuard;
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::layer::{Context, SubscriberExt as _};

/// The events logged on this thread.
#[derive(Clone, Default)]
struct Book(Arc<Mutex<Vec<(Level, String)>>>);

struct Fields(String);

impl Visit for Fields {
    fn record_debug(&mut self, field: &Field, value: &dyn std::fmt::Debug) {
        write!(self.0, "{field}={value:?} ").unwrap();
    }
}

impl<S: Subscriber> tracing_subscriber::Layer<S> for Book {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let mut fields = Fields(String::new());
        event.record(&mut fields);
        self.0.lock().unwrap().push((*event.metadata().level(), fields.0));
    }
}

impl Book {
    fn open() -> (Self, DefaultGuard) {
        let book = Self::default();
        let guard = tracing::subscriber::set_default(tracing_subscriber::registry().with(book.clone()));
        (book, guard)
    }

    fn of(&self, level: Level) -> Vec<String> {
        self.0.lock().unwrap().iter().filter(|(at, _)| *at == level).map(|(_, text)| text.clone()).collect()
    }
}

fn broken() -> Rig {
    Rig::around(Limits::default(), |_| async {
        let cause = std::io::Error::other("the disk is full");
        Status::from(Fault::new(Reason::Internal, "the record cannot be kept").caused_by(cause)).into_http()
    })
}

#[tokio::test]
async fn our_fault_is_logged_once_with_its_source_and_its_trace() {
    let (book, _guard) = Book::open();
    for path in [READ, WRITE] {
        let rig = broken();
        let mut request = rig.request(path);
        let caller = Trace::begin();
        caller.write(request.headers_mut());
        rig.call(request).await;
        let errors = book.of(Level::ERROR);
        let [error] = errors.as_slice() else { panic!("{errors:?}") };
        for part in ["the record cannot be kept: the disk is full", path, "reason=\"INTERNAL\"", &caller.id()] {
            assert!(error.contains(part), "{part} is not in {error}");
        }
        book.0.lock().unwrap().clear();
    }
}

#[tokio::test]
async fn the_callers_fault_is_no_error_and_its_words_are_not_logged() {
    let (book, _guard) = Book::open();
    let rig = Rig::around(Limits::default(), |_| async {
        Status::from(Fault::new(Reason::NotFound, "there is no Jane Doe").at("name", "Jane Doe")).into_http()
    });
    rig.call(rig.request(READ)).await;
    assert!(book.of(Level::ERROR).is_empty() && book.of(Level::WARN).is_empty());
    let told = book.of(Level::DEBUG);
    assert!(told.iter().any(|text| text.contains("NOT_FOUND")), "{told:?}");
    assert!(!told.concat().contains("Jane Doe"));
}

#[tokio::test]
async fn refusing_for_load_does_not_add_to_it() {
    let (book, _guard) = Book::open();
    let rig = Rig::around(Limits { in_flight: 0, ..Limits::default() }, |_| async { well() });
    rig.call(rig.request(READ)).await;
    assert!(book.of(Level::ERROR).is_empty());
}

#[tokio::test]
async fn a_write_that_fails_after_its_caller_has_left_is_logged() {
    let (book, _guard) = Book::open();
    let (begun, go) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let (announce, gate) = (begun.clone(), go.clone());
    let rig = Rig::around(Limits::default(), move |_| {
        let (announce, gate) = (announce.clone(), gate.clone());
        async move {
            announce.notify_one();
            gate.notified().await;
            Status::from(Fault::new(Reason::Internal, "too late to tell")).into_http()
        }
    });
    let call = tokio::spawn(rig.call(rig.request(WRITE)));
    within(begun.notified()).await;
    call.abort();
    assert!(call.await.unwrap_err().is_cancelled());
    go.notify_one();
    rig.tasks.close();
    within(rig.tasks.wait()).await;
    assert!(book.of(Level::ERROR).concat().contains("too late to tell"));
}

#[tokio::test]
async fn a_stream_that_fails_in_the_middle_is_logged() {
    let (book, _guard) = Book::open();
    let rig = Rig::around(Limits::default(), |_| async {
        streaming(futures::stream::iter([message(), Err(Status::internal("torn"))]))
    });
    let mut body = rig.call(rig.request(WATCH)).await.into_body();
    while let Some(Ok(_)) = within(http_body_util::BodyExt::frame(&mut body)).await {}
    assert_eq!(book.of(Level::ERROR).len(), 1);
}

/// Methods that no other test calls: metrics are of the process.
const MEASURED_READ: &str = "/legation.accreditation.v1.MemberService/GetMember";
const MEASURED_STREAM: &str = "/legation.accreditation.v1.MemberService/ExportMembers";

#[tokio::test]
async fn every_call_is_measured_by_method_and_outcome() {
    let settings = config::read(&Env::default(), "TELEMETRY").unwrap();
    let _guard = telemetry::init(&settings, "rig").unwrap();
    let rig = Rig::named("measured", Limits::default(), |request| async move {
        match request.uri().path() {
            MEASURED_STREAM => streaming(futures::stream::iter([message()]).chain(futures::stream::pending())),
            _ => well(),
        }
    });
    rig.call(rig.request(MEASURED_READ)).await;
    rig.call(rig.request_of(MEASURED_READ, &[])).await;
    rig.call(rig.request("/made.Up/ByACaller")).await;
    let mut request = rig.request(MEASURED_STREAM);
    request.headers_mut().insert("grpc-timeout", "1m".parse().unwrap());
    end(rig.call(request).await).await;
    let left = rig.call(rig.request(MEASURED_STREAM)).await;
    let level = |calls| format!("rpc_server_active_calls{{legation_service=\"measured\"}} {calls}\n");
    assert!(telemetry::metrics().contains(&level(1)));
    drop(left);
    let text = telemetry::metrics();
    assert!(text.contains(&level(0)), "{text}");
    for (method, code) in [(MEASURED_READ, 0), (MEASURED_READ, 7), (MEASURED_STREAM, 4), (MEASURED_STREAM, 1)] {
        let line = format!(
            "rpc_server_call_duration_seconds_count{{rpc_grpc_status_code=\"{code}\",rpc_method=\"{method}\"}} 1\n"
        );
        assert!(text.contains(&line), "{line} is not in {text}");
    }
    assert!(text.contains("{rpc_grpc_status_code=\"12\",rpc_method=\"_OTHER\"}"));
    assert!(!text.contains("made.Up"));
}

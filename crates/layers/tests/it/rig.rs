//! A handler behind the whole stack, called in process, and what its answers say.

use bytes::Bytes;
use chrono::Utc;
use fault::Fault;
use futures::future::BoxFuture;
use http_body::Frame;
use http_body_util::{BodyExt as _, StreamBody};
use identity::{Clearance, METADATA_KEY, Permissions, Principal, Signer};
use layers::{CallService, Limits, Request, Response, service_stack};
use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use tokio_util::task::TaskTracker;
use tonic::body::Body;
use tonic::{Code, Status};
use tower::{Service as _, service_fn};

pub(crate) const READ: &str = "/legation.accreditation.v1.MissionService/GetMission";
pub(crate) const WRITE: &str = "/legation.accreditation.v1.MissionService/CreateMission";
pub(crate) const WATCH: &str = "/legation.accreditation.v1.MissionService/WatchMissions";
pub(crate) const ANY_CALLER: &str = "/legation.gateway.v1.ApiKeyService/WhoAmI";

pub(crate) struct Rig {
    pub(crate) service: CallService,
    pub(crate) signer: Signer,
    pub(crate) tasks: TaskTracker,
    reached: Arc<AtomicUsize>,
}

impl Rig {
    /// The stack around a handler.
    pub(crate) fn around<H, F>(limits: Limits, handler: H) -> Self
    where
        H: Fn(Request) -> F + Clone + Send + Sync + 'static,
        F: Future<Output = Response> + Send + 'static,
    {
        Self::named("rig", limits, handler)
    }

    /// The stack around a handler, as a service of this name.
    pub(crate) fn named<H, F>(name: &'static str, limits: Limits, handler: H) -> Self
    where
        H: Fn(Request) -> F + Clone + Send + Sync + 'static,
        F: Future<Output = Response> + Send + 'static,
    {
        let (signer, tasks, reached) = (Signer::generate(), TaskTracker::new(), Arc::new(AtomicUsize::new(0)));
        let count = reached.clone();
        let handler = service_fn(move |request| -> BoxFuture<'static, Result<Response, Infallible>> {
            count.fetch_add(1, Ordering::SeqCst);
            let answer = handler(request);
            Box::pin(async move { Ok(answer.await) })
        });
        let contract = proto::contract::contract();
        let service = service_stack(handler, name, contract, Arc::new(signer.verifier()), limits, tasks.clone());
        Self { service, signer, tasks, reached }
    }

    /// The stack around a handler that answers well at once.
    pub(crate) fn well() -> Self {
        Self::around(Limits::default(), |_| async { well() })
    }

    /// How often the handler was called.
    pub(crate) fn reached(&self) -> usize {
        self.reached.load(Ordering::SeqCst)
    }

    /// A request of a caller who may do everything in accreditation.
    pub(crate) fn request(&self, path: &str) -> Request {
        self.request_of(path, &["accreditation.*"])
    }

    /// A request of a caller with these permissions.
    pub(crate) fn request_of(&self, path: &str, permissions: &[&str]) -> Request {
        let principal = Principal {
            subject: "apiKeys/abcdefgh2345".into(),
            agency: None,
            mission: None,
            post: None,
            permissions: Permissions::of(permissions),
            clearance: Clearance::Unclassified,
            elevation: None,
            expires: i64::MAX,
        };
        let token = self.signer.mint(&principal, Utc::now());
        http::Request::post(path).header(METADATA_KEY, token).body(Body::empty()).unwrap()
    }

    pub(crate) fn call(&self, request: Request) -> impl Future<Output = Response> + Send + 'static {
        let answer = self.service.clone().call(request);
        async move {
            let Ok(response) = answer.await;
            response
        }
    }
}

/// An answer that went well.
pub(crate) fn well() -> Response {
    http::Response::new(Body::empty())
}

/// An answer whose messages come from a stream.
pub(crate) fn streaming(
    messages: impl futures::Stream<Item = Result<Frame<Bytes>, Status>> + Send + 'static,
) -> Response {
    http::Response::new(Body::new(StreamBody::new(messages)))
}

/// One message of a stream.
pub(crate) fn message() -> Result<Frame<Bytes>, Status> {
    Ok(Frame::data(Bytes::from_static(b"\0\0\0\0\0")))
}

/// The code of an answer that is headers alone.
pub(crate) fn code(response: &Response) -> Code {
    response.headers().get("grpc-status").map_or(Code::Ok, |code| Code::from_bytes(code.as_bytes()))
}

/// The fault that an answer is.
pub(crate) fn fault(response: &Response) -> Fault {
    Fault::from(&Status::from_header_map(response.headers()).expect("the answer is a failure"))
}

/// The fault that a streamed answer ends with, and how many messages came before.
pub(crate) async fn end(response: Response) -> (usize, Option<Fault>) {
    let mut body = response.into_body();
    let mut messages = 0;
    while let Some(frame) = within(body.frame()).await {
        match frame.expect("a stream ends with a status").into_trailers() {
            Ok(trailers) => return (messages, Status::from_header_map(&trailers).as_ref().map(Fault::from)),
            Err(_) => messages += 1,
        }
    }
    (messages, None)
}

/// Waits, but not for ever.
pub(crate) async fn within<F: Future>(future: F) -> F::Output {
    tokio::time::timeout(Duration::from_secs(120), future).await.expect("it comes in time")
}

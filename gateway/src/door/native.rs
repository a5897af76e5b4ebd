//! gRPC and gRPC-Web: the same way through the door, but the messages pass unread.

use super::Door;
use super::access::{Protocol, Visit};
use super::frames::{Limited, Refused};
use super::input::MOST_BYTES;
use super::method::Flow;
use super::outgoing::{self, outgoing};
use super::over::{Opened, until_over};
use super::tracked::Over;
use crate::caller::Caller;
use crate::upstream::Local;
use bytes::Bytes;
use fault::Fault;
use http::header::{self, HeaderMap, HeaderValue};
use http::{Request, Response, StatusCode};
use proto::policy::v1::Reason;
use std::collections::BTreeSet;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::timeout;
use tonic::body::Body;
use tonic::service::Routes;
use tonic::{Code, Status};
use tonic_web::GrpcWebLayer;
use tower::{Layer as _, ServiceExt as _, service_fn};

const GRPC_WEB: HeaderValue = HeaderValue::from_static("application/grpc-web+proto");
/// How long a service that anyone may read waits for the question, and how long a stream of its answers lasts.
const OPEN_PATIENCE: Duration = Duration::from_secs(2);
const OPEN_TIME: Duration = Duration::from_secs(10);
/// The most bytes of such a question.
const OPEN_BYTES: usize = 4 << 10;

impl Protocol {
    /// What a request speaks, by its content type.
    pub(super) fn of(headers: &HeaderMap) -> Self {
        let media = headers.get(header::CONTENT_TYPE).map_or(&b""[..], HeaderValue::as_bytes);
        match media {
            _ if media.starts_with(b"application/grpc-web") => Self::GrpcWeb,
            _ if media.starts_with(b"application/grpc") => Self::Grpc,
            _ => Self::Rest,
        }
    }
}

/// Answers a call whose caller is known.
pub(super) async fn answer(
    door: &Door,
    visit: &mut Visit,
    caller: &Arc<Caller>,
    from: IpAddr,
    request: Request<Body>,
) -> Result<Response<Body>, Fault> {
    let Some(target) = door.0.targets.of_path(request.uri().path()) else {
        visit.outcome(Code::Unimplemented, StatusCode::OK);
        return Ok(refusal(no_method(), visit.protocol()));
    };
    door.permit(visit, caller, target).await?;
    let over: Option<Over> = match target.flow {
        Flow::Unary => None,
        Flow::Down | Flow::Both => {
            visit.becomes_stream(caller)?;
            let opened = Opened::of(request.extensions(), request.headers(), from, caller, target);
            Some(Box::pin(until_over(door.clone(), opened)))
        }
    };
    let (tracked, trace) = (visit.track(over), visit.trace);
    speak(visit.protocol(), request, |request| async move {
        let (head, body) = request.into_parts();
        let (body, refused) = Limited::new(body, MOST_BYTES);
        let mut call = outgoing(door, trace, caller, target, &head.headers, Body::new(body))?;
        outgoing::pass(&mut call, &head.headers);
        let answered = target.call(call).await;
        settle(answered, &refused).map(|response| tracked.through(response))
    })
    .await
}

/// What gRPC clients expect of a method that does not exist, with the house's reason.
fn no_method() -> Status {
    let status = Status::from(Fault::new(Reason::NoRoute, "there is no such method"));
    Status::with_details(Code::Unimplemented, status.message(), Bytes::copy_from_slice(status.details()))
}

/// Answers a call to a service that anyone may read.
pub(super) async fn open(door: &Door, visit: &mut Visit, request: Request<Body>) -> Result<Response<Body>, Fault> {
    let over: Over = Box::pin(async {
        tokio::time::sleep(OPEN_TIME).await;
        Fault::new(Reason::DeadlineExceeded, "ask again if you still want to know")
    });
    let tracked = visit.track(Some(over));
    let answered = speak(visit.protocol(), request, |request| async move {
        let (head, body) = request.into_parts();
        let (body, refused) = Limited::new(body, OPEN_BYTES);
        let call = Request::from_parts(head, Body::new(body));
        let answered = match door.0.open.clone().oneshot(call).await {
            Ok(response) => Ok(response),
            Err(never) => match never {},
        };
        settle(answered, &refused).map(|response| tracked.through(response))
    });
    // Whoever does not come to the end of the question is not waited for.
    let late = |_| Fault::new(Reason::DeadlineExceeded, "the question did not come in time");
    timeout(OPEN_PATIENCE, answered).await.map_err(late)?
}

/// Has the call made in plain gRPC, whichever of the two dialects the client speaks.
async fn speak<F>(
    protocol: Protocol,
    request: Request<Body>,
    call: impl FnOnce(Request<Body>) -> F,
) -> Result<Response<Body>, Fault>
where
    F: Future<Output = Result<Response<Body>, Fault>>,
{
    if protocol != Protocol::GrpcWeb {
        return call(request).await;
    }
    let mut call = Some(call);
    let once = service_fn(|request| (call.take().expect("it is called once"))(request));
    GrpcWebLayer::new().layer(once).oneshot(request).await
}

/// An answer, unless a message of the request was not let through: then that is the answer.
fn settle(answered: Result<Response<Body>, Fault>, refused: &Refused) -> Result<Response<Body>, Fault> {
    refused.fault().map_or(answered, Err)
}

/// A refusal as gRPC has it: a status and no body.
pub(super) fn refusal(status: Status, protocol: Protocol) -> Response<Body> {
    let mut response: Response<Body> = status.into_http();
    if protocol == Protocol::GrpcWeb {
        response.headers_mut().insert(header::CONTENT_TYPE, GRPC_WEB);
    }
    response
}

/// Health and reflection (both versions) of everything behind the door.
pub(super) fn open_services() -> Local {
    // Its reporter says SERVING of the empty name, the whole server, from the start.
    let (_, health) = tonic_health::server::health_reporter();
    Local::new(serve::reflection(Routes::new(health), &BTreeSet::new()).prepare())
}

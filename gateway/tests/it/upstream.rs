//! A service behind the gateway for what its own does not have: it streams, takes streams, and shows what reached it.

use bytes::{BufMut as _, Bytes, BytesMut};
use fault::Fault;
use futures::{Stream, StreamExt as _, stream};
use gateway::Local;
use http::{HeaderMap, HeaderValue, Request, Response};
use http_body::Frame;
use http_body_util::{BodyExt as _, StreamBody};
use prost::Message;
use proto::accreditation::v1::{
    ExportMissionsResponse, GetMissionRequest, ImportMissionsRequest, ImportMissionsResponse, ListMissionsRequest,
    ListMissionsResponse, Mission, UpdateMissionRequest, WatchMissionsRequest, WatchMissionsResponse,
};
use proto::policy::v1::Reason;
use proto::registry::v1::ImportOutcome;
use std::convert::Infallible;
use tonic::body::Body;
use tonic::{Code, Status};
use tower::service_fn;

/// Where an answer's mission shows what headers reached the service, as a display name.
pub(crate) const ECHO: &str = "missions/echo";
/// A mission that the caller may not see.
pub(crate) const HIDDEN: &str = "missions/hidden";
/// A mission that is never answered.
pub(crate) const SLOW: &str = "missions/slow";
/// A mission whose answer is a fault of ours, with details that a client must not read.
pub(crate) const BROKEN: &str = "missions/broken";
/// A mission whose answer is longer than a client takes without being asked to.
pub(crate) const LARGE: &str = "missions/large";
/// A mission that makes the service panic.
pub(crate) const PANICS: &str = "missions/panics";
/// A filter whose watcher is told of three changes and then of a failure.
pub(crate) const FAILING: &str = "failing";
/// A filter whose list is answered too late each time.
pub(crate) const LATE: &str = "late";

/// The service.
pub(crate) fn service() -> Local {
    Local::new(service_fn(|request| async { Ok::<_, Infallible>(answer(request).await) }))
}

async fn answer(request: Request<Body>) -> Response<Body> {
    let method = request.uri().path().rsplit_once('/').map_or("", |(_, method)| method).to_owned();
    let headers = request.headers().clone();
    match method.as_str() {
        "GetMission" => get(only(request).await, &headers).await,
        "ListMissions" => list(only(request).await),
        "CreateMission" => messages(stream::iter([Ok(mission("missions/new"))])),
        "UpdateMission" => update(only(request).await),
        "WatchMissions" => watch(only(request).await),
        "ExportMissions" => messages(stream::iter(
            (1..=3).map(|n| Ok(ExportMissionsResponse { mission: Some(mission(&format!("missions/{n}"))) })),
        )),
        "ImportMissions" => messages(import(request.into_body())),
        _ => Status::from(Fault::new(Reason::NotFound, "there is nothing here")).into_http(),
    }
}

async fn get(request: GetMissionRequest, headers: &HeaderMap) -> Response<Body> {
    let mut found = mission(&request.name);
    match request.name.as_str() {
        SLOW => std::future::pending().await,
        HIDDEN => return Status::from(Fault::new(Reason::NotFound, "there is no such mission")).into_http(),
        PANICS => panic!("the mission is not to be spoken of"),
        BROKEN => {
            let fault = Fault::new(Reason::Internal, "the register could not be read").caused_by("password=hunter2");
            return Status::from(fault).into_http();
        }
        LARGE => found.title = "a".repeat(300_000),
        ECHO => {
            let names: Vec<_> =
                headers.iter().map(|(name, value)| format!("{name}={}", value.to_str().unwrap_or("?"))).collect();
            found.title = names.join("\n");
        }
        _ => {}
    }
    messages(stream::iter([Ok(found)]))
}

/// Three pages of two, whose tokens are how many missions were before.
fn list(request: ListMissionsRequest) -> Response<Body> {
    if request.filter == "bad" {
        return Status::from(Fault::new(Reason::InvalidFilter, "there is no field bad")).into_http();
    }
    if request.filter == LATE {
        return Status::from(Fault::new(Reason::DeadlineExceeded, "that took too long")).into_http();
    }
    let before: u32 = request.page_token.parse().unwrap_or(0);
    let missions = (before + 1..=before + 2).map(|n| mission(&format!("missions/{n}"))).collect();
    let next_page_token = if before < 4 { (before + 2).to_string() } else { String::new() };
    messages(stream::iter([Ok(ListMissionsResponse { missions, next_page_token })]))
}

/// Shows what was to be changed, of which version.
fn update(request: UpdateMissionRequest) -> Response<Body> {
    if request.etag.is_empty() {
        return Status::from(Fault::new(Reason::EtagRequired, "which version?")).into_http();
    }
    let paths = request.update_mask.unwrap_or_default().paths.join(",");
    messages(stream::iter([Ok(Mission { title: format!("{} of {}", paths, request.etag), ..mission("missions/a") })]))
}

fn watch(request: WatchMissionsRequest) -> Response<Body> {
    let from: u32 = request.cursor.strip_prefix('c').and_then(|n| n.parse().ok()).unwrap_or(0);
    let change = |n: u32| WatchMissionsResponse {
        cursor: format!("c{n}"),
        mission: Some(mission(&format!("missions/{n}"))),
        ..WatchMissionsResponse::default()
    };
    let changes = stream::iter((from + 1..=from + 3).map(move |n| Ok(change(n))));
    if request.filter == FAILING {
        let fault = Status::from(Fault::new(Reason::Unavailable, "the register went away"));
        return messages(changes.chain(stream::iter([Err(fault)])));
    }
    // Then nothing more changes, for as long as anyone watches.
    messages(changes.chain(stream::pending()))
}

/// Takes every line; those without a name for the mission are refused.
fn import(body: Body) -> impl Stream<Item = Result<ImportMissionsResponse, Status>> {
    let read = (body, BytesMut::new(), 0_i64);
    stream::unfold(read, |(mut body, mut held, line)| async move {
        loop {
            if let Some(request) = take::<ImportMissionsRequest>(&mut held) {
                let line = line + 1;
                let outcome =
                    if request.mission_id.is_empty() { ImportOutcome::Rejected } else { ImportOutcome::Created };
                let name = format!("missions/{}", request.mission_id);
                let answer = ImportMissionsResponse { line, name, outcome: outcome.into(), failure: None };
                return Some((Ok(answer), (body, held, line)));
            }
            match body.frame().await? {
                Ok(frame) => frame.data_ref().into_iter().for_each(|data| held.extend_from_slice(data)),
                Err(status) => return Some((Err(status), (body, held, line))),
            }
        }
    })
}

pub(crate) fn mission(name: &str) -> Mission {
    Mission { name: name.to_owned(), etag: "7-abc".to_owned(), sending_state: "FR".to_owned(), ..Mission::default() }
}

async fn only<T: Message + Default>(request: Request<Body>) -> T {
    let body = request.into_body().collect().await.expect("the request is whole").to_bytes();
    take(&mut BytesMut::from(&body[..])).expect("there is one message")
}

fn take<T: Message + Default>(held: &mut BytesMut) -> Option<T> {
    let length = u32::from_be_bytes(held.get(1..5)?.try_into().expect("four bytes")) as usize;
    if held.len() < 5 + length {
        return None;
    }
    Some(T::decode(&held.split_to(5 + length)[5..]).expect("the gateway sends what the contract says"))
}

/// Answers with these messages, and with the status of the last.
fn messages<T: Message + 'static>(messages: impl Stream<Item = Result<T, Status>> + Send + 'static) -> Response<Body> {
    let frames = messages.map(|message| {
        message.map_or_else(|status| Frame::trailers(trailers(&status)), |message| Frame::data(framed(&message)))
    });
    let end = stream::once(async { Frame::trailers(trailers(&Status::new(Code::Ok, ""))) });
    let mut response = Response::new(Body::new(StreamBody::new(frames.chain(end).map(Ok::<_, Status>))));
    response.headers_mut().insert("content-type", HeaderValue::from_static("application/grpc"));
    response
}

fn framed(message: &impl Message) -> Bytes {
    let bytes = message.encode_to_vec();
    let mut frame = BytesMut::with_capacity(5 + bytes.len());
    frame.put_u8(0);
    frame.put_u32(u32::try_from(bytes.len()).expect("messages of tests are short"));
    frame.put_slice(&bytes);
    frame.freeze()
}

fn trailers(status: &Status) -> HeaderMap {
    let mut headers = HeaderMap::new();
    status.add_header(&mut headers).expect("a status of tests fits");
    headers
}

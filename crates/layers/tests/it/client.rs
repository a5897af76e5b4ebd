//! The client's side of a deadline.

use crate::rig::{code, end, fault, message, streaming, well, within};
use futures::StreamExt as _;
use http::HeaderMap;
use layers::client::{Deadline, Outgoing};
use layers::{Request, Response};
use std::convert::Infallible;
use std::future::pending;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use telemetry::Trace;
use tokio::time::Instant;
use tonic::Code;
use tonic::body::Body;
use tower::{Layer as _, Service as _, service_fn};

/// Sends one request to a server that behaves so; gives the answer and the headers that arrived.
async fn send<H, F>(outgoing: Outgoing, request: Request, server: H) -> (Response, HeaderMap)
where
    H: Fn() -> F + Clone,
    F: Future<Output = Response>,
{
    let arrived = Arc::new(Mutex::new(HeaderMap::new()));
    let keep = arrived.clone();
    let channel = service_fn(move |request: Request| {
        *keep.lock().unwrap() = request.headers().clone();
        let answer = server();
        async move { Ok::<_, Infallible>(answer.await) }
    });
    let Ok(answer) = within(outgoing.layer(channel).call(request)).await;
    let headers = arrived.lock().unwrap().clone();
    (answer, headers)
}

fn request() -> Request {
    http::Request::post("/x.Y/Z").body(Body::empty()).unwrap()
}

#[tokio::test(start_paused = true)]
async fn the_server_is_told_how_long_we_wait() {
    let (_, headers) = send(Outgoing::at_most(Duration::from_secs(5)), request(), || async { well() }).await;
    assert_eq!(headers["grpc-timeout"], "5000000u");
    let (_, headers) = send(Outgoing::default(), request(), || async { well() }).await;
    assert!(!headers.contains_key("grpc-timeout"));
}

#[tokio::test(start_paused = true)]
async fn the_earliest_deadline_counts() {
    let mut short = request();
    short.headers_mut().insert("grpc-timeout", "2S".parse().unwrap());
    let (_, headers) = send(Outgoing::at_most(Duration::from_secs(5)), short, || async { well() }).await;
    assert_eq!(headers["grpc-timeout"], "2000000u");

    let mut handed_on = request();
    handed_on.headers_mut().insert("grpc-timeout", "4S".parse().unwrap());
    handed_on.extensions_mut().insert(Deadline(Instant::now() + Duration::from_secs(3)));
    let (_, headers) = send(Outgoing::at_most(Duration::from_secs(5)), handed_on, || async { well() }).await;
    assert_eq!(headers["grpc-timeout"], "3000000u");
}

#[tokio::test(start_paused = true)]
async fn we_stop_waiting_for_a_server_that_does_not_answer() {
    let (answer, _) = send(Outgoing::at_most(Duration::from_secs(5)), request(), pending).await;
    assert_eq!(fault(&answer).reason(), "DEADLINE_EXCEEDED");
}

#[tokio::test(start_paused = true)]
async fn we_stop_waiting_for_messages_that_do_not_come() {
    let server = || async { streaming(futures::stream::iter([message()]).chain(futures::stream::pending())) };
    let (answer, _) = send(Outgoing::at_most(Duration::from_secs(5)), request(), server).await;
    let (messages, fault) = end(answer).await;
    assert_eq!((messages, fault.unwrap().reason()), (1, "DEADLINE_EXCEEDED"));
}

#[tokio::test]
async fn a_broken_connection_is_no_cancellation() {
    let channel = service_fn(|_: Request| async { Err::<Response, _>(std::io::Error::other("connection closed")) });
    let answer = within(Outgoing::default().layer(channel).call(request())).await.unwrap();
    let fault = fault(&answer);
    assert_eq!((fault.reason(), fault.http()), ("UNAVAILABLE", 503));
}

#[tokio::test]
async fn the_server_is_told_the_trace() {
    let trace = Trace::begin();
    let mut traced = request();
    traced.extensions_mut().insert(trace);
    let (answer, headers) = send(Outgoing::default(), traced, || async { well() }).await;
    assert_eq!(code(&answer), Code::Ok);
    assert_eq!(headers["traceparent"].to_str().unwrap(), trace.traceparent());
}

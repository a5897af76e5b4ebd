//! Deadlines: the caller is answered in time and with the right code. Time is tokio's, paused: it passes when nothing
//! else can happen.

use crate::rig::{READ, Rig, WATCH, end, fault, message, streaming, within};
use futures::StreamExt as _;
use identity::Called;
use layers::{Limits, Request};
use std::future::pending;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::time::Instant;

fn stuck() -> Rig {
    Rig::around(Limits::default(), |_| pending())
}

fn with_timeout(mut request: Request, timeout: &str) -> Request {
    request.headers_mut().insert("grpc-timeout", timeout.parse().unwrap());
    request
}

#[tokio::test(start_paused = true)]
async fn a_caller_whose_time_has_passed_is_told_so() {
    let rig = stuck();
    let begun = Instant::now();
    let answer = within(rig.call(with_timeout(rig.request(READ), "20m"))).await;
    let fault = fault(&answer);
    assert_eq!((fault.reason(), fault.code(), fault.http()), ("DEADLINE_EXCEEDED", fault::Code::DeadlineExceeded, 504));
    assert_eq!(begun.elapsed().as_millis() / 10, 2);
}

#[tokio::test(start_paused = true)]
async fn a_caller_cannot_wait_longer_than_the_house_allows() {
    let rig = stuck();
    for request in [rig.request(READ), with_timeout(rig.request(READ), "9H")] {
        let begun = Instant::now();
        assert_eq!(fault(&within(rig.call(request)).await).reason(), "DEADLINE_EXCEEDED");
        assert_eq!(begun.elapsed().as_secs(), 60);
    }
}

#[tokio::test(start_paused = true)]
async fn the_handler_knows_until_when_it_may_work() {
    let seen = Arc::new(Mutex::new(None));
    let see = seen.clone();
    let rig = Rig::around(Limits::default(), move |request| {
        *see.lock().unwrap() = Called::within(request.extensions()).unwrap().deadline;
        pending()
    });
    let begun = Instant::now();
    within(rig.call(with_timeout(rig.request(READ), "5S"))).await;
    let deadline = Instant::from_std(seen.lock().unwrap().unwrap());
    assert_eq!(deadline - begun, Duration::from_secs(5));
}

#[tokio::test(start_paused = true)]
async fn a_stream_ends_with_the_status_when_its_time_has_passed_and_otherwise_goes_on() {
    let rig = Rig::around(Limits::default(), |_| async {
        streaming(futures::stream::iter([message(), message()]).chain(futures::stream::pending()))
    });
    let answer = within(rig.call(with_timeout(rig.request(WATCH), "1S"))).await;
    let (messages, fault) = end(answer).await;
    assert_eq!((messages, fault.unwrap().reason()), (2, "DEADLINE_EXCEEDED"));

    let body = within(rig.call(rig.request(WATCH))).await;
    let beyond = tokio::time::timeout(Duration::from_secs(100), end(body));
    assert!(beyond.await.is_err(), "a stream without a deadline has none");
}

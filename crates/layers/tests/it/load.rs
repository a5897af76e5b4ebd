//! The in-flight limit: what counts as under way, and how one too many is refused.

use crate::rig::{READ, Rig, WATCH, WRITE, code, fault, message, streaming, well, within};
use layers::Limits;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Semaphore;
use tonic::Code;

fn one() -> Limits {
    Limits { in_flight: 1, streams: 1, ..Limits::default() }
}

/// A handler that announces itself and waits until it is let go.
fn gated() -> (Rig, Arc<Semaphore>, Arc<Semaphore>) {
    let (begun, go) = (Arc::new(Semaphore::new(0)), Arc::new(Semaphore::new(0)));
    let (announce, gate) = (begun.clone(), go.clone());
    let rig = Rig::around(one(), move |_| {
        announce.add_permits(1);
        let gate = gate.clone();
        async move {
            gate.acquire().await.unwrap().forget();
            well()
        }
    });
    (rig, begun, go)
}

#[tokio::test]
async fn one_call_too_many_is_refused_unstarted_and_told_when_to_come_again() {
    let (rig, begun, go) = gated();
    let first = tokio::spawn(rig.call(rig.request(READ)));
    within(begun.acquire()).await.unwrap().forget();
    let refused = fault(&rig.call(rig.request(READ)).await);
    assert_eq!((refused.reason(), refused.http()), ("OVERLOADED", 503));
    assert_eq!(refused.pause(), Some(Duration::from_secs(1)));
    assert_eq!(rig.reached(), 1);
    go.add_permits(2);
    assert_eq!(code(&within(first).await.unwrap()), Code::Ok);
    assert_eq!(code(&within(rig.call(rig.request(READ))).await), Code::Ok);
}

#[tokio::test]
async fn a_write_whose_caller_left_is_under_way_until_it_ends() {
    let (rig, begun, go) = gated();
    let first = tokio::spawn(rig.call(rig.request(WRITE)));
    within(begun.acquire()).await.unwrap().forget();
    first.abort();
    assert!(first.await.unwrap_err().is_cancelled());
    assert_eq!(fault(&rig.call(rig.request(READ)).await).reason(), "OVERLOADED");
    go.add_permits(2);
    rig.tasks.close();
    within(rig.tasks.wait()).await;
    assert_eq!(code(&within(rig.call(rig.request(READ))).await), Code::Ok);
}

#[tokio::test]
async fn a_read_whose_caller_left_is_no_longer_under_way() {
    let (rig, begun, go) = gated();
    let first = tokio::spawn(rig.call(rig.request(READ)));
    within(begun.acquire()).await.unwrap().forget();
    first.abort();
    assert!(first.await.unwrap_err().is_cancelled());
    go.add_permits(1);
    assert_eq!(code(&within(rig.call(rig.request(READ))).await), Code::Ok);
}

#[tokio::test]
async fn a_stream_is_under_way_until_its_last_message() {
    let rig = Rig::around(one(), |_| async { streaming(futures::stream::iter([message()])) });
    let answer = rig.call(rig.request(WATCH)).await;
    assert_eq!(fault(&rig.call(rig.request(WATCH)).await).reason(), "OVERLOADED");
    drop(answer);
    assert_eq!(code(&rig.call(rig.request(WATCH)).await), Code::Ok);
}

/// Whoever opens as many watches as there may be keeps other watchers out, and nobody who asks.
#[tokio::test]
async fn open_streams_leave_the_places_of_calls_alone() {
    let rig = Rig::around(one(), |request| async move {
        if request.uri().path() == WATCH { streaming(futures::stream::pending()) } else { well() }
    });
    let watching = rig.call(rig.request(WATCH)).await;
    assert_eq!(fault(&rig.call(rig.request(WATCH)).await).reason(), "OVERLOADED");
    for path in [READ, WRITE] {
        assert_eq!(code(&within(rig.call(rig.request(path))).await), Code::Ok, "{path}");
    }
    drop(watching);
    assert_eq!(code(&rig.call(rig.request(WATCH)).await), Code::Ok);
}

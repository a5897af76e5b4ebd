//! A panic ends one call, wherever it happens; the next call is served.

use crate::rig::{READ, Rig, WATCH, WRITE, code, end, fault, message, streaming, well, within};
use futures::StreamExt as _;
use layers::{Limits, Request};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use telemetry::Trace;
use tonic::Code;

/// Calls twice: the handler panics the first time, in its future or before there is one.
async fn survives(path: &str, before_the_future: bool) {
    let first = Arc::new(AtomicBool::new(true));
    let rig = Rig::around(Limits::default(), move |_| {
        let panics = first.swap(false, Ordering::SeqCst);
        assert!(!(panics && before_the_future), "on purpose");
        async move {
            tokio::task::yield_now().await;
            assert!(!panics, "on purpose");
            well()
        }
    });
    let (request, caller) = traced(rig.request(path));
    let fault = fault(&within(rig.call(request)).await);
    assert_eq!((fault.reason(), fault.http()), ("INTERNAL", 500));
    assert_eq!(fault.metadata().collect::<Vec<_>>(), [("trace_id", caller.id().as_str())]);
    assert!(!fault.message().contains("on purpose"));
    assert_eq!(code(&within(rig.call(rig.request(path))).await), Code::Ok);
}

fn traced(mut request: Request) -> (Request, Trace) {
    let caller = Trace::begin();
    caller.write(request.headers_mut());
    (request, caller)
}

#[tokio::test]
async fn in_a_read() {
    survives(READ, false).await;
    survives(READ, true).await;
}

#[tokio::test]
async fn in_a_write_on_its_own_task() {
    survives(WRITE, false).await;
    survives(WRITE, true).await;
}

#[tokio::test]
async fn in_the_middle_of_a_stream() {
    let rig = Rig::around(Limits::default(), |_| async {
        let panicking = futures::stream::once(async { panic!("on purpose") });
        streaming(futures::stream::iter([message()]).chain(panicking))
    });
    let (request, caller) = traced(rig.request(WATCH));
    let (messages, fault) = end(rig.call(request).await).await;
    let fault = fault.unwrap();
    assert_eq!((messages, fault.reason()), (1, "INTERNAL"));
    assert_eq!(fault.metadata().collect::<Vec<_>>(), [("trace_id", caller.id().as_str())]);
}

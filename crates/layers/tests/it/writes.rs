//! What changes something runs to its end; what reads is dropped with its caller.

use crate::rig::{READ, Rig, WRITE, code, fault, well, within};
use layers::Limits;
use std::sync::Arc;
use tokio::sync::{Notify, mpsc};
use tonic::Code;

/// Tells when it is dropped.
struct Token(mpsc::UnboundedSender<&'static str>);

impl Drop for Token {
    fn drop(&mut self) {
        let _ = self.0.send("dropped");
    }
}

/// A handler that says when it begins, waits to be let go, and says when it has ended or was dropped.
fn slow() -> (Rig, Arc<Notify>, mpsc::UnboundedReceiver<&'static str>) {
    let (tell, told) = mpsc::unbounded_channel();
    let go = Arc::new(Notify::new());
    let gate = go.clone();
    let rig = Rig::around(Limits::default(), move |_| {
        let (token, gate) = (Token(tell.clone()), gate.clone());
        async move {
            token.0.send("begun").unwrap();
            gate.notified().await;
            token.0.send("ended").unwrap();
            well()
        }
    });
    (rig, go, told)
}

#[tokio::test]
async fn a_read_is_dropped_with_its_caller() {
    let (rig, _go, mut told) = slow();
    let call = tokio::spawn(rig.call(rig.request(READ)));
    assert_eq!(within(told.recv()).await, Some("begun"));
    call.abort();
    assert_eq!(within(told.recv()).await, Some("dropped"));
}

#[tokio::test]
async fn a_write_runs_to_its_end_though_its_caller_leaves() {
    let (rig, go, mut told) = slow();
    let call = tokio::spawn(rig.call(rig.request(WRITE)));
    assert_eq!(within(told.recv()).await, Some("begun"));
    call.abort();
    assert!(call.await.unwrap_err().is_cancelled());
    go.notify_one();
    assert_eq!(within(told.recv()).await, Some("ended"));
    rig.tasks.close();
    within(rig.tasks.wait()).await;
}

#[tokio::test(start_paused = true)]
async fn a_write_runs_to_its_end_though_the_deadline_answers_its_caller() {
    let (rig, go, mut told) = slow();
    let mut request = rig.request(WRITE);
    request.headers_mut().insert("grpc-timeout", "5m".parse().unwrap());
    assert_eq!(fault(&within(rig.call(request)).await).reason(), "DEADLINE_EXCEEDED");
    assert_eq!(told.recv().await, Some("begun"));
    assert_eq!(rig.tasks.len(), 1, "whoever stops the process can wait for it");
    go.notify_one();
    assert_eq!(within(told.recv()).await, Some("ended"));
}

#[tokio::test]
async fn a_write_answers_a_caller_who_waits() {
    let (rig, go, _told) = slow();
    go.notify_one();
    assert_eq!(code(&within(rig.call(rig.request(WRITE))).await), Code::Ok);
}

//! A message that cannot be read is refused as the caller's, by a real tonic service.

use crate::rig::{READ, Rig, fault, within};
use bytes::Bytes;
use http_body_util::Full;
use layers::{Limits, Request};
use tonic::body::Body;
use tower::Service as _;

/// The stack around tonic's health service, whatever is called.
async fn health() -> Rig {
    let (_, service) = tonic_health::server::health_reporter();
    Rig::around(Limits::default(), move |request: Request| {
        let mut service = service.clone();
        async move {
            let (mut head, body) = request.into_parts();
            head.uri = http::Uri::from_static("/grpc.health.v1.Health/Check");
            let Ok(response) = service.call(Request::from_parts(head, body)).await;
            response
        }
    })
}

async fn refused(frame: &'static [u8]) -> (String, u16) {
    let rig = health().await;
    let request = rig.request(READ).map(|_| Body::new(Full::new(Bytes::from_static(frame))));
    let fault = fault(&within(rig.call(request)).await);
    (fault.reason().to_owned(), fault.http())
}

#[tokio::test]
async fn what_is_no_message_is_the_callers_fault() {
    let malformed = ("MALFORMED_REQUEST".to_owned(), 400);
    // A field of type 7, which does not exist; a frame that announces more than comes; no frame at all.
    for frame in [b"\0\0\0\0\x02\x0f\xff".as_slice(), b"\0\0\0\0\x09\x0a", b""] {
        assert_eq!(refused(frame).await, malformed, "{frame:?}");
    }
}

//! Who is let in, and what the handler then knows.

use crate::rig::{ANY_CALLER, READ, Rig, WRITE, code, fault, well};
use chrono::Utc;
use identity::{Called, METADATA_KEY, Principal, Signer};
use layers::Limits;
use std::sync::{Arc, Mutex};
use telemetry::Trace;
use tonic::Code;

#[tokio::test]
async fn a_caller_without_the_permission_does_not_reach_the_handler() {
    let rig = Rig::well();
    let answer = rig.call(rig.request_of(READ, &["accreditation.missions.write"])).await;
    let fault = fault(&answer);
    assert_eq!((fault.reason(), fault.http()), ("PERMISSION_DENIED", 403));
    assert_eq!(fault.metadata().collect::<Vec<_>>(), [("permission", "accreditation.missions.read")]);
    assert_eq!(rig.reached(), 0);
    assert_eq!(code(&rig.call(rig.request_of(READ, &["accreditation.missions.read"])).await), Code::Ok);
    assert_eq!(rig.reached(), 1);
}

#[tokio::test]
async fn an_unknown_caller_does_not_reach_the_handler_and_learns_nothing() {
    let rig = Rig::well();
    let anyone = Principal::timer("grace");
    let mut refusals = Vec::new();
    for token in [None, Some(String::new()), Some("v1.x.y".into()), Some(Signer::generate().mint(&anyone, Utc::now()))]
    {
        let mut request = rig.request(READ);
        request.headers_mut().remove(METADATA_KEY);
        if let Some(token) = token {
            request.headers_mut().insert(METADATA_KEY, token.parse().unwrap());
        }
        let answer = rig.call(request).await;
        assert_eq!(fault(&answer).reason(), "UNAUTHENTICATED");
        refusals.push(answer.headers().clone());
    }
    assert!(refusals.windows(2).all(|pair| pair[0] == pair[1]));
    assert_eq!(rig.reached(), 0);
}

#[tokio::test]
async fn a_method_for_any_caller_needs_a_caller_but_no_permission() {
    let rig = Rig::well();
    assert_eq!(code(&rig.call(rig.request_of(ANY_CALLER, &[])).await), Code::Ok);
    let mut request = rig.request(ANY_CALLER);
    request.headers_mut().remove(METADATA_KEY);
    assert_eq!(fault(&rig.call(request).await).reason(), "UNAUTHENTICATED");
    assert_eq!(rig.reached(), 1);
}

#[tokio::test]
async fn an_unknown_method_is_unimplemented() {
    let rig = Rig::well();
    let answer = rig.call(rig.request("/legation.accreditation.v1.MissionService/Abolish")).await;
    assert_eq!((code(&answer), fault(&answer).reason()), (Code::Unimplemented, "NO_ROUTE"));
    assert_eq!(rig.reached(), 0);
}

#[tokio::test]
async fn health_and_reflection_need_no_caller_and_no_place() {
    let rig = Rig::around(Limits { in_flight: 0, ..Limits::default() }, |_| async { well() });
    for path in [
        "/grpc.health.v1.Health/Check",
        "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo",
        "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo",
    ] {
        let mut request = rig.request(path);
        request.headers_mut().remove(METADATA_KEY);
        assert_eq!(code(&rig.call(request).await), Code::Ok, "{path}");
    }
    assert_eq!(rig.reached(), 3);
}

#[tokio::test]
async fn the_handler_knows_the_call_and_does_not_get_the_token() {
    let seen = Arc::new(Mutex::new(None));
    let see = seen.clone();
    let rig = Rig::around(Limits::default(), move |request| {
        assert!(!request.headers().contains_key(METADATA_KEY));
        *see.lock().unwrap() = Some(Called::within(request.extensions()).unwrap().clone());
        async { well() }
    });
    let caller = Trace::begin();
    let mut request = rig.request(WRITE);
    caller.write(request.headers_mut());
    rig.call(request).await;
    let called = seen.lock().unwrap().take().unwrap();
    assert_eq!(called.principal.subject.as_ref(), "apiKeys/abcdefgh2345");
    assert_eq!(called.method.path(), WRITE);
    assert!(called.deadline.is_some());
    let step = Trace::parse(&called.traceparent).unwrap();
    assert_eq!(step.id(), caller.id());
    assert_ne!(step.span_id(), caller.span_id());
}

//! gRPC and gRPC-Web on the same port.

use crate::rig::{Rig, plan, start};
use crate::upstream::ECHO;
use bytes::{Buf as _, Bytes};
use fault::Fault;
use prost::Message as _;
use proto::accreditation::v1::mission_service_client::MissionServiceClient;
use proto::accreditation::v1::{GetMissionRequest, Mission, WatchMissionsRequest};
use proto::gateway::v1::api_key_service_client::ApiKeyServiceClient;
use proto::gateway::v1::{ApiKey, CreateApiKeyRequest, GetApiKeyRequest, WhoAmIRequest, WhoAmIResponse};
use reqwest::Method;
use serde_json::json;
use std::time::Duration;
use testkit::until;
use tokio_stream::StreamExt as _;
use tonic::transport::Channel;
use tonic::{Code, Request, Status};
use tonic_reflection::pb::{v1, v1alpha};

async fn channel(rig: &Rig) -> Channel {
    Channel::from_shared(rig.url("")).unwrap().connect().await.unwrap()
}

fn with<T>(key: &str, message: T) -> Request<T> {
    let mut request = Request::new(message);
    request.metadata_mut().insert("authorization", format!("Bearer {key}").parse().unwrap());
    request
}

fn reason(status: &Status) -> (Code, String) {
    (status.code(), Fault::from(status).reason().to_owned())
}

#[tokio::test]
async fn grpc_takes_the_same_way_as_rest() {
    let rig = start().await;
    let mut keys = ApiKeyServiceClient::new(channel(&rig).await);
    let who = keys.who_am_i(with(&rig.admin, WhoAmIRequest {})).await.unwrap().into_inner();
    assert_eq!(who.subject, rig.who(&rig.admin).await.json()["subject"]);

    let nobody = keys.who_am_i(WhoAmIRequest {}).await.unwrap_err();
    assert_eq!(reason(&nobody), (Code::Unauthenticated, "UNAUTHENTICATED".to_owned()));
    let (_, police) = rig.key(json!({"role": "police-verifier"})).await;
    let get = GetApiKeyRequest { name: "apiKeys/none".to_owned() };
    let denied = keys.get_api_key(with(&police, get.clone())).await.unwrap_err();
    assert_eq!(reason(&denied), (Code::PermissionDenied, "PERMISSION_DENIED".to_owned()));
    let missing = keys.get_api_key(with(&rig.admin, get)).await.unwrap_err();
    assert_eq!(reason(&missing), (Code::NotFound, "NOT_FOUND".to_owned()));
    let invalid = keys.create_api_key(with(&rig.admin, CreateApiKeyRequest::default())).await.unwrap_err();
    assert_eq!(reason(&invalid), (Code::InvalidArgument, "INVALID_FIELDS".to_owned()));
}

#[tokio::test]
async fn a_principal_sent_from_outside_is_nobodys() {
    let rig = start().await;
    // Even one that the gateway signed itself, as someone might who saw it inside.
    let timer = identity::Principal::timer("grace");
    let signed = rig.signer.mint(&timer, chrono::Utc::now());
    let mut missions = MissionServiceClient::new(channel(&rig).await);
    let mut request = Request::new(GetMissionRequest { name: ECHO.to_owned(), ..GetMissionRequest::default() });
    request.metadata_mut().insert("legation-principal", signed.parse().unwrap());
    assert_eq!(missions.get_mission(request).await.unwrap_err().code(), Code::Unauthenticated);

    let key = rig.role("legal-adviser").await;
    let mut request = with(&key, GetMissionRequest { name: ECHO.to_owned(), ..GetMissionRequest::default() });
    request.metadata_mut().insert("legation-principal", signed.parse().unwrap());
    request.metadata_mut().insert("x-internal", "yes".parse().unwrap());
    request.set_timeout(Duration::from_secs(5));
    let echo = missions.get_mission(request).await.unwrap().into_inner().title;
    assert!(!echo.contains(&signed) && !echo.contains("x-internal"), "{echo}");
    let value = |name: &str| echo.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix('=')).unwrap();
    let principal = rig.signer.verifier().check(value("legation-principal"), chrono::Utc::now()).unwrap();
    assert_ne!(principal.subject, timer.subject);
    assert!(value("grpc-timeout").ends_with('u'), "{echo}");
}

#[tokio::test]
async fn a_method_that_does_not_exist_is_unimplemented() {
    let rig = start().await;
    let mut client = tonic::client::Grpc::new(channel(&rig).await);
    client.ready().await.unwrap();
    let codec = tonic_prost::ProstCodec::<WhoAmIRequest, WhoAmIResponse>::default();
    let path = http::uri::PathAndQuery::from_static("/legation.gateway.v1.ApiKeyService/Destroy");
    let status = client.unary(with(&rig.admin, WhoAmIRequest {}), path, codec).await.unwrap_err();
    assert_eq!(reason(&status), (Code::Unimplemented, "NO_ROUTE".to_owned()));
}

#[tokio::test]
async fn a_message_too_large_is_refused_before_the_service_reads_it() {
    let rig = start().await;
    let mut keys = ApiKeyServiceClient::new(channel(&rig).await);
    let api_key = Some(ApiKey { title: "x".repeat(2 << 20), ..ApiKey::default() });
    let request = CreateApiKeyRequest { api_key, ..CreateApiKeyRequest::default() };
    let status = keys.create_api_key(with(&rig.admin, request)).await.unwrap_err();
    assert_eq!(reason(&status), (Code::InvalidArgument, "REQUEST_TOO_LARGE".to_owned()));
}

#[tokio::test]
async fn streams_pass_and_end_with_their_key() {
    let rig = start().await;
    let (name, key) = rig.key(json!({"role": "protocol-officer", "internal": true})).await;
    let mut missions = MissionServiceClient::new(channel(&rig).await);
    let watch = with(&key, WatchMissionsRequest { cursor: "c7".to_owned(), ..WatchMissionsRequest::default() });
    let mut changes = missions.watch_missions(watch).await.unwrap().into_inner();
    assert_eq!(changes.next().await.unwrap().unwrap().cursor, "c8");
    let revoked = rig.post(&rig.admin, &format!("/v1/gateway/{name}:revoke"), &json!({})).send().await.unwrap();
    assert_eq!(revoked.status(), 200);
    let last = loop {
        match changes.next().await.expect("a stream does not end without a status") {
            Ok(_) => {}
            Err(status) => break status,
        }
    };
    assert_eq!(reason(&last), (Code::Unauthenticated, "UNAUTHENTICATED".to_owned()));
}

#[tokio::test]
async fn the_rate_holds_for_grpc_too() {
    let rig = plan().set("RATE", "5").start().await;
    let key = rig.role("legal-adviser").await;
    let mut keys = ApiKeyServiceClient::new(channel(&rig).await);
    let status = until("the rate is used up", async || keys.who_am_i(with(&key, WhoAmIRequest {})).await.err()).await;
    assert_eq!(reason(&status), (Code::ResourceExhausted, "RATE_LIMITED".to_owned()));
    assert!(Fault::from(&status).pause().is_some());
}

/// A frame of gRPC-Web.
fn frame(message: &[u8]) -> Vec<u8> {
    [&[0], &u32::try_from(message.len()).unwrap().to_be_bytes()[..], message].concat()
}

/// The frames of an answer: their flags and contents.
fn frames(mut bytes: Bytes) -> Vec<(u8, Bytes)> {
    let mut frames = Vec::new();
    while bytes.has_remaining() {
        let (flag, length) = (bytes.get_u8(), bytes.get_u32() as usize);
        frames.push((flag, bytes.split_to(length)));
    }
    frames
}

#[tokio::test]
async fn grpc_web_speaks_over_http_1() {
    let rig = start().await;
    let key = rig.role("legal-adviser").await;
    let request = GetMissionRequest { name: "missions/a".to_owned(), ..GetMissionRequest::default() };
    let path = "/legation.accreditation.v1.MissionService/GetMission";
    let ask = |media: &'static str, body: Vec<u8>| {
        rig.ask(Method::POST, path).header("content-type", media).header("accept", media).body(body)
    };
    let framed = frame(&request.encode_to_vec());
    let response = ask("application/grpc-web+proto", framed.clone()).bearer_auth(&key).send().await.unwrap();
    assert_eq!(response.version(), reqwest::Version::HTTP_11);
    assert_eq!(response.headers()["content-type"], "application/grpc-web+proto");
    let found = frames(response.bytes().await.unwrap());
    assert_eq!(Mission::decode(found[0].1.clone()).unwrap().name, "missions/a");
    assert_eq!((found[1].0, String::from_utf8_lossy(&found[1].1).contains("grpc-status:0")), (0x80, true));

    use base64::Engine as _;
    let base64 = base64::engine::general_purpose::STANDARD;
    let text = base64.encode(&framed).into_bytes();
    let response = ask("application/grpc-web-text", text).bearer_auth(&key).send().await.unwrap();
    assert!(response.headers()["content-type"].to_str().unwrap().starts_with("application/grpc-web-text"));
    assert_eq!(response.status(), 200);

    let refused = ask("application/grpc-web+proto", framed).send().await.unwrap();
    assert_eq!((refused.status().as_u16(), refused.headers()["grpc-status"].to_str().unwrap()), (200, "16"));
}

#[tokio::test]
async fn health_and_reflection_need_no_key() {
    let rig = start().await;
    let mut health = tonic_health::pb::health_client::HealthClient::new(channel(&rig).await);
    let check = health.check(tonic_health::pb::HealthCheckRequest::default()).await.unwrap().into_inner();
    assert_eq!(check.status(), tonic_health::pb::health_check_response::ServingStatus::Serving);

    // Of the whole contract, not of what this process serves.
    let missions = "legation.accreditation.v1.MissionService";
    let mut new = v1::server_reflection_client::ServerReflectionClient::new(channel(&rig).await);
    let ask = v1::server_reflection_request::MessageRequest::ListServices(String::new());
    let request = v1::ServerReflectionRequest { host: String::new(), message_request: Some(ask) };
    let mut answers = new.server_reflection_info(tokio_stream::iter([request])).await.unwrap().into_inner();
    let answer = answers.next().await.unwrap().unwrap().message_response.unwrap();
    let v1::server_reflection_response::MessageResponse::ListServicesResponse(list) = answer else {
        panic!("{answer:?}")
    };
    assert!(list.service.iter().any(|service| service.name == missions), "{list:?}");

    let mut old = v1alpha::server_reflection_client::ServerReflectionClient::new(channel(&rig).await);
    let ask = v1alpha::server_reflection_request::MessageRequest::FileContainingSymbol(missions.to_owned());
    let request = v1alpha::ServerReflectionRequest { host: String::new(), message_request: Some(ask) };
    let mut answers = old.server_reflection_info(tokio_stream::iter([request])).await.unwrap().into_inner();
    let answer = answers.next().await.unwrap().unwrap().message_response.unwrap();
    assert!(
        matches!(answer, v1alpha::server_reflection_response::MessageResponse::FileDescriptorResponse(_)),
        "{answer:?}"
    );
}

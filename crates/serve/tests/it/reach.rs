//! Reaching a service: over a socket, in its own process, its health and its descriptors.

use crate::desk::{channel, client, open, within};
use http::Uri;
use http_body_util::{BodyExt as _, Full};
use hyper::body::Bytes;
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use identity::METADATA_KEY;
use proto::gateway::v1::api_key_service_client::ApiKeyServiceClient;
use proto::gateway::v1::{GetApiKeyRequest, WhoAmIRequest};
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_check_response::ServingStatus;
use tonic_health::pb::health_client::HealthClient;
use tonic_reflection::pb::{v1, v1alpha};

const SERVICE: &str = "legation.gateway.v1.ApiKeyService";

#[tokio::test]
async fn a_service_is_called_over_a_socket_and_without_one_alike() {
    let desk = open().await;
    let mut far = client(desk.listen().await).await;
    let mut near = ApiKeyServiceClient::new(desk.hosted.service.clone());
    let far = within(far.who_am_i(desk.ask(WhoAmIRequest {}))).await.unwrap().into_inner();
    let near_answer = within(near.who_am_i(desk.ask(WhoAmIRequest {}))).await.unwrap().into_inner();
    assert_eq!(far.subject, "people/7f3");
    assert_eq!(far, near_answer);
    let refused = within(near.who_am_i(WhoAmIRequest {})).await.unwrap_err();
    assert_eq!(refused.code(), tonic::Code::Unauthenticated);
}

#[tokio::test]
async fn health_says_what_readiness_says() {
    let desk = open().await;
    let mut health = HealthClient::new(channel(desk.listen().await).await);
    let of = |service: &str| HealthCheckRequest { service: service.to_owned() };
    for service in ["", SERVICE] {
        assert_eq!(within(health.check(of(service))).await.unwrap().into_inner().status(), ServingStatus::Serving);
    }
    assert_eq!(within(health.check(of("made.Up"))).await.unwrap_err().code(), tonic::Code::NotFound);

    let mut watch = within(health.watch(of(SERVICE))).await.unwrap().into_inner();
    assert_eq!(within(watch.message()).await.unwrap().unwrap().status(), ServingStatus::Serving);
    desk.hands.say(Err("has lost its database".into()));
    assert_eq!(within(watch.message()).await.unwrap().unwrap().status(), ServingStatus::NotServing);
    desk.hands.say(Ok(()));
    assert_eq!(within(watch.message()).await.unwrap().unwrap().status(), ServingStatus::Serving);
}

#[tokio::test]
async fn reflection_lists_what_is_served_in_both_versions() {
    let desk = open().await;
    let channel = channel(desk.listen().await).await;
    let expected = ["grpc.health.v1.Health", SERVICE];

    let ask = v1::ServerReflectionRequest {
        message_request: Some(v1::server_reflection_request::MessageRequest::ListServices(String::new())),
        ..Default::default()
    };
    let mut client = v1::server_reflection_client::ServerReflectionClient::new(channel.clone());
    let mut answers = within(client.server_reflection_info(tokio_stream::once(ask))).await.unwrap().into_inner();
    let answer = within(answers.message()).await.unwrap().unwrap().message_response.unwrap();
    let v1::server_reflection_response::MessageResponse::ListServicesResponse(list) = answer else {
        panic!("{answer:?}")
    };
    let names: Vec<_> = list.service.iter().map(|service| service.name.as_str()).collect();
    assert!(expected.iter().all(|name| names.contains(name)), "{names:?}");
    assert!(!names.iter().any(|name| name.contains("accreditation")), "{names:?}");

    let ask = v1alpha::ServerReflectionRequest {
        message_request: Some(v1alpha::server_reflection_request::MessageRequest::FileContainingSymbol(SERVICE.into())),
        ..Default::default()
    };
    let mut client = v1alpha::server_reflection_client::ServerReflectionClient::new(channel);
    let mut answers = within(client.server_reflection_info(tokio_stream::once(ask))).await.unwrap().into_inner();
    let answer = within(answers.message()).await.unwrap().unwrap().message_response.unwrap();
    let v1alpha::server_reflection_response::MessageResponse::FileDescriptorResponse(files) = answer else {
        panic!("{answer:?}")
    };
    assert!(!files.file_descriptor_proto.is_empty());
}

/// Without a gRPC client: tonic's own would answer itself when the time has passed.
#[tokio::test]
async fn over_a_socket_too_a_passed_deadline_is_no_cancellation() {
    let desk = open().await;
    let uri: Uri = format!("http://{}/{SERVICE}/GetApiKey", desk.listen().await).parse().unwrap();
    let token =
        desk.ask(GetApiKeyRequest::default()).metadata().get(METADATA_KEY).unwrap().to_str().unwrap().to_owned();
    let request = http::Request::post(uri)
        .header("content-type", "application/grpc")
        .header("te", "trailers")
        .header("grpc-timeout", "20m")
        .header(METADATA_KEY, token)
        // One empty message.
        .body(Full::new(Bytes::from_static(b"\0\0\0\0\0")))
        .unwrap();
    let client = Client::builder(TokioExecutor::new()).http2_only(true).build_http();
    let answer = within(client.request(request)).await.unwrap();
    assert_eq!(answer.headers()["grpc-status"], (tonic::Code::DeadlineExceeded as i32).to_string());
    within(answer.into_body().collect()).await.unwrap();
}

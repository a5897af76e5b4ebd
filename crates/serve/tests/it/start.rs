//! A service as its own process: from its settings to its end.

use crate::admin::page;
use crate::desk::{Desk, HANDS, Hands, ask, client, within};
use config::Env;
use identity::Signer;
use proto::gateway::v1::WhoAmIRequest;
use std::process::Command;
use tokio_util::sync::CancellationToken;

fn env(signer: &Signer) -> Env {
    Env::from_iter([("GATEWAY_PRINCIPAL_KEYS", signer.public_text())])
}

#[tokio::test]
async fn a_process_starts_answers_and_stops() {
    let (hands, mut told) = Hands::new();
    let signer = Signer::generate();
    let running = HANDS.scope(hands, serve::start::<Desk>(&env(&signer))).await.unwrap();
    let (address, admin) = (running.address, running.admin);
    let stop = CancellationToken::new();
    let ended = tokio::spawn(running.until(stop.clone().cancelled_owned()));

    assert_eq!(page(admin, "/readyz").await.0, 200);
    let mut client = client(address).await;
    let answer = within(client.who_am_i(ask(&signer, WhoAmIRequest {}))).await.unwrap();
    assert_eq!(answer.into_inner().subject, "people/7f3");
    let line = r#"rpc_server_call_duration_seconds_count{rpc_grpc_status_code="0",rpc_method="/legation.gateway.v1.ApiKeyService/WhoAmI"}"#;
    let metrics = page(admin, "/metrics").await.1;
    assert!(metrics.contains(line), "{metrics}");

    stop.cancel();
    within(ended).await.unwrap().unwrap();
    assert_eq!(within(told.recv()).await, Some("task told to end"));
}

#[tokio::test]
async fn every_wrong_setting_is_told_before_anything_starts() {
    let env = Env::from_iter([
        ("GATEWAY_PRINCIPAL_KEYS", "AAAA"),
        ("GATEWAY_LISTEN", "everywhere"),
        ("GATEWAY_IN_FLIGHT", "0"),
        ("GATEWAY_TITEL", "desk"),
        ("TELEMETRY_LOGS", "xml"),
        ("HOME_STATE", "usa"),
    ]);
    let error = serve::start::<Desk>(&env).await.unwrap_err().to_string();
    for name in ["_PRINCIPAL_KEYS", "_LISTEN", "_IN_FLIGHT", "_TITEL", "TELEMETRY_LOGS", "HOME_STATE"] {
        assert!(error.contains(name), "{name} is not in {error}");
    }
    let without_keys = serve::settings::<Desk>(&Env::default()).unwrap_err();
    assert_eq!(without_keys.iter().map(|error| error.name.as_str()).collect::<Vec<_>>(), ["GATEWAY_PRINCIPAL_KEYS"]);
}

#[tokio::test]
async fn a_service_that_cannot_start_says_which_and_why() {
    let env = env(&Signer::generate()).with("GATEWAY_TITLE", "closed");
    let error = serve::start::<Desk>(&env).await.unwrap_err();
    assert_eq!(format!("{error:#}"), "start gateway: the desk is closed");
}

#[test]
fn the_docs_list_the_door_the_service_and_the_house() {
    let names: Vec<_> = serve::describe::<Desk>().into_iter().map(|entry| entry.name).collect();
    for name in ["GATEWAY_LISTEN", "GATEWAY_TITLE", "TELEMETRY_OTLP_ENDPOINT", "HOME_STATE"] {
        assert!(names.iter().any(|found| found == name), "{name}");
    }
}

#[tokio::test]
async fn sigterm_is_heard() {
    let heard = tokio::spawn(serve::signalled());
    // The first poll sets the handler; before, the signal would end this process.
    tokio::task::yield_now().await;
    let pid = std::process::id().to_string();
    assert!(Command::new("kill").args(["-TERM", &pid]).status().unwrap().success());
    within(heard).await.unwrap();
}

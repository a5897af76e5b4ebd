//! The end of a process: what is under way ends, nothing new begins, tasks go last.

use crate::desk::{client, open, within};
use proto::gateway::v1::{ApiKey, CreateApiKeyRequest, GetApiKeyRequest};
use std::time::Duration;
use tokio::net::TcpStream;
use tonic::Code;

const LONG: Duration = Duration::from_secs(60);

#[tokio::test]
async fn a_call_under_way_ends_and_a_new_one_is_refused() {
    let mut desk = open().await;
    let address = desk.listen().await;
    let mut client = client(address).await;
    let mut other = client.clone();
    let request = desk.ask(GetApiKeyRequest::default());
    let under_way = tokio::spawn(async move { other.get_api_key(request).await });
    assert_eq!(within(desk.told.recv()).await, Some("begun"));

    let house = desk.house.clone();
    let drained = tokio::spawn(async move { house.drain(LONG).await });
    let refused = async {
        while TcpStream::connect(address).await.is_ok() {
            tokio::task::yield_now().await;
        }
    };
    within(refused).await;
    // Were it begun, it would be told below.
    let late = within(client.get_api_key(desk.ask(GetApiKeyRequest::default()))).await.unwrap_err();
    assert_eq!(late.code(), Code::Unavailable);
    assert!(!drained.is_finished());

    desk.hands.go.notify_one();
    assert_eq!(within(under_way).await.unwrap().unwrap().into_inner().name, "apiKeys/slow");
    assert!(within(drained).await.unwrap());
    assert_eq!(within(desk.told.recv()).await, Some("ended"));
    assert_eq!(within(desk.told.recv()).await, Some("task told to end"));
}

#[tokio::test]
async fn a_write_whose_caller_left_is_waited_for_and_tasks_go_last() {
    let mut desk = open().await;
    let mut client = client(desk.listen().await).await;
    let request = desk.ask(CreateApiKeyRequest { api_key: Some(ApiKey::default()), request_id: String::new() });
    let call = tokio::spawn(async move { client.create_api_key(request).await });
    assert_eq!(within(desk.told.recv()).await, Some("begun"));
    call.abort();
    assert!(call.await.unwrap_err().is_cancelled());

    let house = desk.house.clone();
    let drained = tokio::spawn(async move { house.drain(LONG).await });
    assert_eq!(
        within(async {
            while desk.house.not_ready().is_empty() {
                tokio::task::yield_now().await;
            }
            desk.house.not_ready()
        })
        .await,
        ["the process is stopping"]
    );
    assert!(!drained.is_finished());
    assert!(!desk.house.shutdown.is_cancelled());
    desk.hands.go.notify_one();
    assert!(within(drained).await.unwrap());
    assert_eq!(within(desk.told.recv()).await, Some("ended"));
    assert_eq!(within(desk.told.recv()).await, Some("task told to end"));
}

#[tokio::test]
async fn a_call_that_does_not_end_does_not_hold_the_process() {
    let mut desk = open().await;
    let mut client = client(desk.listen().await).await;
    let request = desk.ask(GetApiKeyRequest::default());
    let call = tokio::spawn(async move { client.get_api_key(request).await });
    assert_eq!(within(desk.told.recv()).await, Some("begun"));
    assert!(!within(desk.house.drain(Duration::from_millis(50))).await);
    assert_eq!(within(desk.told.recv()).await, Some("task told to end"));
    call.abort();
}

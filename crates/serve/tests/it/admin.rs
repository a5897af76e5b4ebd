//! The admin port.

use crate::desk::{Open, open, within};
use http_body_util::{BodyExt as _, Empty};
use hyper::body::Bytes;
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use std::net::SocketAddr;
use std::time::Duration;

/// The status and text of a page.
pub(crate) async fn page(address: SocketAddr, path: &str) -> (u16, String) {
    let client = Client::builder(TokioExecutor::new()).build_http::<Empty<Bytes>>();
    let answer = within(client.get(format!("http://{address}{path}").parse().unwrap())).await.unwrap();
    let status = answer.status().as_u16();
    let text = within(answer.into_body().collect()).await.unwrap().to_bytes();
    (status, String::from_utf8(text.to_vec()).unwrap())
}

async fn admin(desk: &Open) -> SocketAddr {
    desk.house.admin("127.0.0.1:0".parse().unwrap()).await.unwrap()
}

#[tokio::test]
async fn readiness_has_reasons_and_being_alive_needs_none() {
    let desk = open().await;
    let admin = admin(&desk).await;
    assert_eq!(page(admin, "/readyz").await, (200, "ready\n".into()));
    desk.hands.say(Err("has lost its database".into()));
    assert_eq!(page(admin, "/readyz").await, (503, "gateway has lost its database\n".into()));
    assert_eq!(page(admin, "/livez").await, (200, "alive\n".into()));
    desk.hands.say(Ok(()));
    assert_eq!(page(admin, "/readyz").await.0, 200);

    assert!(within(desk.house.drain(Duration::from_secs(60))).await);
    assert_eq!(page(admin, "/readyz").await, (503, "the process is stopping\n".into()));
    assert_eq!(page(admin, "/livez").await.0, 200);
    assert_eq!(page(admin, "/elsewhere").await.0, 404);
}

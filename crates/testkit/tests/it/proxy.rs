//! The proxy does to connections what it is told.

use std::time::Duration;
use testkit::{Proxy, database, until};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

/// A server that sends back what it is sent.
async fn echo() -> std::net::SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            tokio::spawn(async move {
                let (mut read, mut write) = stream.split();
                tokio::io::copy(&mut read, &mut write).await
            });
        }
    });
    address
}

async fn round_trip(stream: &mut TcpStream) -> std::io::Result<u8> {
    stream.write_all(b"!").await?;
    stream.read_u8().await
}

#[tokio::test]
async fn cutting_ends_old_connections_and_lets_new_ones_through() {
    let proxy = Proxy::to(echo().await).await;
    let mut old = TcpStream::connect(proxy.address()).await.unwrap();
    assert_eq!(round_trip(&mut old).await.unwrap(), b'!');
    proxy.cut();
    assert!(round_trip(&mut old).await.is_err());
    let mut new = TcpStream::connect(proxy.address()).await.unwrap();
    assert_eq!(round_trip(&mut new).await.unwrap(), b'!');
}

#[tokio::test]
async fn a_stalled_connection_goes_on_where_it_stood() {
    let proxy = Proxy::to(echo().await).await;
    let mut stream = TcpStream::connect(proxy.address()).await.unwrap();
    assert_eq!(round_trip(&mut stream).await.unwrap(), b'!');
    proxy.stall();
    stream.write_all(b"?").await.unwrap();
    let silence = tokio::time::timeout(Duration::from_millis(50), stream.read_u8()).await;
    assert!(silence.is_err(), "something came through");
    proxy.heal();
    assert_eq!(stream.read_u8().await.unwrap(), b'?');
}

#[tokio::test]
async fn a_refused_server_is_away_until_healed() {
    let proxy = Proxy::to(echo().await).await;
    proxy.refuse();
    // The refusal may come while the client still connects, or after.
    let refused = async { round_trip(&mut TcpStream::connect(proxy.address()).await?).await };
    assert!(refused.await.is_err());
    proxy.heal();
    let mut stream = TcpStream::connect(proxy.address()).await.unwrap();
    assert_eq!(round_trip(&mut stream).await.unwrap(), b'!');
}

#[tokio::test]
async fn a_pool_recovers_when_its_connections_are_cut() {
    let db = database(&[]).await;
    let proxy = Proxy::to(db.upstream()).await;
    let pool = db.pool_through(&proxy).await;
    let one: i32 = sqlx::query_scalar("select 1").fetch_one(&pool).await.unwrap();
    assert_eq!(one, 1);
    proxy.refuse();
    assert!(sqlx::query("select 1").execute(&pool).await.is_err());
    proxy.heal();
    until("the pool has found the server again", async || {
        sqlx::query_scalar::<_, i32>("select 2").fetch_one(&pool).await.ok() == Some(2)
    })
    .await;
}

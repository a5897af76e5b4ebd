//! The socket: HTTP/1.1 and HTTP/2 without TLS on one port, with limits on what is read before a request is one.

use super::Door;
use http::Request;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use std::convert::Infallible;
use std::net::{IpAddr, SocketAddr};
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tonic::body::Body;

/// The most bytes of a request's head.
const HEAD_BYTES: u32 = 16 * 1024;
/// How long a head may take, and how long a connection may be idle between two.
const HEAD_TIME: Duration = Duration::from_secs(10);
/// How long a connection may exist without a first request.
const SILENCE: Duration = Duration::from_secs(30);
/// The most connections at a time.
const MOST_CONNECTIONS: usize = 10_000;
/// The most requests at a time on one HTTP/2 connection.
const MOST_STREAMS: u32 = 256;
/// How often a silent HTTP/2 connection is asked whether it lives, and how long it may take to answer.
const PING: Duration = Duration::from_secs(20);
/// The pause after the system has refused a connection: it is out of something, and asking at once does not help.
const RECOVERY: Duration = Duration::from_millis(50);

/// Answers what comes in at `listener` until `shutdown`; each connection is a task of `tasks`, which ends when the
/// requests it has are answered.
pub(super) async fn listen(door: Door, listener: TcpListener, shutdown: CancellationToken, tasks: TaskTracker) {
    let places = Arc::new(Semaphore::new(MOST_CONNECTIONS));
    let server = Arc::new(server());
    loop {
        let place = Arc::clone(&places).acquire_owned().await.expect("nobody closes the semaphore");
        let accepted = tokio::select! {
            () = shutdown.cancelled() => return,
            accepted = listener.accept() => accepted,
        };
        match accepted {
            Ok((stream, peer)) => {
                let connection = Connection { door: door.clone(), peer, place, shutdown: shutdown.clone() };
                tasks.spawn(connection.serve(stream, Arc::clone(&server)));
            }
            Err(error) => {
                tracing::warn!(%error, "cannot accept a connection");
                sleep(RECOVERY).await;
            }
        }
    }
}

fn server() -> Builder<TokioExecutor> {
    let mut server = Builder::new(TokioExecutor::new());
    server.http1().timer(TokioTimer::new()).header_read_timeout(HEAD_TIME).max_buf_size(HEAD_BYTES as usize);
    server
        .http2()
        .timer(TokioTimer::new())
        .max_header_list_size(HEAD_BYTES)
        .max_concurrent_streams(MOST_STREAMS)
        .initial_stream_window_size(1 << 20)
        .initial_connection_window_size(2 << 20)
        .keep_alive_interval(PING)
        .keep_alive_timeout(PING);
    server
}

struct Connection {
    door: Door,
    peer: SocketAddr,
    place: OwnedSemaphorePermit,
    shutdown: CancellationToken,
}

impl Connection {
    async fn serve(self, stream: TcpStream, server: Arc<Builder<TokioExecutor>>) {
        // Without it small answers wait for acknowledgements; if it cannot be set they do, and no more.
        let _ = stream.set_nodelay(true);
        let asked = AtomicBool::new(false);
        let (door, peer): (&Door, IpAddr) = (&self.door, self.peer.ip());
        let service = service_fn(|request: Request<Incoming>| {
            asked.store(true, Ordering::Relaxed);
            let door = door.clone();
            async move { Ok::<_, Infallible>(door.answer(peer, request.map(Body::new)).await) }
        });
        let mut connection = pin!(server.serve_connection(TokioIo::new(stream), service));
        // A connection that fails is the other side's affair: it went away, or it does not speak HTTP.
        tokio::select! {
            _ = connection.as_mut() => return,
            () = self.shutdown.cancelled() => {}
            () = silent(&asked) => {}
        }
        connection.as_mut().graceful_shutdown();
        let _ = connection.await;
        drop(self.place);
    }
}

/// Ends when a connection has not asked for anything in all the time it has for that.
async fn silent(asked: &AtomicBool) {
    sleep(SILENCE).await;
    if asked.load(Ordering::Relaxed) {
        std::future::pending::<()>().await;
    }
}

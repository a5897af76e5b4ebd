//! A socket: HTTP with every limit set, connections that end when their last call has.
//!
//! hyper is used directly: tonic's own server answers CANCELLED when a deadline passes, before any layer of ours can
//! answer DEADLINE_EXCEEDED.

use http::{Request, Response};
use hyper::body::Incoming;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use std::convert::Infallible;
use std::error::Error;
use std::io;
use std::net::SocketAddr;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tower::Service;

/// The most bytes of one request's headers.
const HEADER_BYTES: u32 = 16 * 1024;
/// The most calls at once on one connection.
const STREAMS: u32 = 1_000;
/// Calls that a client may open and reset before we have begun them; h2's default, against rapid reset
/// (CVE-2023-44487).
const PENDING_RESETS: usize = 20;
/// Calls that we reset, for a client's errors, before the connection is ended; h2's default.
const LOCAL_RESETS: usize = 1_024;
/// What a client may send on one call, and on all together, before we have read it.
const STREAM_WINDOW: u32 = 1024 * 1024;
const CONNECTION_WINDOW: u32 = 4 * 1024 * 1024;
/// A connection that has been quiet this long is asked for a sign of life, and ended without one.
const QUIET: Duration = Duration::from_secs(20);
const SIGN_OF_LIFE: Duration = Duration::from_secs(10);
/// A connection that says nothing at first, or does not end its headers, is ended.
const FIRST_WORD: Duration = Duration::from_secs(10);
/// The pause after the system refused a connection, as when file descriptors have run out.
const BREATH: Duration = Duration::from_millis(50);

/// What a socket speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wire {
    /// HTTP/2 with prior knowledge: gRPC among ourselves.
    Http2,
    /// HTTP/1.1 or HTTP/2, as the client begins: a public door.
    Either,
}

/// Serves on a socket until `stop`, each connection with a service made for the address at its other end; then
/// connections get no new calls and end with their last one. `calls` tracks the socket with its connections.
pub(crate) async fn listen<S, B>(
    address: SocketAddr,
    wire: Wire,
    make: impl Fn(SocketAddr) -> S + Send + 'static,
    calls: &TaskTracker,
    stop: CancellationToken,
) -> io::Result<SocketAddr>
where
    S: Service<Request<Incoming>, Response = Response<B>, Error = Infallible> + Clone + Send + 'static,
    S::Future: Send + 'static,
    B: http_body::Body + Send + 'static,
    B::Data: Send,
    B::Error: Into<Box<dyn Error + Send + Sync>>,
{
    let listener = TcpListener::bind(address).await?;
    let bound = listener.local_addr()?;
    let builder = builder(wire);
    calls.spawn(async move {
        let connections = GracefulShutdown::new();
        while let Some((stream, peer)) = next(&listener, &stop).await {
            let service = TowerToHyperService::new(make(peer));
            let (builder, watcher) = (builder.clone(), connections.watcher());
            let stop = stop.clone();
            tokio::spawn(async move {
                let spoke = tokio::select! {
                    () = stop.cancelled() => false,
                    spoke = timeout(FIRST_WORD, stream.readable()) => matches!(spoke, Ok(Ok(()))),
                };
                if !spoke {
                    return;
                }
                let connection = builder.serve_connection(TokioIo::new(stream), service);
                if let Err(error) = watcher.watch(connection).await {
                    tracing::debug!(%error, "a connection ended badly");
                }
            });
        }
        // Refuses new connections from here on.
        drop(listener);
        connections.shutdown().await;
    });
    Ok(bound)
}

/// The next connection; `None` when it is time to stop.
async fn next(listener: &TcpListener, stop: &CancellationToken) -> Option<(TcpStream, SocketAddr)> {
    loop {
        let accepted = tokio::select! {
            biased;
            () = stop.cancelled() => return None,
            accepted = listener.accept() => accepted,
        };
        match accepted.and_then(|(stream, peer)| stream.set_nodelay(true).map(|()| (stream, peer))) {
            Ok(accepted) => return Some(accepted),
            Err(error) => {
                tracing::warn!(%error, "a connection cannot be accepted");
                sleep(BREATH).await;
            }
        }
    }
}

fn builder(wire: Wire) -> Builder<TokioExecutor> {
    let mut builder = Builder::new(TokioExecutor::new());
    builder.http1().timer(TokioTimer::new()).header_read_timeout(FIRST_WORD).max_buf_size(HEADER_BYTES as usize);
    builder
        .http2()
        .timer(TokioTimer::new())
        .max_header_list_size(HEADER_BYTES)
        .max_concurrent_streams(STREAMS)
        .max_pending_accept_reset_streams(PENDING_RESETS)
        .max_local_error_reset_streams(LOCAL_RESETS)
        .initial_stream_window_size(STREAM_WINDOW)
        .initial_connection_window_size(CONNECTION_WINDOW)
        .keep_alive_interval(QUIET)
        .keep_alive_timeout(SIGN_OF_LIFE);
    match wire {
        Wire::Http2 => builder.http2_only(),
        Wire::Either => builder,
    }
}

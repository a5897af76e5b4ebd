//! A socket: HTTP with every limit set, connections that end when their last call has.
//!
//! hyper is used directly: tonic's own server answers CANCELLED when a deadline passes, before any layer of ours can
//! answer DEADLINE_EXCEEDED.

use crate::client::{Bounds, Client, Connection, Seats};
use crate::tls::{Certified, Tls};
use http::{Request, Response};
use hyper::body::Incoming;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use hyper_util::server::graceful::GracefulConnection;
use hyper_util::service::TowerToHyperService;
use std::convert::Infallible;
use std::error::Error;
use std::fmt::Display;
use std::future::pending;
use std::io;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::time::{sleep, timeout};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tower::{Service, ServiceExt as _};

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
/// How long the other calls of a connection get to end whose client takes nothing of one.
const GRACE: Duration = Duration::from_secs(10);
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

/// Serves on a socket until `stop`, each connection with a service made for whoever is at its other end; then
/// connections get no new calls and end with their last one. `calls` tracks the socket with its connections.
pub(crate) async fn listen<S, B>(
    address: SocketAddr,
    wire: Wire,
    tls: Option<Arc<Tls>>,
    bounds: Bounds,
    make: impl Fn(&Client) -> S + Send + 'static,
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
    let connections = calls.clone();
    calls.spawn(async move {
        let (seats, age) = (Seats::new(bounds.total, bounds.of_address, bounds.spared), bounds.age);
        let mut is_full = false;
        while let Some((stream, peer)) = next(&listener, &stop).await {
            // Whoever is one too many is not spoken to. Told once, and again when there was room in between.
            let Some(seat) = seats.take(peer.ip()) else {
                if !is_full {
                    tracing::warn!(
                        "connections are refused: there are as many as there may be, in all or of an address"
                    );
                }
                is_full = true;
                continue;
            };
            is_full = false;
            let client = Client { address: peer, connection: Connection::default() };
            let (service, connection) = (make(&client), client.connection);
            let (builder, stop, tls) = (builder.clone(), stop.clone(), tls.clone());
            connections.spawn(async move {
                let _seat = seat;
                let spoke = tokio::select! {
                    () = stop.cancelled() => false,
                    spoke = timeout(FIRST_WORD, stream.readable()) => matches!(spoke, Ok(Ok(()))),
                };
                if !spoke {
                    return;
                }
                let ended = match tls {
                    None => {
                        let service = TowerToHyperService::new(service);
                        attend(builder.serve_connection(TokioIo::new(stream), service), &stop, &connection, age).await
                    }
                    Some(tls) => {
                        let Some((stream, certified)) = shake_hands(&tls, stream).await else { return };
                        let service =
                            TowerToHyperService::new(service.map_request(move |request| known(request, &certified)));
                        attend(builder.serve_connection(TokioIo::new(stream), service), &stop, &connection, age).await
                    }
                };
                if let Err(error) = ended {
                    tracing::debug!(error, "a connection ended badly");
                }
            });
        }
        // Refuses new connections from here on.
        drop(listener);
    });
    Ok(bound)
}

/// Serves a connection until its client ends it, the process stops, or it is old: then it gets no new calls and ends with
/// its last one. One whose client takes nothing of what it asked for ends a while after it was told so.
async fn attend<C>(
    serving: C,
    stop: &CancellationToken,
    connection: &Connection,
    age: Option<Duration>,
) -> Result<(), String>
where
    C: GracefulConnection,
    C::Error: Display,
{
    let mut serving = pin!(serving);
    let old = async {
        match age {
            // Those that began together do not all come again together.
            Some(age) => sleep(age.mul_f64(0.9 + 0.2 * connection.lot())).await,
            None => pending().await,
        }
    };
    tokio::select! {
        ended = serving.as_mut() => return ended.map_err(|error| error.to_string()),
        () = stop.cancelled() => {}
        () = old => {}
        () = connection.ended() => {}
    }
    serving.as_mut().graceful_shutdown();
    let forced = async {
        connection.ended().await;
        sleep(GRACE).await;
    };
    tokio::select! {
        ended = serving => ended.map_err(|error| error.to_string()),
        () = forced => Err("the client took nothing of what it had asked for".to_owned()),
    }
}

/// Begins TLS, and knows the client by its certificate if it has one; `None` if that fails or takes too long.
async fn shake_hands(tls: &Tls, stream: TcpStream) -> Option<(TlsStream<TcpStream>, Option<Arc<Certified>>)> {
    let accepted = timeout(FIRST_WORD, TlsAcceptor::from(tls.config()).accept(stream)).await;
    match accepted {
        Ok(Ok(stream)) => {
            let chain = stream.get_ref().1.peer_certificates();
            let certified = chain.and_then(|chain| tls.certified(chain)).map(Arc::new);
            Some((stream, certified))
        }
        Ok(Err(error)) => {
            tracing::debug!(%error, "a TLS handshake failed");
            None
        }
        Err(_) => None,
    }
}

/// A request with its client's certificate among the extensions.
fn known(mut request: Request<Incoming>, certified: &Option<Arc<Certified>>) -> Request<Incoming> {
    if let Some(certified) = certified {
        request.extensions_mut().insert(Arc::clone(certified));
    }
    request
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

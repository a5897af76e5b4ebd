//! A TCP proxy to a server that cuts, stalls or refuses connections when told to.

use crate::RUNTIME;
use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _, split};
use tokio::net::{TcpListener, TcpStream, UnixStream};
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// Where a proxy leads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Upstream {
    /// `host:port`.
    Tcp(String),
    /// A unix socket.
    Unix(PathBuf),
}

impl From<SocketAddr> for Upstream {
    fn from(address: SocketAddr) -> Self {
        Self::Tcp(address.to_string())
    }
}

/// What the proxy does with what it is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mode {
    Pass,
    Stall,
    Refuse,
}

/// The order in force: a mode, and how often connections were cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Order {
    mode: Mode,
    cuts: u64,
}

/// A proxy on a port of 127.0.0.1. Dropped, it cuts what it carries and closes the port.
#[derive(Debug)]
pub struct Proxy {
    address: SocketAddr,
    order: Arc<watch::Sender<Order>>,
    listening: JoinHandle<()>,
}

impl Proxy {
    /// Opens a proxy.
    pub async fn to(upstream: impl Into<Upstream>) -> Self {
        let upstream = upstream.into();
        let order = Arc::new(watch::Sender::new(Order { mode: Mode::Pass, cuts: 0 }));
        let listener = RUNTIME.spawn(TcpListener::bind("127.0.0.1:0")).await.expect("the runtime runs on");
        let listener = listener.expect("a port is free");
        let address = listener.local_addr().expect("the listener is bound");
        let listening = RUNTIME.spawn(listen(listener, upstream, order.clone()));
        Self { address, order, listening }
    }

    /// Where clients connect.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Cuts every connection there is; new ones are let through.
    pub fn cut(&self) {
        self.order.send_modify(|order| order.cuts += 1);
    }

    /// Keeps connections open and lets nothing through, until healed: the network has gone silent.
    pub fn stall(&self) {
        self.order.send_modify(|order| order.mode = Mode::Stall);
    }

    /// Cuts every connection and every new one: the server is away.
    pub fn refuse(&self) {
        self.order.send_modify(|order| *order = Order { mode: Mode::Refuse, cuts: order.cuts + 1 });
    }

    /// Lets everything through again. What was stalled goes on where it stood.
    pub fn heal(&self) {
        self.order.send_modify(|order| order.mode = Mode::Pass);
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.refuse();
        self.listening.abort();
    }
}

async fn listen(listener: TcpListener, upstream: Upstream, order: Arc<watch::Sender<Order>>) {
    loop {
        let Ok((client, _)) = listener.accept().await else { continue };
        if order.borrow().mode == Mode::Refuse {
            reset(client);
            continue;
        }
        let (upstream, order) = (upstream.clone(), order.subscribe());
        tokio::spawn(async move {
            let mut until_cut = order.clone();
            let cuts = order.borrow().cuts;
            tokio::select! {
                _ = until_cut.wait_for(|order| order.cuts > cuts) => {}
                // A side that goes away ends the connection; that is what a proxy is for.
                _ = carry(client, &upstream, &order) => {}
            }
        });
    }
}

/// Closes with RST instead of FIN, as a machine does where nothing listens.
fn reset(client: TcpStream) {
    // A failure leaves an ordinary close.
    drop(client.set_zero_linger());
}

async fn carry(client: TcpStream, upstream: &Upstream, order: &watch::Receiver<Order>) -> io::Result<()> {
    client.set_nodelay(true)?;
    match upstream {
        Upstream::Tcp(address) => {
            let server = TcpStream::connect(address).await?;
            server.set_nodelay(true)?;
            both_ways(client, server, order).await
        }
        Upstream::Unix(path) => both_ways(client, UnixStream::connect(path).await?, order).await,
    }
}

async fn both_ways<A, B>(client: A, server: B, order: &watch::Receiver<Order>) -> io::Result<()>
where
    A: AsyncRead + AsyncWrite,
    B: AsyncRead + AsyncWrite,
{
    let (from_client, to_client) = split(client);
    let (from_server, to_server) = split(server);
    tokio::try_join!(pump(from_client, to_server, order.clone()), pump(from_server, to_client, order.clone()))?;
    Ok(())
}

/// Carries bytes one way, as long as the order lets them pass.
async fn pump(
    mut from: impl AsyncRead + Unpin,
    mut to: impl AsyncWrite + Unpin,
    mut order: watch::Receiver<Order>,
) -> io::Result<()> {
    let mut buffer = vec![0; 16 * 1024];
    loop {
        let read = from.read(&mut buffer).await?;
        let healed = order.wait_for(|order| order.mode != Mode::Stall).await;
        healed.map_err(|_| io::Error::from(io::ErrorKind::ConnectionAborted))?;
        if read == 0 {
            return to.shutdown().await;
        }
        to.write_all(&buffer[..read]).await?;
    }
}

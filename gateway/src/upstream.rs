//! Upstreams: the services behind the door, in this process or elsewhere, by the proto package they serve.

use anyhow::ensure;
use config::Value;
use fault::Fault;
use http::{Request, Response};
use layers::client::Outgoing;
use proto::contract::Contract;
use proto::policy::v1::Reason;
use std::collections::BTreeMap;
use std::error::Error;
use std::fmt;
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use tonic::body::Body;
use tonic::transport::{Channel, Endpoint};
use tower::{Layer as _, ServiceExt as _};

/// A service in this process, layers and all.
pub type Local = layers::CallService;

/// The most connections to one address. An HTTP/2 connection is one lock and one task; four carry a fifth more where
/// there are processors for them. Where there is one, they only split what a single write would have carried.
const CHANNELS: usize = 4;

/// The connections for streams. One carries a thousand (`serve`), and they last for hours: on the calls' own connections
/// they would leave calls nowhere to go.
const STREAM_CHANNELS: usize = 3;

/// Where calls to one service go.
pub enum Upstream {
    /// Into this process.
    Local(Local),
    /// Over HTTP/2 to another one.
    Remote {
        /// Connections, used in turn.
        channels: Box<[Channel]>,
        /// Those of streams.
        streams: Box<[Channel]>,
        /// Whose turn it is.
        turn: AtomicUsize,
    },
}

impl Upstream {
    /// A service at an address. It is connected to when it is first called. To be called within a runtime.
    pub fn remote(address: Endpoint) -> Self {
        let endpoint = address
            .connect_timeout(Duration::from_secs(2))
            .tcp_nodelay(true)
            .http2_keep_alive_interval(Duration::from_secs(20))
            .keep_alive_timeout(Duration::from_secs(5))
            .keep_alive_while_idle(true)
            .initial_stream_window_size(1 << 20)
            .initial_connection_window_size(4 << 20);
        let processors = std::thread::available_parallelism().map_or(1, NonZeroUsize::get);
        let connections = |number: usize| (0..number).map(|_| endpoint.connect_lazy()).collect();
        let (channels, streams) = (connections(processors.min(CHANNELS)), connections(STREAM_CHANNELS));
        Self::Remote { channels, streams, turn: AtomicUsize::new(0) }
    }

    /// Sends a call that comes and goes, with the deadline and the trace of its extensions.
    ///
    /// # Errors
    /// `UNAVAILABLE` if the service cannot be reached; as an answer, or here if there is no connection to try.
    pub(crate) async fn call(&self, request: Request<Body>) -> Result<Response<Body>, Fault> {
        self.send(request, false).await
    }

    /// Sends a call, or opens a stream, as [`Upstream::call`].
    pub(crate) async fn send(&self, request: Request<Body>, is_stream: bool) -> Result<Response<Body>, Fault> {
        let outgoing = Outgoing::default();
        match self {
            Self::Local(service) => match outgoing.layer(service.clone()).oneshot(request).await {
                Ok(response) => Ok(response),
                Err(never) => match never {},
            },
            Self::Remote { channels, streams, turn } => {
                let channels = if is_stream { streams } else { channels };
                let channel = channels[turn.fetch_add(1, Ordering::Relaxed) % channels.len()].clone();
                // What is wrong is told here, since only that something is wrong is told to the caller.
                let channel = channel.map_err(|error| {
                    tracing::warn!(error = %Chain(&error), "a service cannot be reached");
                    error
                });
                outgoing.layer(channel).oneshot(request).await.map_err(away)
            }
        }
    }
}

/// An error with all that led to it.
struct Chain<'e>(&'e (dyn Error + 'static));

impl fmt::Display for Chain<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)?;
        let mut next = self.0.source();
        while let Some(error) = next {
            write!(f, ": {error}")?;
            next = error.source();
        }
        Ok(())
    }
}

fn away(error: tonic::transport::Error) -> Fault {
    let fault = Fault::new(Reason::Unavailable, "the service that answers this is away");
    fault.retry_after(Duration::from_secs(1)).caused_by(error)
}

impl fmt::Debug for Upstream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Local(_) => "Local",
            Self::Remote { .. } => "Remote",
        })
    }
}

/// Addresses of services in other processes, as a setting has them: `accreditation=http://accreditation:9000`.
#[derive(Clone, Debug, Default)]
pub struct Addresses(BTreeMap<String, Endpoint>);

impl Value for Addresses {
    fn parse(text: &str) -> Result<Self, String> {
        let mut addresses = BTreeMap::new();
        let mut mistakes = Vec::new();
        for entry in text.split(',').map(str::trim).filter(|entry| !entry.is_empty()) {
            let parts = entry.split_once('=').map(|(service, address)| (service.trim(), address.trim()));
            let Some((service, address)) = parts else {
                mistakes.push(format!("has {entry}, which is not service=address"));
                continue;
            };
            match Endpoint::from_shared(address.to_owned()) {
                Ok(endpoint) if endpoint.uri().host().is_some() => {
                    if addresses.insert(service.to_owned(), endpoint).is_some() {
                        mistakes.push(format!("has two addresses for {service}"));
                    }
                }
                _ => mistakes.push(format!("has {address}, which is not an address")),
            }
        }
        if mistakes.is_empty() { Ok(Self(addresses)) } else { Err(mistakes.join("; ")) }
    }

    fn absent() -> Option<Self> {
        Some(Self::default())
    }

    fn kind() -> String {
        "services and their addresses: `name=http://host:port,…`".to_owned()
    }
}

impl Addresses {
    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// The upstream of each service of the contract: `accreditation`, `gateway`.
#[derive(Clone, Debug, Default)]
pub struct Upstreams(BTreeMap<String, Arc<Upstream>>);

impl Upstreams {
    /// Services in other processes. To be called within a runtime.
    pub fn at(addresses: Addresses) -> Self {
        let upstream = |(service, address)| (service, Arc::new(Upstream::remote(address)));
        Self(addresses.0.into_iter().map(upstream).collect())
    }

    /// Sends the calls of a service there.
    #[must_use]
    pub fn with(mut self, service: &str, upstream: Upstream) -> Self {
        self.0.insert(service.to_owned(), Arc::new(upstream));
        self
    }

    /// The upstream of a service.
    pub fn get(&self, service: &str) -> Option<&Arc<Upstream>> {
        self.0.get(service)
    }

    /// Checks that the contract knows every service named here.
    ///
    /// # Errors
    /// It does not.
    pub fn check(&self, contract: &Contract) -> anyhow::Result<()> {
        let known = contract.services();
        let strange: Vec<_> = self.0.keys().filter(|service| !known.contains(&service.as_str())).cloned().collect();
        ensure!(strange.is_empty(), "the contract has no service {}", strange.join(", "));
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Upstreams {
        Upstreams::at(Addresses::parse(text).unwrap())
    }

    #[tokio::test]
    async fn upstreams_are_read_from_one_setting() {
        let upstreams = read("accreditation=http://a:1, gateway=http://[::1]:2,");
        assert!(upstreams.get("accreditation").is_some() && upstreams.get("gateway").is_some());
        upstreams.check(proto::contract::contract()).unwrap();
        assert!(read("trades=http://a:1").check(proto::contract::contract()).is_err());
    }

    #[test]
    fn every_mistake_is_named_at_once() {
        let error = Addresses::parse("a, b=a b, c=http://a:1, c=http://b:1").unwrap_err();
        for part in ["a, which is not service=address", "has a b, which is not an address", "two addresses for c"] {
            assert!(error.contains(part), "{part} is not in: {error}");
        }
    }

    #[tokio::test]
    async fn streams_go_over_connections_of_their_own() {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let upstreams = read(&format!("gateway=http://{}", listener.local_addr().unwrap()));
        let upstream = upstreams.get("gateway").unwrap();
        let Upstream::Remote { channels, .. } = &**upstream else { panic!("it is elsewhere") };
        // Whoever is called never answers: what is counted is who comes.
        let send = |is_stream| {
            let upstream = Arc::clone(upstream);
            tokio::spawn(async move { upstream.send(Request::new(Body::empty()), is_stream).await })
        };
        let mut came = Vec::new();
        for _ in 0..channels.len() {
            let _calling = send(false);
            came.push(listener.accept().await.unwrap());
        }
        let _watching = send(true);
        let another = tokio::time::timeout(Duration::from_secs(20), listener.accept()).await;
        came.push(another.expect("a stream does not share the connections of calls").unwrap());
    }

    #[tokio::test]
    async fn a_service_that_is_not_there_is_unavailable() {
        let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let upstreams = read(&format!("gateway=http://127.0.0.1:{port}"));
        let answer = upstreams.get("gateway").unwrap().call(Request::new(Body::empty())).await.unwrap();
        let status = tonic::Status::from_header_map(answer.headers()).unwrap();
        assert_eq!(status.code(), tonic::Code::Unavailable);
    }
}

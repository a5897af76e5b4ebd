//! Upstreams: the services behind the door, in this process or elsewhere, by the proto package they serve.

use anyhow::{Context as _, bail, ensure};
use fault::Fault;
use http::{Request, Response};
use proto::contract::Contract;
use proto::policy::v1::Reason;
use std::collections::BTreeMap;
use std::convert::Infallible;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use tonic::body::Body;
use tonic::transport::{Channel, Endpoint};
use tower::util::BoxCloneSyncService;
use tower::{Service as _, ServiceExt as _};

/// A service in this process, layers and all.
pub type Local = BoxCloneSyncService<Request<Body>, Response<Body>, Infallible>;

/// Connections to one address. An HTTP/2 connection is one lock and one task; four carry a fifth more.
const CHANNELS: usize = 4;

/// Where calls to one service go.
pub enum Upstream {
    /// Into this process.
    Local(Local),
    /// Over HTTP/2 to another one.
    Remote {
        /// Connections, used in turn.
        channels: [Channel; CHANNELS],
        /// Whose turn it is.
        turn: AtomicUsize,
    },
}

impl Upstream {
    /// A service at an address: `http://accreditation:9000`. It is connected to when it is first called.
    ///
    /// # Errors
    /// The address cannot be one.
    pub fn remote(address: &str) -> anyhow::Result<Self> {
        let endpoint = Endpoint::from_shared(address.to_owned())
            .with_context(|| format!("{address} is not an address"))?
            .connect_timeout(Duration::from_secs(2))
            .tcp_nodelay(true)
            .http2_keep_alive_interval(Duration::from_secs(20))
            .keep_alive_timeout(Duration::from_secs(5))
            .keep_alive_while_idle(true)
            .initial_stream_window_size(1 << 20)
            .initial_connection_window_size(4 << 20);
        let channels = std::array::from_fn(|_| endpoint.connect_lazy());
        Ok(Self::Remote { channels, turn: AtomicUsize::new(0) })
    }

    /// Sends a call.
    ///
    /// # Errors
    /// `UNAVAILABLE` if the service cannot be reached.
    pub async fn call(&self, request: Request<Body>) -> Result<Response<Body>, Fault> {
        match self {
            Self::Local(service) => match service.clone().oneshot(request).await {
                Ok(response) => Ok(response),
                Err(never) => match never {},
            },
            Self::Remote { channels, turn } => {
                let mut channel = channels[turn.fetch_add(1, Ordering::Relaxed) % CHANNELS].clone();
                let ready = channel.ready().await.map_err(away)?;
                ready.call(request).await.map_err(away)
            }
        }
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

/// The upstream of each service of the contract: `accreditation`, `gateway`.
#[derive(Clone, Debug, Default)]
pub struct Upstreams(BTreeMap<String, Arc<Upstream>>);

impl Upstreams {
    /// Reads `accreditation=http://host:port,…`, the text of a setting.
    ///
    /// # Errors
    /// All that is wrong with it.
    pub fn read(text: &str) -> anyhow::Result<Self> {
        let mut upstreams = Self::default();
        let mut mistakes = Vec::new();
        for entry in text.split(',').map(str::trim).filter(|entry| !entry.is_empty()) {
            match read_one(entry) {
                Ok((service, upstream)) if !upstreams.0.contains_key(service) => upstreams.insert(service, upstream),
                Ok((service, _)) => mistakes.push(format!("{service} has two addresses")),
                Err(error) => mistakes.push(format!("{error:#}")),
            }
        }
        ensure!(mistakes.is_empty(), "{}", mistakes.join("; "));
        Ok(upstreams)
    }

    /// Sends the calls of a service there.
    pub fn insert(&mut self, service: &str, upstream: Upstream) {
        self.0.insert(service.to_owned(), Arc::new(upstream));
    }

    /// Sends the calls of a service there.
    #[must_use]
    pub fn with(mut self, service: &str, upstream: Upstream) -> Self {
        self.insert(service, upstream);
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
        if strange.is_empty() {
            return Ok(());
        }
        bail!("the contract has no service {}", strange.join(", "))
    }
}

fn read_one(entry: &str) -> anyhow::Result<(&str, Upstream)> {
    let (service, address) = entry.split_once('=').with_context(|| format!("{entry} is not service=address"))?;
    Ok((service.trim(), Upstream::remote(address.trim())?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn upstreams_are_read_from_one_setting() {
        let upstreams = Upstreams::read("accreditation=http://a:1, gateway=http://[::1]:2,").unwrap();
        assert!(upstreams.get("accreditation").is_some() && upstreams.get("gateway").is_some());
        upstreams.check(proto::contract::contract()).unwrap();
        assert!(Upstreams::read("trades=http://a:1").unwrap().check(proto::contract::contract()).is_err());
    }

    #[tokio::test]
    async fn every_mistake_is_named_at_once() {
        let error = Upstreams::read("a, b=:, c=http://a:1, c=http://b:1").unwrap_err().to_string();
        for part in ["a is not service=address", ": is not an address", "c has two addresses"] {
            assert!(error.contains(part), "{part} is not in: {error}");
        }
    }

    #[tokio::test]
    async fn a_service_that_is_not_there_is_unavailable() {
        let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let upstream = Upstream::remote(&format!("http://127.0.0.1:{port}")).unwrap();
        let fault = upstream.call(Request::new(Body::empty())).await.unwrap_err();
        assert_eq!((fault.reason(), fault.http()), ("UNAVAILABLE", 503));
    }
}

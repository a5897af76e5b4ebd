//! The house: what the services of one process share, from their start to their end.

use crate::readiness::Readiness;
use crate::{Bounds, Client, Tls, Wire, admin, listen};
use config::Home;
use http::{Request, Response};
use hyper::body::Incoming;
use identity::Verifier;
use layers::Limits;
use std::convert::Infallible;
use std::error::Error;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tower::Service;

/// What the services of one process share. A clone is the same house.
#[derive(Clone, Debug)]
pub struct House {
    /// Whose foreign service it is.
    pub home: Arc<Home>,
    /// Who vouches for callers. One for all services, so that a token is verified once.
    pub verifier: Arc<Verifier>,
    /// How much each service takes on.
    pub limits: Limits,
    /// Cancelled when tasks are to end: after the last call, since a call may need them.
    pub shutdown: CancellationToken,
    /// Where services spawn their tasks. The process ends after them.
    pub tasks: TaskTracker,
    /// Cancelled when nothing new is to begin.
    pub(crate) stop: CancellationToken,
    /// Sockets with their connections, and writes that run on their own.
    pub(crate) calls: TaskTracker,
    pub(crate) readiness: Readiness,
}

impl House {
    /// A house in which nothing lives yet.
    pub fn new(home: Home, verifier: Verifier, limits: Limits) -> Self {
        let stop = CancellationToken::new();
        Self {
            home: Arc::new(home),
            verifier: Arc::new(verifier),
            limits,
            shutdown: CancellationToken::new(),
            tasks: TaskTracker::new(),
            readiness: Readiness::new(stop.clone()),
            stop,
            calls: TaskTracker::new(),
        }
    }

    /// Puts a service on a socket until the process stops, and says where: services of our own with [`Wire::Http2`],
    /// a public door with [`Wire::Either`].
    pub async fn listen<S, B>(&self, address: SocketAddr, wire: Wire, service: S) -> io::Result<SocketAddr>
    where
        S: Service<Request<Incoming>, Response = Response<B>, Error = Infallible> + Clone + Send + 'static,
        S::Future: Send + 'static,
        B: http_body::Body + Send + 'static,
        B::Data: Send,
        B::Error: Into<Box<dyn Error + Send + Sync>>,
    {
        self.listen_each(address, wire, None, Bounds::default(), move |_| service.clone()).await
    }

    /// As [`House::listen`], within bounds, with a service for each connection, made for whoever is at its other end. With
    /// TLS, a request of a client whose certificate one of our authorities vouches for has `Arc<Certified>` among its
    /// extensions.
    pub async fn listen_each<S, B>(
        &self,
        address: SocketAddr,
        wire: Wire,
        tls: Option<Arc<Tls>>,
        bounds: Bounds,
        make: impl Fn(&Client) -> S + Send + 'static,
    ) -> io::Result<SocketAddr>
    where
        S: Service<Request<Incoming>, Response = Response<B>, Error = Infallible> + Clone + Send + 'static,
        S::Future: Send + 'static,
        B: http_body::Body + Send + 'static,
        B::Data: Send,
        B::Error: Into<Box<dyn Error + Send + Sync>>,
    {
        if let Some(tls) = &tls {
            self.tasks.spawn(Arc::clone(tls).keep_fresh(self.shutdown.clone()));
        }
        listen::listen(address, wire, tls, bounds, make, &self.calls, self.stop.clone()).await
    }

    /// Cancelled when the process begins to stop: what lasts as long as its caller likes is to end then.
    pub fn stopping(&self) -> CancellationToken {
        self.stop.child_token()
    }

    /// Opens the admin port, and says where. It stays open until the process ends.
    pub async fn admin(&self, address: SocketAddr) -> io::Result<SocketAddr> {
        admin::listen(address, self.readiness.clone()).await
    }

    /// Every reason why the process is not ready; none if it is.
    pub fn not_ready(&self) -> Vec<String> {
        self.readiness.reasons()
    }

    /// Ends what lives here, in this order: readiness, new connections and calls, calls under way, tasks. Calls get
    /// at most `limit` to end, and so do tasks after them. Whether all of them ended.
    pub async fn drain(&self, limit: Duration) -> bool {
        self.stop.cancel();
        self.calls.close();
        let calls_ended = timeout(limit, self.calls.wait()).await.is_ok();
        self.shutdown.cancel();
        self.tasks.close();
        let tasks_ended = timeout(limit, self.tasks.wait()).await.is_ok();
        if !calls_ended {
            tracing::warn!(left = self.calls.len(), "some calls did not end in time");
        }
        if !tasks_ended {
            tracing::warn!(left = self.tasks.len(), "some tasks did not end in time");
        }
        calls_ended && tasks_ended
    }
}

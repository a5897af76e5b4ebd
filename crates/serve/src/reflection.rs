//! Server reflection in both versions there are, read from the descriptors when somebody first asks.

use http::{Request, Response};
use std::collections::BTreeSet;
use std::convert::Infallible;
use std::fmt;
use std::sync::{Arc, LazyLock};
use std::task::{Context, Poll};
use tonic::body::Body;
use tonic::server::NamedService;
use tonic::service::Routes;
use tonic_health::pb::FILE_DESCRIPTOR_SET as HEALTH;
use tonic_reflection::server::Builder;
use tower::Service;

/// Adds reflection to what is served. It lists health and these gRPC services, or all of the contract if none is given.
pub fn reflection(routes: Routes, grpc_services: &BTreeSet<String>) -> Routes {
    let names = Arc::new(grpc_services.clone());
    let (v1, v1alpha) = (names.clone(), names);
    let read = "the build compiled these descriptors";
    let routes = routes.add_service(Lazy::new(move || builder(&v1).build_v1().expect(read)));
    routes.add_service(Lazy::new(move || builder(&v1alpha).build_v1alpha().expect(read)))
}

fn builder(grpc_services: &BTreeSet<String>) -> Builder<'static> {
    let builder = Builder::configure().register_encoded_file_descriptor_set(proto::DESCRIPTORS_UNCOMMENTED);
    let builder = builder.register_encoded_file_descriptor_set(HEALTH);
    if grpc_services.is_empty() {
        return builder;
    }
    let builder = builder.with_service_name("grpc.health.v1.Health");
    grpc_services.iter().fold(builder, |builder, name| builder.with_service_name(name))
}

/// A service made when it is first called: a decoded contract is a tenth of an idle process.
struct Lazy<S>(Arc<LazyLock<S, Box<dyn FnOnce() -> S + Send + Sync>>>);

impl<S> Lazy<S> {
    fn new(make: impl FnOnce() -> S + Send + Sync + 'static) -> Self {
        Self(Arc::new(LazyLock::new(Box::new(make))))
    }
}

impl<S> Clone for Lazy<S> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<S> fmt::Debug for Lazy<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Lazy")
    }
}

impl<S: NamedService> NamedService for Lazy<S> {
    const NAME: &'static str = S::NAME;
}

impl<S> Service<Request<Body>> for Lazy<S>
where
    S: Service<Request<Body>, Response = Response<Body>, Error = Infallible> + Clone,
{
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = S::Future;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        // Reflection is always ready.
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        S::clone(&self.0).call(request)
    }
}

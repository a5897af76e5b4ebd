//! Brings a service into a house: starts it, and puts layers, health and reflection around it.

use crate::{House, Service, Wire};
use anyhow::Context as _;
use http::Request;
use hyper::body::Incoming;
use layers::CallService;
use std::collections::BTreeSet;
use std::io;
use std::net::SocketAddr;
use tokio::sync::watch;
use tonic::body::Body;
use tonic_health::ServingStatus;
use tonic_health::server::HealthReporter;
use tower::ServiceExt as _;

/// A service at work in this process.
#[derive(Clone, Debug)]
pub struct Hosted {
    /// Its name.
    pub name: &'static str,
    /// The service behind its layers, to be called in this process, without a socket.
    pub service: CallService,
    house: House,
}

/// Starts a service in a house. It serves when this returns.
pub async fn host<S: Service>(settings: S::Settings, house: House) -> anyhow::Result<Hosted> {
    house.readiness.expect(S::NAME);
    let started = S::start(settings, house.clone()).await.with_context(|| format!("start {}", S::NAME))?;
    let readiness = started.readiness.unwrap_or_else(|| watch::channel(Ok(())).1);
    house.readiness.follow(S::NAME, readiness.clone());

    let (reporter, health) = tonic_health::server::health_reporter();
    let grpc_services = grpc_services(S::NAME);
    report(&reporter, &grpc_services, &readiness).await;
    house.calls.spawn(keep_reporting(reporter, grpc_services.clone(), readiness, house.clone()));
    let routes = crate::reflection(started.routes.add_service(health), &grpc_services).prepare();

    let (verifier, calls) = (house.verifier.clone(), house.calls.clone());
    let contract = proto::contract::contract();
    let service = layers::service_stack(routes, S::NAME, contract, verifier, house.limits, calls);
    Ok(Hosted { name: S::NAME, service, house })
}

impl Hosted {
    /// Puts the service on a socket besides, until the process stops, and says where.
    pub async fn listen(&self, address: SocketAddr) -> io::Result<SocketAddr> {
        let service = self.service.clone().map_request(|request: Request<Incoming>| request.map(Body::new));
        self.house.listen(address, Wire::Http2, service).await
    }
}

/// The full names of a service's gRPC services: `legation.accreditation.v1.MissionService`.
fn grpc_services(service: &str) -> BTreeSet<String> {
    let methods = proto::contract::contract().methods_of(service);
    methods.map(|method| method.descriptor().parent_service().full_name().to_owned()).collect()
}

/// Tells health what readiness says, for each gRPC service and, under the empty name, for all.
async fn report(
    reporter: &HealthReporter,
    grpc_services: &BTreeSet<String>,
    readiness: &watch::Receiver<Result<(), String>>,
) {
    let ready = readiness.borrow().is_ok();
    let status = if ready { ServingStatus::Serving } else { ServingStatus::NotServing };
    set(reporter, grpc_services, status).await;
}

async fn set(reporter: &HealthReporter, grpc_services: &BTreeSet<String>, status: ServingStatus) {
    reporter.set_service_status("", status).await;
    for name in grpc_services {
        reporter.set_service_status(name, status).await;
    }
}

/// Follows readiness until the process stops.
async fn keep_reporting(
    reporter: HealthReporter,
    grpc_services: BTreeSet<String>,
    mut readiness: watch::Receiver<Result<(), String>>,
    house: House,
) {
    loop {
        tokio::select! {
            biased;
            () = house.stop.cancelled() => break,
            changed = readiness.changed() => {
                if changed.is_err() {
                    // Nobody is left to say otherwise.
                    house.stop.cancelled().await;
                    break;
                }
                report(&reporter, &grpc_services, &readiness).await;
            }
        }
    }
    set(&reporter, &grpc_services, ServingStatus::NotServing).await;
}

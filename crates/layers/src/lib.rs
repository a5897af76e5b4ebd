//! Tower layers: trace, metrics, panic, deadline, shed, identity, own task; and the deadline on the client's side.
//!
//! Every service is behind [`service_stack`], every client in front of [`client::Outgoing`]. Both speak HTTP as tonic
//! does, so that a service can be called over a socket or in its own process alike.

mod answer;
mod body;
pub mod client;
mod edge;
mod server;
mod timeout;

pub use server::{Limits, service_stack};

use std::convert::Infallible;
use tower::util::BoxCloneSyncService;

/// A gRPC request as tonic has it.
pub type Request = http::Request<tonic::body::Body>;

/// A gRPC answer as tonic has it: a failure is an answer too.
pub type Response = http::Response<tonic::body::Body>;

/// A service with its layers around it. It is boxed here, once: the types within are long.
pub type CallService = BoxCloneSyncService<Request, Response, Infallible>;

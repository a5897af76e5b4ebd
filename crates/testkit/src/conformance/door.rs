//! The two doors, and a request that can go through either.

use super::bench::{Bench, Caller};
use super::outcome::Outcome;
use super::{grpc, rest};
use proto::contract::Method;
use serde_json::Value;
use std::fmt;
use std::time::Duration;

/// A way to a service.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Door {
    /// gRPC, to the service itself.
    Grpc,
    /// HTTP and JSON, through the gateway.
    Rest,
}

impl fmt::Display for Door {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Grpc => "grpc",
            Self::Rest => "rest",
        })
    }
}

/// A request.
#[derive(Clone, Debug)]
pub(super) struct Ask {
    pub(super) caller: Option<Caller>,
    /// One message, or many of a method that takes a stream.
    pub(super) messages: Vec<Value>,
    pub(super) deadline: Option<Duration>,
    /// How many answers are waited for, of a method that answers with a stream.
    pub(super) most: usize,
}

impl Ask {
    pub(super) fn of(caller: &Caller, message: Value) -> Self {
        Self { caller: Some(caller.clone()), messages: vec![message], deadline: None, most: usize::MAX }
    }

    pub(super) fn within(self, deadline: Duration) -> Self {
        Self { deadline: Some(deadline), ..self }
    }

    pub(super) fn most(self, most: usize) -> Self {
        Self { most, ..self }
    }
}

impl Door {
    pub(super) const BOTH: [Self; 2] = [Self::Grpc, Self::Rest];

    pub(super) async fn send(self, bench: &Bench, method: &Method, ask: Ask) -> Outcome {
        match self {
            Self::Grpc => grpc::send(bench, method, ask).await,
            Self::Rest => rest::send(bench, method, ask).await,
        }
    }
}

//! What the layers know of a call, and tell each other in the request's extensions.

use crate::server::shed::Slot;
use proto::contract::{Contract, Method};
use std::collections::HashMap;
use std::sync::Arc;
use telemetry::{Trace, metric};
use tokio::time::Instant;

/// A method of the contract, with what is asked of it on every call.
#[derive(Clone, Copy)]
pub(crate) struct Target {
    pub(crate) method: &'static Method,
    /// Whether it changes anything.
    pub(crate) writes: bool,
    /// Whether more than one message goes either way, so that the call may take its time.
    pub(crate) streams: bool,
}

/// The methods of the contract by path.
#[derive(Clone)]
pub(crate) struct Known(Arc<HashMap<&'static str, Target>>);

impl Known {
    pub(crate) fn of(contract: &'static Contract) -> Self {
        let target = |method: &'static Method| {
            let descriptor = method.descriptor();
            let streams = descriptor.is_server_streaming() || descriptor.is_client_streaming();
            (method.path(), Target { method, writes: method.writes(), streams })
        };
        Self(Arc::new(contract.methods().iter().map(target).collect()))
    }

    pub(crate) fn find(&self, path: &str) -> Option<Target> {
        self.0.get(path).copied()
    }
}

/// One call. The trace layer makes it, the others add to it.
#[derive(Clone)]
pub(crate) struct Call {
    /// What is called; `None` if there is no such method.
    pub(crate) target: Option<Target>,
    pub(crate) trace: Trace,
    pub(crate) deadline: Option<Instant>,
    /// The place a write holds among the calls under way, until its own task ends.
    pub(crate) slot: Option<Slot>,
}

impl Call {
    /// The call in a request that has passed the trace layer.
    pub(crate) fn of(request: &mut crate::Request) -> &mut Self {
        request.extensions_mut().get_mut().expect("the trace layer is the first and leaves it there")
    }

    /// The method's name for logs and metrics: callers must not be able to make names.
    pub(crate) fn name(&self) -> &'static str {
        name(self.target)
    }

    pub(crate) fn streams(&self) -> bool {
        self.target.is_some_and(|target| target.streams)
    }
}

pub(crate) fn name(target: Option<Target>) -> &'static str {
    target.map_or(metric::OTHER, |target| target.method.path())
}

//! The layers around a service, in reading order.

mod call;
mod deadline;
mod identity;
mod metrics;
mod open;
mod own_task;
pub(crate) mod panic;
mod shed;
mod trace;
mod unreadable;

use crate::{CallService, Request, Response};
use ::identity::Verifier;
use proto::contract::Contract;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;
use tokio_util::task::TaskTracker;
use tower::{Service, ServiceBuilder};

/// How much a service takes on.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// The most calls under way at once that stream nothing; one more is refused unstarted.
    pub in_flight: usize,
    /// The most streams open at once, besides those calls; one more is refused unstarted.
    pub streams: usize,
    /// The most time for a call that streams nothing, whatever the caller allows.
    pub longest: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self { in_flight: 512, streams: 2048, longest: Duration::from_secs(60) }
    }
}

/// The service of this name behind everything that stands before a handler. Writes run as tasks of `tasks`: wait for
/// them before the process ends. Health and reflection are answered from `inner` directly.
pub fn service_stack<S>(
    inner: S,
    name: &'static str,
    contract: &'static Contract,
    verifier: Arc<Verifier>,
    limits: Limits,
    tasks: TaskTracker,
) -> CallService
where
    S: Service<Request, Response = Response, Error = Infallible> + Clone + Send + Sync + 'static,
    S::Future: Send + 'static,
{
    let (known, measures, slots) =
        (call::Known::of(contract), metrics::Measures::new(), shed::Slots::new(name, limits));
    let open = inner.clone();
    let guarded = ServiceBuilder::new()
        // First, so that all below is part of the trace, and what fails below is logged on its way out, once.
        .layer_fn(move |inner| trace::Layer::new(inner, known.clone()))
        // Outside of all that can refuse, so that refusals are counted.
        .layer_fn(move |inner| metrics::Layer::new(inner, measures.clone()))
        // Outside of all that runs for one call; a panic ends that call and nothing else.
        .layer_fn(panic::Layer::new)
        // Before the first wait there can be.
        .layer_fn(move |inner| deadline::Layer::new(inner, limits.longest))
        // Before the first work that costs anything: a signature to verify.
        .layer_fn(move |inner| shed::Layer::new(inner, slots.clone()))
        // Nothing below is reached by a caller who is unknown or lacks the permission.
        .layer_fn(move |inner| identity::Layer::new(inner, verifier.clone()))
        // Only what was admitted is worth finishing when the caller has left.
        .layer_fn(move |inner| own_task::Layer::new(inner, tasks.clone()))
        // Last: what it looks at is tonic's own answer.
        .map_response(unreadable::told)
        .service(inner);
    CallService::new(open::Open::new(open, guarded))
}

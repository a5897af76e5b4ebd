//! Readiness: whether the process can do its work now, and if not, why.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

/// What a service says of itself, now and from now on.
type Said = watch::Receiver<Result<(), String>>;

/// What each service of the process says of itself.
#[derive(Clone, Debug)]
pub(crate) struct Readiness {
    services: Arc<Mutex<BTreeMap<&'static str, Said>>>,
    stop: CancellationToken,
}

impl Readiness {
    /// Nothing is ready any more once `stop` is cancelled.
    pub(crate) fn new(stop: CancellationToken) -> Self {
        Self { services: Arc::default(), stop }
    }

    /// From now on the process is not ready without this service, and it is starting.
    pub(crate) fn expect(&self, service: &'static str) {
        self.follow(service, watch::channel(Err("is starting".to_owned())).1);
    }

    /// From now on the service says for itself.
    pub(crate) fn follow(&self, service: &'static str, readiness: Said) {
        self.services.lock().unwrap_or_else(PoisonError::into_inner).insert(service, readiness);
    }

    /// Every reason why the process is not ready; none if it is.
    pub(crate) fn reasons(&self) -> Vec<String> {
        let services = self.services.lock().unwrap_or_else(PoisonError::into_inner);
        let said = services.iter().filter_map(|(service, readiness)| {
            let reason = readiness.borrow().as_ref().err().cloned()?;
            Some(format!("{service} {reason}"))
        });
        let stopping = self.stop.is_cancelled().then(|| "the process is stopping".to_owned());
        stopping.into_iter().chain(said).collect()
    }
}

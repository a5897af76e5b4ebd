//! What a service is, to whoever runs it.

use crate::House;
use tokio::sync::watch;
use tonic::service::Routes;

/// A service of the house.
pub trait Service: 'static {
    /// Its name, as in the contract's packages: `accreditation`. In upper case it is the prefix of its settings.
    const NAME: &'static str;

    /// Its own settings.
    type Settings: config::Settings + Send + 'static;

    /// Starts it: connects to its database, refuses to go on with a schema it does not know, starts its tasks. It
    /// serves when this returns.
    fn start(settings: Self::Settings, house: House) -> impl Future<Output = anyhow::Result<Started>> + Send;
}

/// A service that has started.
#[derive(Debug)]
pub struct Started {
    /// Its gRPC services, bare: layers, health and reflection are put around and beside them.
    pub routes: Routes,
    /// Whether it can do its work, and if not, why. Ready from the start on, if it does not say.
    pub readiness: Option<watch::Receiver<Result<(), String>>>,
}

impl Started {
    /// A service that is ready once it has started.
    pub fn new(routes: impl Into<Routes>) -> Self {
        Self { routes: routes.into(), readiness: None }
    }

    /// Says from now on whether it can do its work.
    #[must_use]
    pub fn ready_when(mut self, readiness: watch::Receiver<Result<(), String>>) -> Self {
        self.readiness = Some(readiness);
        self
    }
}

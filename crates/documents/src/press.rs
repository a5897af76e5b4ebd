//! The press: prints documents on threads of their own, few at a time, each within limits.

use crate::error::Error;
use crate::order::Order;
use crate::typeset::typeset;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Semaphore;
use tokio::time::timeout;

/// The most that a document may take.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Most {
    /// Bytes of its data and files.
    pub bytes: usize,
    /// Pages.
    pub pages: usize,
    /// How long a caller waits for it, for a place at the press and for the document together.
    pub time: Duration,
    /// Documents at a time.
    pub at_once: usize,
}

impl Default for Most {
    fn default() -> Self {
        Self { bytes: 4 << 20, pages: 1_000, time: Duration::from_secs(20), at_once: 2 }
    }
}

/// The press. A clone is the same press.
#[derive(Clone, Debug)]
pub struct Press {
    places: Arc<Semaphore>,
    most: Arc<Most>,
}

impl Press {
    /// A press within these limits.
    pub fn new(most: Most) -> Self {
        Self { places: Arc::new(Semaphore::new(most.at_once)), most: Arc::new(most) }
    }

    /// Prints a document.
    ///
    /// Typst cannot be stopped midway: one that is not ready in time is given up by its caller and keeps its place
    /// until it ends, so that at no time more than [`Most::at_once`] are under way, whatever is ordered. It does end:
    /// templates are ours, their loops run over data, and data is limited.
    ///
    /// # Errors
    /// Every one of [`Error`].
    pub async fn print(&self, order: Order) -> Result<Vec<u8>, Error> {
        let begun = tokio::time::Instant::now();
        let place = timeout(self.most.time, Arc::clone(&self.places).acquire_owned()).await;
        let place = place.map_err(|_| Error::Busy)?.expect("the places are never closed");
        let (template, most) = (order.template.name, Arc::clone(&self.most));
        let work = tokio::task::spawn_blocking(move || {
            let printed = typeset(&order, &most);
            drop(place);
            printed
        });
        let left = self.most.time.saturating_sub(begun.elapsed());
        match timeout(left, work).await {
            Ok(Ok(printed)) => printed,
            Ok(Err(error)) => Err(Error::Template { template, words: format!("its thread ended: {error}") }),
            Err(_) => {
                tracing::warn!(template, "a document was given up, not ready in time");
                Err(Error::TooLate)
            }
        }
    }
}

impl Default for Press {
    fn default() -> Self {
        Self::new(Most::default())
    }
}

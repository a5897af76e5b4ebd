//! The index that is searched now, and how another takes its place without a pause.

use crate::Index;
use arc_swap::ArcSwap;
use std::sync::Arc;
use std::sync::mpsc;

/// The index that is searched now. Whoever has begun a search ends it on the index it began with.
#[derive(Debug, Default)]
pub struct Live(ArcSwap<Index>);

impl Live {
    /// An index to begin with.
    pub fn new(index: Index) -> Self {
        Self(ArcSwap::from_pointee(index))
    }

    /// The index as it is now.
    pub fn now(&self) -> Arc<Index> {
        self.0.load_full()
    }

    /// Puts another in its place, and gives back the one that was there: [`retire`] it where time is not short.
    pub fn replace(&self, index: Index) -> Arc<Index> {
        self.0.swap(Arc::new(index))
    }
}

/// Waits until the searches that began on an index have ended, and takes it apart on this thread. With a million names that is work
/// for a tenth of a second, which would otherwise fall to whoever searches last. Who calls must not hold the index.
pub fn retire(index: Arc<Index>) {
    let (heir, parts) = mpsc::channel();
    index.bequeath(heir);
    drop(index);
    // An error means that another waits for it already.
    drop(parts.recv());
}

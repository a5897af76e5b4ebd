//! The index that is searched now, and how another takes its place without a pause.

use crate::Index;
use arc_swap::ArcSwap;
use std::sync::Arc;

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

    /// Puts another in its place.
    pub fn replace(&self, index: Index) {
        self.0.store(Arc::new(index));
    }
}

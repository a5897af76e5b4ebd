//! The index that is searched now, and how another takes its place without a pause.

use crate::Index;
use arc_swap::ArcSwap;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

/// How often it is looked whether the searches on an index have ended, and how long, in milliseconds.
const LOOKS: u32 = 2_000;

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

/// Takes an index apart that is searched no more, on this thread: with a million names that is work for a tenth of a second, which
/// would fall to whoever searches last. Waits for the searches that began on it, two seconds at most.
pub fn retire(index: Arc<Index>) {
    for _ in 0..LOOKS {
        if Arc::strong_count(&index) == 1 {
            break;
        }
        thread::sleep(Duration::from_millis(1));
    }
    drop(index);
}

//! Waits for the thing itself, for as long as it can reasonably take.

use std::time::Duration;
use tokio::time::{Instant, sleep};

/// What is not there by then will not come.
const LIMIT: Duration = Duration::from_secs(30);
/// The longest pause between two questions.
const LONGEST_PAUSE: Duration = Duration::from_millis(50);

/// The answer to "is it so by now?": a `bool`, or the thing waited for.
pub trait Met {
    /// What is waited for.
    type Value;
    /// The value, once it is there.
    fn met(self) -> Option<Self::Value>;
}

impl Met for bool {
    type Value = ();
    fn met(self) -> Option<()> {
        self.then_some(())
    }
}

impl<T> Met for Option<T> {
    type Value = T;
    fn met(self) -> Option<T> {
        self
    }
}

/// Asks again and again until it is so; the value asked for. Panics, naming `what`, if it never is.
///
/// ```no_run
/// # async fn example(count: impl AsyncFn() -> u32) {
/// testkit::until("the event is published", async || count().await == 1).await;
/// # }
/// ```
pub async fn until<M: Met>(what: &str, mut ask: impl AsyncFnMut() -> M) -> M::Value {
    let begun = Instant::now();
    let mut pause = Duration::from_millis(1);
    loop {
        if let Some(value) = ask().await.met() {
            return value;
        }
        assert!(begun.elapsed() < LIMIT, "waited {LIMIT:?} in vain until {what}");
        sleep(pause).await;
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
}

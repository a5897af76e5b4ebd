//! What time it is: the system's clock, or one that a test moves by hand.

use chrono::{DateTime, Utc};
use futures::FutureExt as _;
use futures::future::BoxFuture;
use std::fmt::Debug;
use std::time::Duration;
use tokio::sync::watch;

/// A source of time.
pub trait Clockwork: Send + Sync + Debug + 'static {
    /// What time it is.
    fn now(&self) -> DateTime<Utc>;
    /// Completes once it is `at` or later.
    fn reach(&self, at: DateTime<Utc>) -> BoxFuture<'static, ()>;
}

/// The system's clock.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clockwork for SystemClock {
    fn now(&self) -> DateTime<Utc> {
        Utc::now()
    }

    fn reach(&self, at: DateTime<Utc>) -> BoxFuture<'static, ()> {
        let pause = (at - Utc::now()).to_std().unwrap_or(Duration::ZERO);
        tokio::time::sleep(pause).boxed()
    }
}

/// A clock that stands still until it is moved. For tests and exercises: months pass without waiting.
#[derive(Clone, Debug)]
pub struct ManualClock(watch::Sender<DateTime<Utc>>);

impl ManualClock {
    /// A clock that shows `at`.
    pub fn at(at: DateTime<Utc>) -> Self {
        Self(watch::Sender::new(at))
    }

    /// Moves it on.
    pub fn advance(&self, by: chrono::TimeDelta) {
        self.0.send_modify(|now| *now += by);
    }

    /// Sets it.
    pub fn set(&self, at: DateTime<Utc>) {
        self.0.send_replace(at);
    }
}

impl Clockwork for ManualClock {
    fn now(&self) -> DateTime<Utc> {
        *self.0.borrow()
    }

    fn reach(&self, at: DateTime<Utc>) -> BoxFuture<'static, ()> {
        let mut shown = self.0.subscribe();
        async move {
            // If the clock is gone, its time never comes.
            if shown.wait_for(|now| *now >= at).await.is_err() {
                std::future::pending::<()>().await;
            }
        }
        .boxed()
    }
}

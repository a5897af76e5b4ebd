//! Places for those who must wait until they are known: few, so that made-up credentials do not take all of the door's.

use super::Refusal;
use tokio::sync::{Semaphore, SemaphorePermit};

/// Keys wait for the database and tokens for the issuer, so that one that hangs keeps nobody out who needs the other.
#[derive(Debug)]
pub(super) struct Strangers {
    keys: Semaphore,
    tokens: Semaphore,
}

impl Strangers {
    /// So many places of each kind.
    pub(super) fn new(most: usize) -> Self {
        Self { keys: Semaphore::new(most), tokens: Semaphore::new(most) }
    }

    /// A place to wait with a key.
    ///
    /// # Errors
    /// There is none now: nobody can be known who is not yet.
    pub(super) fn key(&self) -> Result<SemaphorePermit<'_>, Refusal> {
        self.keys.try_acquire().map_err(|_| Refusal::Away)
    }

    /// A place to wait with a token.
    ///
    /// # Errors
    /// As [`Strangers::key`].
    pub(super) fn token(&self) -> Result<SemaphorePermit<'_>, Refusal> {
        self.tokens.try_acquire().map_err(|_| Refusal::Away)
    }
}

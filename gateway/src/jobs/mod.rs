//! Jobs: imports and exports that run by themselves, go on after a gateway's death, and keep their results.

mod book;
mod records;
mod runner;

pub(crate) use records::{Jobs, OVERSEE};

use crate::errand::Errands;
use crate::settings::Settings;
use book::Book;
use runner::Runner;
use serve::House;
use sqlx::PgPool;
use std::sync::Arc;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// How often what is kept no longer is removed.
const SWEEP: Duration = Duration::from_hours(1);

/// Begins to run jobs, as many at a time as the settings say, until the house stops.
pub(crate) fn start(settings: &Settings, house: &House, pool: &PgPool, errands: Errands) {
    let book = || Book::new(pool.clone(), settings.database.sealing_keys.clone());
    let runner = Arc::new(Runner::new(book(), errands, settings.jobs_late));
    house.tasks.spawn(sweep(book(), settings.jobs_keep, house.shutdown.clone()));
    for _ in 0..settings.jobs_at_once {
        house.tasks.spawn(Arc::clone(&runner).run(house.shutdown.clone()));
    }
}

/// Removes what is kept no longer, until shutdown.
async fn sweep(book: Book, keep: Duration, shutdown: CancellationToken) {
    loop {
        match shutdown.run_until_cancelled(book.sweep(keep)).await {
            Some(Ok(())) => {}
            Some(Err(error)) => tracing::warn!(%error, "old jobs cannot be removed; it is tried again later"),
            None => return,
        }
        if shutdown.run_until_cancelled(tokio::time::sleep(SWEEP)).await.is_none() {
            return;
        }
    }
}

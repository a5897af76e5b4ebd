//! Jobs: imports and exports that run by themselves, go on after a gateway's death, and keep their results.

mod book;
mod records;
mod runner;

pub(crate) use records::Jobs;

use crate::errand::Errands;
use crate::settings::Settings;
use book::Book;
use runner::Runner;
use serve::House;
use sqlx::PgPool;
use std::sync::Arc;

/// Begins to run jobs, as many at a time as the settings say, until the house stops.
pub(crate) fn start(settings: &Settings, house: &House, pool: &PgPool, errands: Errands) {
    let runner = Arc::new(Runner::new(Book::new(pool.clone(), settings.database.sealing_keys.clone()), errands));
    for _ in 0..settings.jobs_at_once {
        house.tasks.spawn(Arc::clone(&runner).run(house.shutdown.clone()));
    }
}

//! Keeps records: current state, whole history, audit, idempotency, search, timers; in one transaction.

mod act;
mod append;
mod asked;
mod audit;
mod batch;
mod call;
pub mod clockwork;
mod codec;
mod column;
mod create;
mod doc;
mod due;
mod effect;
mod etag;
mod export;
mod filter;
mod get;
mod idempotency;
mod import;
mod keep;
mod kind;
mod list;
mod merge;
mod order;
mod reader;
mod ready;
mod registry;
mod revisions;
mod signal;
mod sql;
mod store;
mod texts;
mod time;
mod timers;
mod token;
mod update;
mod watch;

pub use asked::check;
pub use call::Call;
pub use etag::version;
pub use keep::{Keep, Visible};
pub use reader::Reader;
pub use registry::{Answer, Feed, Kept, Registry};
pub use signal::CHANNEL;
pub use store::{Options, Store};
pub use time::{instant, timestamp};
pub use timers::Timers;

/// The tables that every service's database has besides its own: give it to [`pg::migrate`] first.
pub static MIGRATIONS: sqlx::migrate::Migrator = sqlx::migrate!();

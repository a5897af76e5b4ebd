//! PostgreSQL as the house uses it: the pool, the one cancel-safe begin, retries, named constraints, migrations.

mod begin;
mod connect;
mod error;
mod migrate;
mod retry;

pub use begin::{Tx, begin};
pub use connect::{Settings, connect};
pub use error::{constraint, fault};
pub use migrate::{SchemaError, gate, migrate};
pub use retry::retrying;

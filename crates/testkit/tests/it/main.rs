//! The kit's own tests, on the servers it gives to others.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on says where")]

mod caller;
mod database;
mod log;
mod proxy;
mod redis;

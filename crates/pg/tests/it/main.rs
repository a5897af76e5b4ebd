//! The pg kit against a real PostgreSQL.

#![expect(clippy::unwrap_used, reason = "a test stops where it fails")]

mod begin;
mod errors;
mod schema;

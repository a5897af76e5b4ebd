//! The consular service, tested as one: engines by themselves, and every method through gRPC on a database of its own.

#![expect(clippy::unwrap_used, reason = "a test stops where it fails")]

mod area;
mod entry_requirements;
mod messages;
mod registrations;
mod schema;
mod screening;
mod watch_lists;
mod world;

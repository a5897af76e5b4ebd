//! The consular service, tested as one: engines by themselves, and every method through gRPC on a database of its own.

#![expect(clippy::unwrap_used, reason = "a test stops where it fails")]

mod area;
mod crises;
mod entry_requirements;
mod manifests;
mod messages;
mod registrations;
mod schema;
mod screening;
mod smtp;
mod watch_lists;
mod world;

//! Accreditation, tested as one: the engine by itself, and every method through gRPC on a database of its own.

#![expect(clippy::unwrap_used, reason = "a test stops where it fails")]

mod agrements;
mod determinations;
mod heads;
mod identity_cards;
mod immunity;
mod members;
mod missions;
mod notifications;
mod races;
mod reasons;
mod schema;
mod shown;
mod states;
mod steps;
mod visibility;
mod world;

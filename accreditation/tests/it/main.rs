//! Accreditation, tested as one: the engine by itself, and every method through gRPC on a database of its own.

#![expect(clippy::unwrap_used, reason = "a test stops where it fails")]

mod agrements;
mod benefits;
mod charges;
mod consular_commissions;
mod consuls;
mod credentials;
mod determinations;
mod diplomatic_lists;
mod heads;
mod honorary_consuls;
mod identity_cards;
mod immunity;
mod members;
mod missions;
mod notifications;
mod precedence;
mod races;
mod reasons;
mod reciprocity_rules;
mod schema;
mod shown;
mod states;
mod steps;
mod tax_cards;
mod visibility;
mod world;

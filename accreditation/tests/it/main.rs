//! Accreditation, tested as one: the engine by itself, and every method through gRPC on a database of its own.

#![expect(clippy::unwrap_used, reason = "a test stops where it fails")]

mod affairs;
mod agrements;
mod benefits;
mod charges;
mod consular_commissions;
mod consuls;
mod control_rules;
mod credentials;
mod debts;
mod determinations;
mod diplomatic_lists;
mod disputes;
mod heads;
mod honorary_consuls;
mod identity_cards;
mod immunity;
mod incidents;
mod matters;
mod members;
mod missions;
mod notifications;
mod port_courtesies;
mod precedence;
mod properties;
mod races;
mod reasons;
mod reciprocity_rules;
mod schema;
mod service_requests;
mod shown;
mod states;
mod steps;
mod tax_cards;
mod travel_notices;
mod visibility;
mod world;

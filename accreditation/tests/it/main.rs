//! Accreditation, tested as one: the engine by itself, and every method through gRPC on a database of its own.

#![expect(clippy::unwrap_used, reason = "a test stops where it fails")]

mod agrements;
mod benefit_reasons;
mod benefits;
mod charges;
mod checks;
mod consular_commissions;
mod consuls;
mod credentials;
mod customs_clearances;
mod determinations;
mod diplomatic_lists;
mod driver_licences;
mod driving;
mod endings;
mod heads;
mod honorary_consuls;
mod identity_cards;
mod immunity;
mod members;
mod missions;
mod notifications;
mod persona_non_grata;
mod precedence;
mod privilege_grants;
mod races;
mod reasons;
mod reciprocity_rules;
mod schema;
mod shown;
mod states;
mod steps;
mod tax_cards;
mod vehicles;
mod visibility;
mod waivers;
mod world;

//! Accreditation, tested as one: the engine by itself, and every method through gRPC on a database of its own.

#![expect(clippy::unwrap_used, reason = "a test stops where it fails")]

mod agrements;
mod benefits;
mod charges;
mod circulars;
mod consular_commissions;
mod consuls;
mod credentials;
mod determinations;
mod diplomatic_lists;
mod guidance_articles;
mod heads;
mod honorary_consuls;
mod identity_cards;
mod immunity;
mod members;
mod missions;
mod notes_verbales;
mod notifications;
mod official_functions;
mod paper_reasons;
mod precedence;
mod printed_cards;
mod races;
mod reasons;
mod reciprocity_rules;
mod schema;
mod shown;
mod states;
mod status_certificates;
mod steps;
mod tax_cards;
mod visibility;
mod world;

//! The consular service, tested as one: engines by themselves, and every method through gRPC on a database of its own.

#![expect(clippy::unwrap_used, reason = "a test stops where it fails")]

mod acts;
mod appointments;
mod area;
mod assistance;
mod blank_books;
mod booking_applications;
mod booking_letters;
mod booking_races;
mod civil_records;
mod confided;
mod crises;
mod crisis_humans;
mod crisis_intakes;
mod disclosures;
mod emergency;
mod emergency_papers;
mod entry_requirements;
mod exchange_rates;
mod fees;
mod loans;
mod lookouts;
mod machine_readable_zones;
mod manifests;
mod messages;
mod paid_papers;
mod passport_holds;
mod passports;
mod publications;
mod refunds;
mod registrations;
mod rescreening;
mod schema;
mod screening;
mod smtp;
mod stay;
mod stopped_documents;
mod travel_bench;
mod travel_papers;
mod trust;
mod visa_applications;
mod visa_statistics;
mod visas;
mod watch_lists;
mod world;

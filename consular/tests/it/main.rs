//! The consular service, tested as one: engines by themselves, and every method through gRPC on a database of its own.

#![expect(clippy::unwrap_used, reason = "a test stops where it fails")]

mod acts;
mod appointments;
mod area;
mod assistance;
mod blank_books;
mod booking_races;
mod civil_records;
mod crises;
mod disclosures;
mod emergency;
mod entry_requirements;
mod exchange_rates;
mod fees;
mod loans;
mod lookouts;
mod machine_readable_zones;
mod manifests;
mod messages;
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

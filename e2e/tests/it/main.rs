//! The house as a whole: its rules, its stories, what it survives.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod chaos;
mod chaos_effects;
mod chaos_postgres;
mod chaos_process;
mod conformance;
mod house;
mod right_to_know;
mod security;
mod settings;
mod sources;
mod stories;
mod stories_consular;
mod stories_door;
mod stories_events;
mod stories_mission;
mod stories_postings;

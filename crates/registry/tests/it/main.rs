//! The registry on a real database: what it keeps, whom it lets, and every race it must win.

#![expect(clippy::unwrap_used, reason = "a test stops where it fails")]

mod appends;
mod creates;
mod cuts;
mod erasures;
mod exchanges;
mod follows;
mod grounds;
mod imports;
mod lists;
mod past;
mod queues;
mod races;
mod sealing;
mod timers;
mod updates;
mod verbs;
mod visibility;
mod watches;
mod world;

//! The command line against a gateway at work: the program itself is run, as people and scripts run it.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod apply;
mod audit;
mod bulk;
mod login;
mod readme;
mod records;
mod watch;
mod world;

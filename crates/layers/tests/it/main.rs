//! The layers around a handler, each guard shown by what happens without it.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod admission;
mod client;
mod deadline;
mod load;
mod log;
mod panics;
mod rig;
mod unreadable;
mod writes;

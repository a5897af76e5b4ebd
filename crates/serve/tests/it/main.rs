//! A service in its process, over real sockets.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod admin;
mod desk;
mod drain;
mod reach;
mod start;

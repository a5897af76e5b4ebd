//! The kit against real PostgreSQL and Redis, with the races it exists for.

#![expect(clippy::unwrap_used, reason = "a test stops where it fails")]

mod anchors;
mod bell;
mod crash;
mod groups;
mod inbox;
mod leadership;
mod order;
mod outage;
mod poison;
mod sweep;
mod tampering;
mod world;

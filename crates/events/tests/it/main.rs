//! The kit against real PostgreSQL and Redis, with the races it exists for.

mod anchors;
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

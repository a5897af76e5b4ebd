//! What every method of every service must do, read from the contract and asked at both doors.
//!
//! A resource brings a [`Fixture`], which knows what the contract cannot say: values that make sense. Everything else,
//! which callers are refused, which fields are missing, which states are wrong, is read from the descriptors. A method
//! without a fixture fails; nothing is passed over in silence.

mod bench;
mod checks;
mod codec;
mod desk;
mod door;
mod fixture;
mod grpc;
mod ledger;
mod message;
mod outcome;
mod probe;
mod report;
mod rest;

pub use bench::{Bench, Caller};
pub use desk::Suite;
pub use fixture::{Fixture, Step, plain};
pub use outcome::{Refusal, Unprepared};
pub use report::Report;

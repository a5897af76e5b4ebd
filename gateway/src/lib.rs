//! The public door.
pub mod caller;
pub mod rate;
pub mod roles;

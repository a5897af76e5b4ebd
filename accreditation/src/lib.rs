//! Foreign missions in our country, their people, privileges and immunities.

pub mod immunity;

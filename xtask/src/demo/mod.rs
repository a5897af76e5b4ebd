//! `cargo xtask demo`: takes in every foreign mission of the file, staffs a few of them, and plays a traffic stop.

mod countries;
mod missions;
mod posts;

//! The gateway against real PostgreSQL and Redis, through its sockets.

mod bad_input;
mod denials;
mod import;
mod keys;
mod native;
mod pages;
mod permission;
mod rate;
mod rest;
mod rig;
mod stream;
mod tokens;
mod upstream;

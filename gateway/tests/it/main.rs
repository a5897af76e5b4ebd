//! The gateway against real PostgreSQL and Redis, through its sockets.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod agencies;
mod audit;
mod bad_input;
mod clocks;
mod denials;
mod elevations;
mod endpoint;
mod farewell;
mod import;
mod jobs;
mod jobs_bounds;
mod keys;
mod keys_of_agencies;
mod locks;
mod locks_h2;
mod native;
mod oidc;
mod pages;
mod permission;
mod process;
mod quotas;
mod rate;
mod remote;
mod rest;
mod rig;
mod strangers;
mod stream;
mod tls;
mod tokens;
mod upstream;
mod webhooks;
mod webhooks_guard;
mod webhooks_trouble;
mod webhooks_verify;

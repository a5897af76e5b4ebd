//! The public door of the house: who calls, how often, whether they may; JSON and gRPC in, gRPC on to the services.
//!
//! [`door()`] puts it together, [`Gateway`] is the service with the API keys that stands behind it like the others, and
//! [`run`] is both as a process of their own. The way of a request is in `door/mod.rs`.

mod agencies;
mod agency_notices;
mod api_keys;
mod audit;
mod caller;
mod calls;
mod compose;
mod denials;
mod door;
mod elevations;
mod errand;
mod expiry;
mod jobs;
mod key_rules;
mod network;
mod process;
mod products;
mod rate;
mod roles;
mod service;
mod settings;
mod upstream;
mod usage;
mod webhooks;

pub use compose::{door, door_of};
pub use door::Door;
pub use network::Network;
pub use process::{describe, run};
pub use roles::{Known, Role, Roles, SHIPPED as SHIPPED_ROLES};
pub use service::{Gateway, MIGRATIONS, routes};
pub use settings::{Authorities, Database, Sealing, Settings};
pub use upstream::{Addresses, Local, Upstream, Upstreams};
pub use webhooks::WebhookKey;

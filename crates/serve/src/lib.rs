//! Runs a service: order of start, readiness, health, reflection, drain, admin port.
//!
//! A service implements [`Service`]; its binary is `fn main() -> ExitCode { serve::run::<Accreditation>() }`. Several
//! services in one process share a [`House`] and are each brought in by [`host`], with or without a socket.

mod admin;
mod audit_log;
mod client;
mod host;
mod house;
mod listen;
mod process;
mod readiness;
mod reflection;
mod register;
mod service;
mod settings;
mod tls;

pub use audit_log::{AuditLog, PartOf};
pub use client::{Bounds, Client, Connection, Spared};
pub use host::{Hosted, host};
pub use house::House;
pub use listen::Wire;
pub use process::{Running, main, run, signalled, start};
pub use reflection::reflection;
pub use register::{Database, Register};
pub use service::{Service, Started};
pub use settings::{All, Door, describe, settings};
pub use tls::{Certified, Files, Tls};

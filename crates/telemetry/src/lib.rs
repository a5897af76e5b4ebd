//! Traces over OTLP, JSON logs, W3C propagation, and the names of metrics.

mod init;
mod lines;
mod panics;
mod settings;
mod trace;

pub mod metric;

pub use init::{Error, Guard, init, metrics};
pub use panics::log_panics;
pub use settings::{Logs, Settings};
pub use trace::{TRACEPARENT, Trace};

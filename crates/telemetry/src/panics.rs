//! Panics in the log: where, and never with what was being handled.

use std::panic;

/// From now on a panic is an error in the log rather than text on standard error. A message made of values may hold
/// personal data, so only a literal one is shown; the place is shown always.
pub fn log_panics() {
    panic::set_hook(Box::new(|info| {
        let message = info.payload().downcast_ref::<&'static str>().copied().unwrap_or("withheld");
        let place = info.location().map(ToString::to_string).unwrap_or_default();
        tracing::error!(place, reason = message, "a task panicked");
    }));
}

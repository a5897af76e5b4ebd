//! The edge, where a failure is logged, once: ours as an error with everything that led to it, the caller's at debug.
//!
//! The words of a caller's fault are not logged: they may name persons.

use fault::Fault;
use proto::policy::v1::Reason;
use std::error::Error;
use std::fmt;
use telemetry::Trace;
use tonic::{Code, Status};
use tracing::Level;

/// Logs how a call failed.
pub(crate) fn note(status: &Status, method: &'static str, trace: Trace) {
    let ours = matches!(status.code(), Code::Internal | Code::Unavailable | Code::Unknown | Code::DataLoss);
    if !ours && !tracing::enabled!(Level::DEBUG) {
        return;
    }
    let fault = Fault::from(status);
    let (code, reason, trace_id) = (status.code() as i32, fault.reason(), trace.id());
    // A refusal for load is counted, not told: telling costs most when there is least to spare.
    if ours && reason != Reason::Overloaded.as_str_name() {
        let error = Chain(status);
        tracing::error!(method, code, reason, %error, trace_id, "a call failed");
    } else {
        tracing::debug!(method, code, reason, trace_id, "a call was refused");
    }
}

/// A failure's words and those of everything that led to it.
struct Chain<'s>(&'s Status);

impl fmt::Display for Chain<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.message())?;
        let mut next = self.0.source();
        while let Some(error) = next {
            write!(f, ": {error}")?;
            next = error.source();
        }
        Ok(())
    }
}

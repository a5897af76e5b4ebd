//! The one error value: a reason with its words, which becomes a gRPC status or an HTTP problem.
//!
//! A rule of the domain, the registry, the gateway and a failed dependency all answer with a [`Fault`]. What the
//! caller may read is in it by construction; what only we may read (the source) never leaves it.

mod problem;
mod reason;
mod status;

pub use problem::Problem;
pub use reason::{Code, Reason};

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::error::Error;
use std::fmt;
use std::time::Duration;

/// A field at fault and why, as in `google.rpc.BadRequest`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// The path of the field in JSON names: `member.birthDate`, `facts[2].title`.
    pub field: String,
    /// What is wrong with it, a sentence without a full stop.
    pub description: String,
}

/// Why a request did not succeed.
#[derive(Debug)]
pub struct Fault(Box<Inner>);

#[derive(Debug)]
struct Inner {
    reason: Cow<'static, str>,
    domain: Cow<'static, str>,
    code: Code,
    http: u16,
    message: String,
    metadata: BTreeMap<Cow<'static, str>, String>,
    violations: Vec<Violation>,
    retry_after: Option<Duration>,
    source: Option<Box<dyn Error + Send + Sync>>,
}

impl Fault {
    /// A fault for a reason the contract declares, in words for the caller.
    pub fn new(reason: impl Reason, message: impl Into<String>) -> Self {
        Self(Box::new(Inner {
            reason: Cow::Borrowed(reason.name()),
            domain: Cow::Borrowed(reason.domain()),
            code: reason.code(),
            http: reason.http(),
            message: message.into(),
            metadata: BTreeMap::new(),
            violations: Vec::new(),
            retry_after: None,
            source: None,
        }))
    }

    /// Names a field at fault. Call it once for every violation: a caller gets them all at once.
    #[must_use]
    pub fn at(mut self, field: impl Into<String>, description: impl Into<String>) -> Self {
        self.0.violations.push(Violation { field: field.into(), description: description.into() });
        self
    }

    /// Adds all of the violations.
    #[must_use]
    pub fn with_violations(mut self, violations: impl IntoIterator<Item = Violation>) -> Self {
        self.0.violations.extend(violations);
        self
    }

    /// Adds a machine-readable detail: the present state, the allowed ones, the permission that is missing.
    #[must_use]
    pub fn with(mut self, key: impl Into<Cow<'static, str>>, value: impl Into<String>) -> Self {
        self.0.metadata.insert(key.into(), value.into());
        self
    }

    /// Says when it makes sense to try again.
    #[must_use]
    pub fn retry_after(mut self, pause: Duration) -> Self {
        self.0.retry_after = Some(pause);
        self
    }

    /// Keeps what caused it, for our log alone.
    #[must_use]
    pub fn caused_by(mut self, source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        self.0.source = Some(source.into());
        self
    }

    /// The reason's name: `WRONG_STATE`.
    pub fn reason(&self) -> &str {
        &self.0.reason
    }

    /// Whose reason it is: the proto package, `legation.accreditation.v1`.
    pub fn domain(&self) -> &str {
        &self.0.domain
    }

    /// The gRPC code.
    pub fn code(&self) -> Code {
        self.0.code
    }

    /// The HTTP status.
    pub fn http(&self) -> u16 {
        self.0.http
    }

    /// The words for the caller.
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// The machine-readable details.
    pub fn metadata(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.metadata.iter().map(|(key, value)| (key.as_ref(), value.as_str()))
    }

    /// The fields at fault.
    pub fn violations(&self) -> &[Violation] {
        &self.0.violations
    }

    /// When to try again.
    pub fn pause(&self) -> Option<Duration> {
        self.0.retry_after
    }

    /// Whether the fault is ours rather than the caller's, and so belongs in the log as an error.
    pub fn is_ours(&self) -> bool {
        matches!(self.0.code, Code::Internal | Code::Unavailable)
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.0.reason, self.0.message)
    }
}

impl Error for Fault {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.0.source.as_deref().map(|source| source as &(dyn Error + 'static))
    }
}

/// A guard clause: refuses for `reason` if `condition` holds.
pub fn refuse_if(condition: bool, reason: impl Reason, message: impl Into<String>) -> Result<(), Fault> {
    if condition { Err(Fault::new(reason, message)) } else { Ok(()) }
}

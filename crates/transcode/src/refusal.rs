//! Why input was refused: it cannot be read at all, or these fields of it are wrong.

use fault::{Fault, Violation};
use proto::policy::v1::Reason;
use std::fmt;

/// The most violations one refusal carries; a body of nothing but mistakes must not cost more than it is worth.
pub(crate) const MOST_VIOLATIONS: usize = 100;

/// Why input was refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// It is not JSON as RFC 8259 has it, or nested too deep: nothing more can be said of it.
    Malformed(Malformed),
    /// Every field at fault, at most a hundred.
    Violations(Vec<Violation>),
}

/// Where and why JSON cannot be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Malformed {
    /// What is wrong, a sentence without a full stop.
    pub message: String,
    /// The line, from 1.
    pub line: usize,
    /// The character in the line, from 1.
    pub column: usize,
}

impl Refusal {
    /// The violations; none if the input could not be read.
    pub fn violations(&self) -> &[Violation] {
        match self {
            Self::Malformed(_) => &[],
            Self::Violations(violations) => violations,
        }
    }
}

impl From<Malformed> for Refusal {
    fn from(malformed: Malformed) -> Self {
        Self::Malformed(malformed)
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Malformed(Malformed { message, line, column }) => {
                write!(f, "the JSON cannot be read: {message}, at line {line} column {column}")
            }
            Self::Violations(violations) => {
                let noun = if violations.len() == 1 { "field is" } else { "fields are" };
                write!(f, "{} {noun} wrong", violations.len())
            }
        }
    }
}

impl std::error::Error for Refusal {}

impl From<Refusal> for Fault {
    fn from(refusal: Refusal) -> Self {
        let words = refusal.to_string();
        match refusal {
            Refusal::Malformed(_) => Self::new(Reason::MalformedRequest, words),
            Refusal::Violations(violations) => Self::new(Reason::InvalidFields, words).with_violations(violations),
        }
    }
}

/// Violations being collected, up to the limit.
#[derive(Default)]
pub(crate) struct Violations(Vec<Violation>);

impl Violations {
    pub(crate) fn add(&mut self, field: impl fmt::Display, description: impl fmt::Display) {
        if self.0.len() < MOST_VIOLATIONS {
            self.0.push(Violation { field: field.to_string(), description: description.to_string() });
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn into_vec(self) -> Vec<Violation> {
        self.0
    }
}

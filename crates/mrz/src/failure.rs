//! What is wrong with a zone: which field, where, and what was expected there.

use crate::{Field, Format, Place, Zone};
use std::fmt;

/// One thing wrong, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// The field.
    pub field: Field,
    /// Its lines and columns; none if the zone as a whole has the wrong shape.
    pub place: Option<Place>,
    /// What is wrong with it.
    pub cause: Cause,
}

/// What is wrong with a field.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Cause {
    /// The lines are those of no format.
    #[error("lines of {found:?} characters; a zone has three of 30, two of 36 or two of 44")]
    Shape {
        /// The length of each line that was given.
        found: Vec<usize>,
    },
    /// A character that may not stand here.
    #[error("{found:?} may not stand here")]
    Character {
        /// What stands there.
        found: char,
    },
    /// A check digit that does not fit what it checks.
    #[error("the check digit is {found:?}, {expected:?} was expected")]
    CheckDigit {
        /// What stands there.
        found: char,
        /// What would fit.
        expected: char,
    },
    /// The first letter of the document code is not one of this format's.
    #[error("the document code begins with one of {expected:?}")]
    DocumentCode {
        /// The letters there are.
        expected: &'static str,
    },
    /// No state or organisation has this code.
    #[error("{found:?} is the code of no state or organisation")]
    State {
        /// What stands there.
        found: String,
    },
    /// Not a date, or not one of the calendar.
    #[error("{found:?} is not a date")]
    Date {
        /// What stands there.
        found: String,
    },
    /// Nothing stands where something must.
    #[error("it is empty")]
    Empty,
    /// A name without a primary identifier (Doc 9303-4, 4.2.2: a name of one part is the primary identifier).
    #[error("there is no primary identifier")]
    NoPrimaryIdentifier,
    /// Fillers where none may stand: more than one inside an identifier.
    #[error("there is more than one filler between two parts of a name")]
    Fillers,
    /// Too long for its field.
    #[error("it has {found} characters, {most} fit")]
    TooLong {
        /// How many there are.
        found: usize,
        /// How many fit.
        most: usize,
    },
    /// This format has no such field.
    #[error("this format has no such field")]
    NoSuchField,
}

impl fmt::Display for Failure {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.place {
            Some(place) => write!(out, "{}, {}: {}", place, self.field, self.cause),
            None => write!(out, "{}: {}", self.field, self.cause),
        }
    }
}

/// Why a zone is not accepted: everything that is wrong with it, not the first thing only.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// What it was read as, if its lines have the shape of a format.
    pub format: Option<Format>,
    /// What is wrong, in the order of the fields; at least one.
    pub failures: Vec<Failure>,
    /// What it says all the same, for an officer who looks at the document itself: there whenever each field by itself
    /// could be read, as when check digits alone are wrong. It is not to be relied on.
    pub reading: Option<Box<Zone>>,
}

impl fmt::Display for Refusal {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, failure) in self.failures.iter().enumerate() {
            if index > 0 {
                out.write_str("; ")?;
            }
            failure.fmt(out)?;
        }
        Ok(())
    }
}

impl std::error::Error for Refusal {}

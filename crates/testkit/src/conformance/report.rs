//! What did not conform, in lines that can be read.

use std::fmt;
use std::sync::{Mutex, PoisonError};

/// What the suite found.
#[derive(Debug, Default)]
pub struct Report {
    kept: Mutex<Kept>,
}

#[derive(Debug, Default)]
struct Kept {
    checks: usize,
    failures: Vec<String>,
}

impl Report {
    /// Notes that something was checked.
    pub(super) fn checked(&self) {
        self.with(|kept| kept.checks += 1);
    }

    /// Notes something that does not conform.
    pub(super) fn fail(&self, line: String) {
        self.with(|kept| kept.failures.push(line));
    }

    /// How many checks were made.
    pub fn checks(&self) -> usize {
        self.with(|kept| kept.checks)
    }

    /// What does not conform, a line each: `MissionService.Open (rest), state CLOSED: expected WRONG_STATE, got …`.
    pub fn failures(&self) -> Vec<String> {
        self.with(|kept| kept.failures.clone())
    }

    /// Panics with every line if anything does not conform, or if nothing was checked.
    pub fn assert_conforms(&self) {
        assert!(self.checks() > 0, "nothing was checked");
        assert!(self.failures().is_empty(), "{self}");
    }

    fn with<T>(&self, look: impl FnOnce(&mut Kept) -> T) -> T {
        look(&mut self.kept.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let failures = self.failures();
        writeln!(f, "{} of {} checks do not hold:", failures.len(), self.checks())?;
        failures.iter().try_for_each(|line| writeln!(f, "  {line}"))
    }
}

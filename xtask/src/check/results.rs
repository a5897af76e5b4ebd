//! Counts what passed, what failed and what was left out, from the result lines of the test programs and otherwise.

use std::fmt;
use std::ops::{Add, AddAssign};

/// How many checks passed, failed, and were left out since what they need cannot be had.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    /// Those that passed.
    pub(crate) passed: usize,
    /// Those that failed.
    pub(crate) failed: usize,
    /// Those that were left out.
    pub(crate) skipped: usize,
}

impl Tally {
    /// One check that passed.
    pub(crate) const PASSED: Self = Self { passed: 1, failed: 0, skipped: 0 };
    /// One check that failed.
    pub(crate) const FAILED: Self = Self { passed: 0, failed: 1, skipped: 0 };
    /// One check that was left out.
    pub(crate) const SKIPPED: Self = Self { passed: 0, failed: 0, skipped: 1 };

    /// The sum over all test programs. A run that failed without a failed test, for it did not compile or a program
    /// crashed, counts as one failure.
    pub(super) fn of_tests(output: &str, success: bool) -> Self {
        let sum = output.lines().filter_map(result).fold(Self::default(), Self::add);
        if success || sum.failed > 0 { sum } else { sum + Self::FAILED }
    }

    /// The mark of a step with this outcome.
    pub(super) fn mark(self) -> &'static str {
        if self.failed == 0 { "ok" } else { "FAIL" }
    }
}

impl Add for Tally {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self {
            passed: self.passed + other.passed,
            failed: self.failed + other.failed,
            skipped: self.skipped + other.skipped,
        }
    }
}

impl AddAssign for Tally {
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

/// `9 passed, 0 failed`, and what was left out if anything was: `9 passed, 0 failed, 1 skipped`.
impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} passed, {} failed", self.passed, self.failed)?;
        if self.skipped > 0 {
            write!(f, ", {} skipped", self.skipped)?;
        }
        Ok(())
    }
}

/// `test result: FAILED. 5 passed; 1 failed; 0 ignored; …`
fn result(line: &str) -> Option<Tally> {
    let (_, counts) = line.strip_prefix("test result: ")?.split_once(". ")?;
    let count = |what: &str| {
        let part = counts.split("; ").find_map(|part| part.strip_suffix(what))?;
        part.trim().parse().ok()
    };
    Some(Tally { passed: count(" passed")?, failed: count(" failed")?, skipped: 0 })
}

/// The output without the lines that say all is well.
pub(super) fn worth_showing(output: &str) -> String {
    let well = |line: &&str| {
        let words = line.trim_start();
        let test_passed =
            words.starts_with("test ") && (words.ends_with(" ... ok") || words.starts_with("test result: ok"));
        let built = ["Compiling ", "Checking ", "Downloaded ", "Running ", "Doc-tests ", "running ", "Finished "];
        words.is_empty() || test_passed || built.iter().any(|start| words.starts_with(start))
    };
    output.lines().filter(|line| !well(line)).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    const OUTPUT: &str = "\
   Compiling proto v0.1.0
     Running unittests src/lib.rs
running 2 tests
test a ... ok
test b ... FAILED
thread 'b' panicked
test result: FAILED. 1 passed; 1 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.00s
     Running tests/it/main.rs
test result: ok. 7 passed; 0 failed; 2 ignored; 0 measured; 0 filtered out; finished in 3.17s
";

    #[test]
    fn the_results_of_all_programs_are_summed_up() {
        assert_eq!(Tally::of_tests(OUTPUT, false), Tally { passed: 8, failed: 1, skipped: 0 });
    }

    #[test]
    fn what_was_left_out_is_counted_apart() {
        let tally = Tally::PASSED + Tally::SKIPPED + Tally::FAILED;
        assert_eq!(tally.to_string(), "1 passed, 1 failed, 1 skipped");
        assert_eq!(Tally::PASSED.to_string(), "1 passed, 0 failed");
    }

    #[test]
    fn a_run_that_broke_off_has_failed() {
        assert_eq!(Tally::of_tests("error: could not compile `proto`", false), Tally::FAILED);
        assert_eq!(Tally::of_tests("", true), Tally::default());
    }

    #[test]
    fn what_went_well_is_not_shown() {
        assert_eq!(
            worth_showing(OUTPUT).lines().collect::<Vec<_>>(),
            [
                "test b ... FAILED",
                "thread 'b' panicked",
                "test result: FAILED. 1 passed; 1 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.00s"
            ]
        );
    }
}

//! What was asked, what had to be answered, and what was; and what could not be shown at all.

use std::fmt;

/// The count.
#[derive(Default)]
pub(super) struct Tally {
    answers: usize,
    wrong: usize,
    beyond: usize,
    not_shown: Vec<String>,
}

impl Tally {
    /// Counts an answer that holds or does not, and gives the word that stands beside it.
    pub(super) fn mark(&mut self, holds: bool) -> &'static str {
        self.answers += 1;
        self.wrong += usize::from(!holds);
        if holds { "ok" } else { "WRONG" }
    }

    /// Holds an answer against what it must be, and prints the line.
    pub(super) fn hold(&mut self, what: &str, expected: &str, answered: &str) {
        let holds = expected == answered;
        let mark = self.mark(holds);
        let instead = if holds { String::new() } else { format!(", and must be {expected}") };
        println!("{mark:>7}  {what}: {answered}{instead}");
    }

    /// Counts a question that goes beyond what is promised, and gives the word that stands beside it. It is no answer.
    pub(super) fn beyond(&mut self) -> &'static str {
        self.beyond += 1;
        "limit"
    }

    /// Something of the demonstration could not be shown. That does not count as right.
    pub(super) fn not_shown(&mut self, what: &str, why: &str) {
        println!("   NOT SHOWN  {what}: {why}");
        self.not_shown.push(what.to_owned());
    }

    /// Whether all was shown and all was right.
    pub(super) fn is_clean(&self) -> bool {
        self.answers > 0 && self.wrong == 0 && self.not_shown.is_empty()
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} answers, {} of them not as they must be.", self.answers, self.wrong)?;
        if self.beyond > 0 {
            write!(f, " {} more beyond what is promised, not counted.", self.beyond)?;
        }
        if !self.not_shown.is_empty() {
            write!(f, " Not shown: {}.", self.not_shown.join("; "))?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_shown_is_not_right() {
        let mut tally = Tally::default();
        assert!(!tally.is_clean(), "nothing was asked");
        tally.hold("this", "A", "A");
        assert!(tally.is_clean());
        tally.not_shown("that", "there is no reader");
        assert!(!tally.is_clean());
        assert_eq!(tally.to_string(), "1 answers, 0 of them not as they must be. Not shown: that.");
    }

    #[test]
    fn one_wrong_answer_is_enough() {
        let mut tally = Tally::default();
        tally.hold("this", "A", "A");
        tally.hold("that", "A", "B");
        assert!(!tally.is_clean());
        assert_eq!(tally.to_string(), "2 answers, 1 of them not as they must be.");
    }
}

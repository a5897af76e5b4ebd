//! What was measured, against what, and whether it is what we set out to reach.

use super::load::Measured;

/// The lines printed at the end.
#[derive(Default)]
pub(super) struct Table(Vec<String>);

impl Table {
    /// What the lines below are about.
    pub(super) fn title(&mut self, what: &str) {
        self.line(format!("{what}:"));
    }

    /// A rate with its latencies.
    pub(super) fn rate(&mut self, what: &str, measured: &Measured) {
        let Measured { rate, p50, p99 } = measured;
        self.line(format!("{what:<58} {rate:>9.0} req/s   p50 {p50:>7.0} µs   p99 {p99:>7.0} µs"));
    }

    /// A plain figure.
    pub(super) fn figure(&mut self, what: &str, value: f64, unit: &str) {
        self.line(format!("{what:<58} {value:>9.2} {unit}"));
    }

    /// A ratio, with what it should be: at least the goal, or at most its amount if the goal is negative.
    pub(super) fn ratio(&mut self, what: &str, value: f64, goal: Option<f64>) {
        let verdict = match goal {
            Some(goal) if goal < 0.0 => format!("goal at most {:.2}: {}", -goal, met(value <= -goal)),
            Some(goal) => format!("goal at least {goal:.2}: {}", met(value >= goal)),
            None => String::new(),
        };
        self.line(format!("  = {what:<54} {value:>9.2}         {verdict}"));
    }

    /// A figure with what it is held to: at least the goal, or at most its amount if the goal is negative.
    pub(super) fn held(&mut self, what: &str, value: f64, unit: &str, goal: f64) {
        let verdict = match goal < 0.0 {
            true => format!("goal at most {}: {}", -goal, met(value <= -goal)),
            false => format!("goal at least {goal}: {}", met(value >= goal)),
        };
        self.line(format!("{what:<58} {value:>9.2} {unit:<8} {verdict}"));
    }

    fn line(&mut self, line: String) {
        println!("{line}");
        self.0.push(line);
    }

    /// Prints all of it again, together.
    pub(super) fn print(&self) {
        println!("\nmeasured in one run, the middle of three rounds each:\n{}", self.0.join("\n"));
    }
}

fn met(yes: bool) -> &'static str {
    if yes { "met" } else { "NOT MET" }
}

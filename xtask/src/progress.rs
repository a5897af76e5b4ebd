//! Shows which step is under way and for how long: a spinner on a terminal, plain lines elsewhere.

use anyhow::Result;
use indicatif::{HumanDuration, ProgressBar, ProgressStyle};
use std::io::IsTerminal as _;
use std::time::{Duration, Instant};

/// A step under way.
#[derive(Clone, Debug)]
pub(crate) struct Step {
    what: String,
    begun: Instant,
    bar: Option<ProgressBar>,
}

impl Step {
    /// Begins a step: `starting PostgreSQL and Redis`.
    pub(crate) fn begin(what: impl Into<String>) -> Self {
        let what = what.into();
        let bar = std::io::stderr().is_terminal().then(spinner);
        match &bar {
            Some(bar) => bar.set_message(what.clone()),
            None => eprintln!("      {what}"),
        }
        Self { what, begun: Instant::now(), bar }
    }

    /// Begins a step that shows its own progress, as cargo does.
    pub(crate) fn begin_aloud(what: impl Into<String>) -> Self {
        let what = what.into();
        eprintln!("      {what}");
        Self { what, begun: Instant::now(), bar: None }
    }

    /// Shows what the step is doing now.
    pub(crate) fn say(&self, detail: &str) {
        match &self.bar {
            Some(bar) => bar.set_message(format!("{}: {detail}", self.what)),
            None => eprintln!("        {detail}"),
        }
    }

    /// As [`Step::say`], but only where it replaces what was shown before.
    pub(crate) fn say_in_passing(&self, detail: &str) {
        if let Some(bar) = &self.bar {
            bar.set_message(format!("{}: {detail}", self.what));
        }
    }

    /// Ends the step.
    pub(crate) fn end(self, mark: &str) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
        eprintln!("{mark:>4}  {} ({})", self.what, seconds(self.begun.elapsed()));
    }

    /// Ends the step with its outcome.
    pub(crate) fn done<T>(self, outcome: Result<T>) -> Result<T> {
        self.end(if outcome.is_ok() { "ok" } else { "FAIL" });
        outcome
    }
}

/// `0.41 s`, `3 minutes`.
pub(crate) fn seconds(duration: Duration) -> String {
    if duration < Duration::from_secs(100) {
        return format!("{:.2} s", duration.as_secs_f64());
    }
    HumanDuration(duration).to_string()
}

fn spinner() -> ProgressBar {
    let style =
        ProgressStyle::with_template("{spinner:>4}  {wide_msg} {elapsed}").expect("the template is well-formed");
    let bar = ProgressBar::new_spinner().with_style(style);
    bar.enable_steady_tick(Duration::from_millis(100));
    bar
}

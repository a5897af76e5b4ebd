//! Takes records in by bulk import: one line each, one result each.

use super::door::Door;
use anyhow::{Context as _, Result, ensure};
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::Value;
use std::collections::BTreeMap;
use std::fmt;

/// A line of an import.
pub(crate) struct Line {
    /// Where it stands in the file that it comes from.
    pub(crate) number: usize,
    /// What is sent.
    pub(crate) body: Value,
}

/// What became of the lines.
#[derive(Debug, Default)]
pub(crate) struct Summary {
    counts: BTreeMap<String, usize>,
    /// Lines that were refused: the line in the file, and why.
    pub(crate) rejected: Vec<(usize, String)>,
}

impl Summary {
    /// How many lines had this outcome: `UNCHANGED`.
    pub(crate) fn of(&self, outcome: &str) -> usize {
        self.counts.get(outcome).copied().unwrap_or_default()
    }
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let outcomes = ["CREATED", "UPDATED", "UNCHANGED", "REJECTED"];
        let parts = outcomes.map(|outcome| format!("{} {}", self.of(outcome), outcome.to_lowercase()));
        f.write_str(&parts.join(", "))
    }
}

/// Sends the lines to a method and shows each result as it comes.
///
/// # Errors
/// The gateway refuses the import as a whole, or it breaks off before every line is answered.
pub(crate) async fn import(door: &Door, role: &str, path: &str, sent: &[Line]) -> Result<Summary> {
    let lines: String = sent.iter().map(|line| format!("{}\n", line.body)).collect();
    let bar = bar(sent.len());
    let mut response = door.lines(role, path, lines).await?;
    let (mut summary, mut rest) = (Summary::default(), Vec::new());
    while let Some(chunk) = response.chunk().await.context("read the results of the import")? {
        rest.extend_from_slice(&chunk);
        while let Some(end) = rest.iter().position(|byte| *byte == b'\n') {
            let line: Vec<u8> = rest.drain(..=end).collect();
            take(&line, sent, &mut summary)?;
            bar.inc(1);
        }
    }
    if !rest.is_empty() {
        take(&rest, sent, &mut summary)?;
    }
    bar.finish_and_clear();
    let answered: usize = summary.counts.values().sum();
    ensure!(answered == sent.len(), "{answered} of {} lines were answered; send all of them again", sent.len());
    Ok(summary)
}

/// Reads one result.
fn take(line: &[u8], sent: &[Line], summary: &mut Summary) -> Result<()> {
    let result: Value = serde_json::from_slice(line).context("a result of the import is no JSON")?;
    let outcome = result["outcome"].as_str().context("a line was answered without an outcome")?.to_owned();
    if outcome == "REJECTED" {
        let number: usize = result["line"].as_str().and_then(|text| text.parse().ok()).unwrap_or_default();
        let line = number.checked_sub(1).and_then(|at| sent.get(at)).map_or(number, |line| line.number);
        summary.rejected.push((line, why(&result["failure"])));
    }
    *summary.counts.entry(outcome).or_default() += 1;
    Ok(())
}

/// A failure in words.
fn why(failure: &Value) -> String {
    let text = |value: &Value, name: &str| value[name].as_str().unwrap_or_default().to_owned();
    let mut words = format!("{}: {}", text(failure, "reason"), text(failure, "message"));
    for violation in failure["violations"].as_array().into_iter().flatten() {
        words.push_str(&format!("; {} {}", text(violation, "field"), text(violation, "description")));
    }
    words
}

fn bar(lines: usize) -> ProgressBar {
    let style = ProgressStyle::with_template("      importing {bar:40} {pos}/{len}").expect("the template is sound");
    ProgressBar::new(lines as u64).with_style(style)
}

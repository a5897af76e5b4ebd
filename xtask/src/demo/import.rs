//! Takes missions in by bulk import: one line each, one result each.

use super::door::Door;
use super::missions::Mapped;
use anyhow::{Context as _, Result, ensure};
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::Value;
use std::collections::BTreeMap;
use std::fmt;

const PATH: &str = "/v1/accreditation/missions:import";

/// What became of the lines.
#[derive(Debug, Default)]
pub(super) struct Summary {
    counts: BTreeMap<String, usize>,
    /// Lines that were refused: the line in the file, and why.
    pub(super) rejected: Vec<(usize, String)>,
}

impl Summary {
    /// How many lines had this outcome: `UNCHANGED`.
    pub(super) fn of(&self, outcome: &str) -> usize {
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

/// Sends the missions and shows each result as it comes.
///
/// # Errors
/// The gateway refuses the import as a whole, or it breaks off before every line is answered.
pub(super) async fn import(door: &Door, role: &str, missions: &[Mapped]) -> Result<Summary> {
    let lines: String = missions.iter().map(|mission| format!("{}\n", mission.import_line())).collect();
    let bar = bar(missions.len());
    let mut response = door.lines(role, PATH, lines).await?;
    let (mut summary, mut rest) = (Summary::default(), Vec::new());
    while let Some(chunk) = response.chunk().await.context("read the results of the import")? {
        rest.extend_from_slice(&chunk);
        while let Some(end) = rest.iter().position(|byte| *byte == b'\n') {
            let line: Vec<u8> = rest.drain(..=end).collect();
            take(&line, missions, &mut summary)?;
            bar.inc(1);
        }
    }
    if !rest.is_empty() {
        take(&rest, missions, &mut summary)?;
    }
    bar.finish_and_clear();
    let answered: usize = summary.counts.values().sum();
    ensure!(answered == missions.len(), "{answered} of {} lines were answered; send all of them again", missions.len());
    Ok(summary)
}

/// Reads one result.
fn take(line: &[u8], missions: &[Mapped], summary: &mut Summary) -> Result<()> {
    let result: Value = serde_json::from_slice(line).context("a result of the import is no JSON")?;
    let outcome = result["outcome"].as_str().context("a line was answered without an outcome")?.to_owned();
    if outcome == "REJECTED" {
        let number: usize = result["line"].as_str().and_then(|text| text.parse().ok()).unwrap_or_default();
        let line = number.checked_sub(1).and_then(|at| missions.get(at)).map_or(number, |mission| mission.line);
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

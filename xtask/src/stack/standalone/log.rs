//! The log of `standalone`, kept in a file: a program whose reader has gone must not fail for it.

use crate::local::Local;
use anyhow::{Context as _, Result};
use serde_json::{Map, Value};
use std::fmt::Write as _;
use std::fs::{self, File};
use std::path::PathBuf;
use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncBufReadExt as _, BufReader};

/// How often the file is looked at.
const REST: Duration = Duration::from_millis(200);
/// What a line begins with in every form of the log, and is not shown again.
const KNOWN: [&str; 6] = ["time", "level", "target", "message", "trace_id", "span_id"];

/// The log.
#[derive(Clone)]
pub(crate) struct Log {
    path: PathBuf,
    file: Arc<File>,
}

impl Log {
    /// Begins a new one; the one before is kept as `standalone.log.1`.
    pub(super) fn create(local: &Local) -> Result<Self> {
        let path = local.path("standalone.log");
        if path.exists() {
            fs::rename(&path, local.path("standalone.log.1")).context("keep the log of the last run")?;
        }
        let file = File::options().create(true).append(true).open(&path);
        let file = file.with_context(|| format!("write {}", path.display()))?;
        Ok(Self { path, file: Arc::new(file) })
    }

    /// Where a child writes it.
    pub(super) fn for_child(&self) -> Result<Stdio> {
        Ok(self.file.try_clone()?.into())
    }

    /// The last lines.
    pub(super) fn tail(&self) -> String {
        let text = fs::read_to_string(&self.path).unwrap_or_default();
        let lines: Vec<_> = text.lines().collect();
        lines[lines.len().saturating_sub(20)..].join("\n")
    }

    /// Prints warnings and errors, those of the start first; returns only if the file cannot be read.
    pub(crate) async fn follow(&self) -> Result<()> {
        let file = tokio::fs::File::open(&self.path).await.context("read the log")?;
        let mut reader = BufReader::new(file);
        let mut line = String::new();
        let mut rest = tokio::time::interval(REST);
        loop {
            // At the end of the file an unfinished line stays in the buffer until its rest is written.
            reader.read_line(&mut line).await.context("read the log")?;
            if !line.ends_with('\n') {
                rest.tick().await;
                continue;
            }
            if let Some(words) = worth_showing(line.trim_end()) {
                eprintln!("{words}");
            }
            line.clear();
        }
    }
}

/// A line at WARN or above for people; what is no line of the log, such as a panic, as it is.
fn worth_showing(line: &str) -> Option<String> {
    let Ok(entry) = serde_json::from_str::<Map<String, Value>>(line) else { return Some(line.to_owned()) };
    let text = |name: &str| entry.get(name).and_then(Value::as_str).unwrap_or_default();
    if !matches!(text("level"), "WARN" | "ERROR") {
        return None;
    }
    let mut words = format!("{:5} {} {}", text("level"), text("target"), text("message"));
    for (name, value) in entry.iter().filter(|(name, _)| !KNOWN.contains(&name.as_str())) {
        write!(words, " {name}={value}").ok()?;
    }
    Some(words)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn warnings_are_shown_with_their_fields_and_information_is_not() {
        let line =
            r#"{"time":"2026-11-21T10:00:00Z","level":"WARN","target":"events","message":"redis is away","attempt":2}"#;
        assert_eq!(worth_showing(line).unwrap(), "WARN  events redis is away attempt=2");
        assert_eq!(worth_showing(r#"{"level":"INFO","message":"ready"}"#), None);
        assert_eq!(worth_showing("thread 'main' panicked").unwrap(), "thread 'main' panicked");
    }
}

//! What came of a request, in the same words for both doors.

use fault::Fault;
use serde_json::Value;
use std::collections::BTreeMap;
use std::fmt;

/// The answers as JSON, one of a method that does not stream; or why there are none.
pub(super) type Outcome = Result<Vec<Value>, Refusal>;

/// A refusal as the caller reads it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// The reason: `WRONG_STATE`.
    pub reason: String,
    /// The HTTP status.
    pub status: u16,
    /// What happened, in words.
    pub message: String,
    /// The fields at fault, sorted.
    pub fields: Vec<String>,
    /// Machine-readable details.
    pub metadata: BTreeMap<String, String>,
}

impl Refusal {
    /// Reads an `application/problem+json` body; an answer that is none of ours keeps its status and text.
    pub(super) fn of_problem(status: u16, body: &[u8]) -> Self {
        let problem: Value = serde_json::from_slice(body).unwrap_or_default();
        let text = |field: &str| problem[field].as_str().unwrap_or_default().to_owned();
        if problem["reason"].is_null() {
            let message = String::from_utf8_lossy(body).into_owned();
            return Self {
                reason: "NO_PROBLEM".into(),
                status,
                message,
                fields: Vec::new(),
                metadata: BTreeMap::new(),
            };
        }
        let errors = problem["errors"].as_array().cloned().unwrap_or_default();
        let metadata = problem["metadata"].as_object().cloned().unwrap_or_default();
        let mut fields: Vec<_> =
            errors.iter().map(|error| error["field"].as_str().unwrap_or_default().to_owned()).collect();
        fields.sort();
        let metadata = metadata.into_iter().map(|(key, value)| (key, value.as_str().unwrap_or_default().to_owned()));
        Self { reason: text("reason"), status, message: text("detail"), fields, metadata: metadata.collect() }
    }
}

impl From<&tonic::Status> for Refusal {
    fn from(status: &tonic::Status) -> Self {
        let fault = Fault::from(status);
        let mut fields: Vec<_> = fault.violations().iter().map(|violation| violation.field.clone()).collect();
        fields.sort();
        Self {
            reason: fault.reason().to_owned(),
            status: fault.http(),
            message: fault.message().to_owned(),
            fields,
            metadata: fault.metadata().map(|(key, value)| (key.to_owned(), value.to_owned())).collect(),
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({}): {}", self.reason, self.status, self.message)?;
        if !self.fields.is_empty() {
            write!(f, " at {}", self.fields.join(", "))?;
        }
        if !self.metadata.is_empty() {
            write!(f, " {:?}", self.metadata)?;
        }
        Ok(())
    }
}

/// Why a check could not be made: what it needs could not be brought about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unprepared(pub String);

impl fmt::Display for Unprepared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Unprepared {}

/// A few words for an outcome.
pub(super) fn brief(outcome: &Outcome) -> String {
    match outcome {
        Ok(answers) => {
            let text = answers.first().map(Value::to_string).unwrap_or_default();
            let more = if text.chars().count() > 120 { "…" } else { "" };
            format!("the answer {}{more}", text.chars().take(120).collect::<String>())
        }
        Err(refusal) => refusal.to_string(),
    }
}

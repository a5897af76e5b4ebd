//! What went wrong, as it is told and as the process ends: a problem with its fields and remedy, and an exit code.

use proto::contract::contract;
use serde_json::Value;
use std::fmt;

/// Exit codes, with what each means. Scripts rely on them.
pub(crate) const EXIT_CODES: [(u8, &str); 12] = [
    (0, "done"),
    (1, "a fault of the service's or this program's"),
    (2, "the command line is wrong; nothing was sent"),
    (3, "the request is wrong: fields, filter, file"),
    (4, "no key, or one that is not accepted"),
    (5, "the key may not do this, or another person must"),
    (6, "there is no such record"),
    (7, "the record's state or version does not allow it, or it exists already"),
    (8, "too many requests; try later"),
    (9, "the service cannot be reached or is away; try again"),
    (10, "some lines of an import, or some documents, were refused; the rest is done"),
    (11, "an audit log is not as it was sealed"),
];

/// Why a command did not succeed.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The service's answer is a problem (RFC 9457).
    Problem {
        /// The HTTP status.
        status: u16,
        /// The problem.
        problem: Box<Value>,
    },
    /// The service was not reached.
    Unreachable(String),
    /// The command line is wrong.
    Usage(String),
    /// A file or a document is wrong.
    Document(String),
    /// There is no key to call with.
    NoKey(String),
    /// Some of it was refused.
    Partly(String),
    /// An audit log is not as it was sealed.
    Broken(String),
    /// Anything else.
    Other(anyhow::Error),
}

impl Failure {
    pub(crate) fn usage(words: impl Into<String>) -> Self {
        Self::Usage(words.into())
    }

    pub(crate) fn document(words: impl Into<String>) -> Self {
        Self::Document(words.into())
    }

    /// The problem in an answer's body; made up from the status if the body is none, as from a proxy between.
    pub(crate) fn problem(status: u16, body: &[u8]) -> Self {
        let read = serde_json::from_slice::<Value>(body).ok().filter(Value::is_object);
        let problem = read.unwrap_or_else(|| {
            let text = String::from_utf8_lossy(body);
            let detail = text.lines().next().unwrap_or_default().chars().take(200).collect::<String>();
            serde_json::json!({"title": format!("the answer is {status} and no problem document"), "detail": detail})
        });
        Self::Problem { status, problem: Box::new(problem) }
    }

    /// The reason's name, if the service gave one.
    pub(crate) fn reason(&self) -> Option<&str> {
        match self {
            Self::Problem { problem, .. } => problem["reason"].as_str(),
            _ => None,
        }
    }

    /// The HTTP status, if there was an answer.
    pub(crate) fn status(&self) -> Option<u16> {
        match self {
            Self::Problem { status, .. } => Some(*status),
            _ => None,
        }
    }

    /// The exit code, one of [`EXIT_CODES`].
    pub(crate) fn exit_code(&self) -> u8 {
        match self {
            Self::Problem { status, .. } => match status {
                400 | 413 | 415 | 422 | 431 => 3,
                401 => 4,
                403 => 5,
                404 | 405 => 6,
                409 | 412 | 428 => 7,
                429 => 8,
                408 | 499 | 502..=504 => 9,
                _ => 1,
            },
            Self::Unreachable(_) => 9,
            Self::Usage(_) => 2,
            Self::Document(_) => 3,
            Self::NoKey(_) => 4,
            Self::Partly(_) => 10,
            Self::Broken(_) => 11,
            Self::Other(_) => 1,
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Problem { status, problem } => write_problem(f, *status, problem),
            Self::Unreachable(words) => write!(f, "error: the service cannot be reached: {words}"),
            Self::Usage(words)
            | Self::Document(words)
            | Self::NoKey(words)
            | Self::Partly(words)
            | Self::Broken(words) => {
                write!(f, "error: {words}")
            }
            Self::Other(error) => write!(f, "error: {error:#}"),
        }
    }
}

impl From<anyhow::Error> for Failure {
    fn from(error: anyhow::Error) -> Self {
        Self::Other(error)
    }
}

impl From<std::io::Error> for Failure {
    fn from(error: std::io::Error) -> Self {
        Self::Other(error.into())
    }
}

fn write_problem(f: &mut fmt::Formatter<'_>, status: u16, problem: &Value) -> fmt::Result {
    let text = |member: &str| problem[member].as_str().filter(|text| !text.is_empty());
    let words = text("detail").or(text("title")).unwrap_or("the request was refused");
    match text("reason") {
        Some(reason) => write!(f, "error: {words} ({reason}, {status})")?,
        None => write!(f, "error: {words} ({status})")?,
    }
    for error in problem["errors"].as_array().into_iter().flatten() {
        let at = error["pointer"].as_str().unwrap_or_default();
        write!(f, "\n  {at}: {}", error["detail"].as_str().unwrap_or_default())?;
    }
    for (name, value) in problem["metadata"].as_object().into_iter().flatten() {
        write!(f, "\n  {name}: {}", value.as_str().unwrap_or_default())?;
    }
    if let Some(remedy) = remedy(text("domain").unwrap_or_default(), text("reason").unwrap_or_default()) {
        write!(f, "\nremedy: {remedy}")?;
    }
    if let Some(seconds) = problem["retryAfter"].as_u64() {
        write!(f, "\nretry after: {seconds} s")?;
    }
    if let Some(trace) = text("traceId") {
        write!(f, "\ntrace: {trace}")?;
    }
    Ok(())
}

/// What the contract says can be done about a reason.
pub(crate) fn remedy(domain: &str, reason: &str) -> Option<&'static str> {
    let of = |entry: &&proto::contract::ReasonEntry| entry.name == reason && entry.domain == domain;
    let found = contract().reasons().iter().find(of)?;
    Some(found.rule.remedy.as_str()).filter(|remedy| !remedy.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_problem_is_told_with_its_fields_and_its_remedy() {
        let body = br##"{"title":"invalid fields","status":400,"detail":"1 field is wrong","reason":"INVALID_FIELDS",
            "domain":"legation.policy.v1","errors":[{"pointer":"#/mission/seat","field":"mission.seat","detail":"is required"}],
            "traceId":"4bf9"}"##;
        let failure = Failure::problem(400, body);
        assert_eq!(failure.exit_code(), 3);
        assert_eq!(
            failure.to_string(),
            "error: 1 field is wrong (INVALID_FIELDS, 400)\n  #/mission/seat: is required\n\
             remedy: Correct each listed field and send the request again.\ntrace: 4bf9"
        );
    }

    #[test]
    fn an_answer_that_is_no_problem_is_told_by_its_first_line() {
        let failure = Failure::problem(502, b"<html>\nbad gateway");
        assert_eq!((failure.exit_code(), failure.reason()), (9, None));
        assert_eq!(failure.to_string(), "error: <html> (502)");
    }

    #[test]
    fn every_exit_code_is_documented() {
        for status in [400, 401, 403, 404, 409, 429, 500, 503] {
            let code = Failure::problem(status, b"{}").exit_code();
            assert!(EXIT_CODES.iter().any(|(known, _)| *known == code), "{code}");
        }
    }
}

//! An RFC 9457 problem: the same fault as HTTP callers read it.

use crate::{Fault, Violation};
use serde::Serialize;
use std::collections::BTreeMap;

/// The body of an `application/problem+json` answer (RFC 9457, section 3).
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Problem {
    /// Where the reason is explained: a relative reference into the API's own error reference.
    pub r#type: String,
    /// The reason in words: `stale etag`.
    pub title: String,
    /// The HTTP status.
    pub status: u16,
    /// What happened this time.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub detail: String,
    /// The reason's name, the same as in gRPC's `ErrorInfo`.
    pub reason: String,
    /// Whose reason it is.
    pub domain: String,
    /// The fields at fault, each with a JSON pointer.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<Pointer>,
    /// Machine-readable details.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub metadata: BTreeMap<String, String>,
    /// The trace to give when reporting it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub trace_id: Option<String>,
    /// Seconds to wait, also in `Retry-After`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retry_after: Option<u64>,
}

/// A field at fault.
#[derive(Debug, Serialize)]
pub struct Pointer {
    /// Where it is, as a JSON pointer into the request (RFC 6901): `#/member/birthDate`.
    pub pointer: String,
    /// The field's path as gRPC callers read it: `member.birthDate`.
    pub field: String,
    /// What is wrong with it.
    pub detail: String,
}

impl Problem {
    /// The problem for a fault; `trace_id` is in lower-case hexadecimal.
    pub fn new(fault: &Fault, trace_id: Option<String>) -> Self {
        let title = fault.reason().to_ascii_lowercase().replace('_', " ");
        Self {
            r#type: format!("/docs/errors#{}", fault.reason()),
            title,
            status: fault.http(),
            detail: fault.message().to_owned(),
            reason: fault.reason().to_owned(),
            domain: fault.domain().to_owned(),
            errors: fault.violations().iter().map(Pointer::of).collect(),
            metadata: fault.metadata().map(|(key, value)| (key.to_owned(), value.to_owned())).collect(),
            trace_id,
            retry_after: fault.pause().map(|pause| pause.as_secs_f64().ceil() as u64),
        }
    }

    /// The body.
    pub fn to_json(&self) -> Vec<u8> {
        serde_json::to_vec(self).expect("text, numbers and maps of text always serialise")
    }
}

impl Pointer {
    fn of(violation: &Violation) -> Self {
        let mut pointer = String::from("#");
        for part in violation.field.split(['.', '[']).filter(|part| !part.is_empty()) {
            pointer.push('/');
            pointer.push_str(&part.trim_end_matches(']').replace('~', "~0").replace('/', "~1"));
        }
        Self { pointer, field: violation.field.clone(), detail: violation.description.clone() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_becomes_a_json_pointer() {
        let violation = Violation { field: "member.facts[2].title".into(), description: "is too long".into() };
        assert_eq!(Pointer::of(&violation).pointer, "#/member/facts/2/title");
    }
}

//! To and from `tonic::Status` with the standard details of `google.rpc`, bounded in size.
//!
//! A gRPC status travels in headers: past 16 KiB of them calls hang rather than fail, and details travel in base64.
//! So every part is cut to a budget here, where a status is built, and nowhere else.

use crate::{Code, Fault, Inner, Violation};
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::collections::HashMap;
use tonic::Status;
use tonic_types::{BadRequest, ErrorDetails, FieldViolation, PreconditionViolation, StatusExt};

/// The most bytes of the message a caller sees.
const MESSAGE_BYTES: usize = 1_000;
/// The most bytes that violations and metadata may take together.
const DETAIL_BYTES: usize = 6_000;
/// The key under which the HTTP status travels when it is not the code's usual one.
const HTTP_KEY: &str = "http";

impl From<Fault> for Status {
    fn from(fault: Fault) -> Self {
        let inner = *fault.0;
        let mut left = DETAIL_BYTES;
        let mut metadata = HashMap::new();
        if inner.http != inner.code.http() {
            metadata.insert(HTTP_KEY.to_owned(), inner.http.to_string());
        }
        for (key, value) in inner.metadata {
            if take(&mut left, key.len() + value.len()) {
                metadata.insert(key.into_owned(), value);
            }
        }
        let mut details = ErrorDetails::with_error_info(inner.reason, inner.domain, metadata);
        let mut violations = Vec::new();
        let mut dropped = 0_usize;
        for violation in inner.violations {
            if take(&mut left, violation.field.len() + violation.description.len() + 8) {
                violations.push(violation);
            } else {
                dropped += 1;
            }
        }
        if dropped > 0 {
            let description = format!("and {dropped} more");
            violations.push(Violation { field: String::new(), description });
        }
        if inner.code == Code::FailedPrecondition {
            for violation in &violations {
                details.add_precondition_failure_violation(
                    details.error_info().map(|info| info.reason.clone()).unwrap_or_default(),
                    violation.field.clone(),
                    violation.description.clone(),
                );
            }
        } else if !violations.is_empty() {
            let list = violations.into_iter().map(|v| FieldViolation::new(v.field, v.description));
            details.set_bad_request(list.collect::<Vec<_>>());
        }
        if let Some(pause) = inner.retry_after {
            details.set_retry_info(Some(pause));
        }
        let message = cut(inner.message, MESSAGE_BYTES);
        let mut status = Status::with_error_details(inner.code.grpc(), message, details);
        if let Some(source) = inner.source {
            status.set_source(source.into());
        }
        status
    }
}

/// Reads a status back. One without our details (from a library, a proxy) keeps its code and words, with the reason
/// that stands for the code.
impl From<&Status> for Fault {
    fn from(status: &Status) -> Self {
        let details = status.get_error_details();
        let code = Code::of(status.code());
        let mut http = code.http();
        let mut metadata = BTreeMap::new();
        let (reason, domain) = match details.error_info() {
            Some(info) => {
                for (key, value) in &info.metadata {
                    match (key.as_str(), value.parse()) {
                        (HTTP_KEY, Ok(number)) => http = number,
                        _ => drop(metadata.insert(Cow::Owned(key.clone()), value.clone())),
                    }
                }
                (Cow::Owned(info.reason.clone()), Cow::Owned(info.domain.clone()))
            }
            None => (Cow::Borrowed(plain_reason(code)), Cow::Borrowed("legation.policy.v1")),
        };
        let fields = details.bad_request().map(|BadRequest { field_violations }| {
            field_violations.iter().map(|v| Violation { field: v.field.clone(), description: v.description.clone() })
        });
        let subjects = details.precondition_failure().map(|failure| {
            let read =
                |v: &PreconditionViolation| Violation { field: v.subject.clone(), description: v.description.clone() };
            failure.violations.iter().map(read)
        });
        let violations = fields.into_iter().flatten().chain(subjects.into_iter().flatten()).collect();
        Self(Box::new(Inner {
            reason,
            domain,
            code,
            http,
            message: status.message().to_owned(),
            metadata,
            violations,
            retry_after: details.retry_info().and_then(|info| info.retry_delay),
            source: None,
        }))
    }
}

/// The house reason of a status that carries none.
const fn plain_reason(code: Code) -> &'static str {
    match code {
        Code::InvalidArgument => "MALFORMED_REQUEST",
        Code::Unauthenticated => "UNAUTHENTICATED",
        Code::PermissionDenied => "PERMISSION_DENIED",
        Code::NotFound => "NOT_FOUND",
        Code::AlreadyExists => "ALREADY_EXISTS",
        Code::Aborted => "CONTENDED",
        Code::FailedPrecondition => "WRONG_STATE",
        Code::ResourceExhausted => "RATE_LIMITED",
        Code::Cancelled => "CANCELLED",
        Code::Internal => "INTERNAL",
        Code::Unimplemented => "NO_ROUTE",
        Code::Unavailable => "UNAVAILABLE",
        Code::DeadlineExceeded => "DEADLINE_EXCEEDED",
    }
}

fn take(left: &mut usize, bytes: usize) -> bool {
    let fits = bytes <= *left;
    if fits {
        *left -= bytes;
    }
    fits
}

/// Cuts at a character, and says that it cut.
fn cut(mut text: String, most: usize) -> String {
    if text.len() > most {
        let mut end = most;
        while !text.is_char_boundary(end) {
            end -= 1;
        }
        text.truncate(end);
        text.push('…');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Reason;

    #[derive(Clone, Copy)]
    struct Stale;

    impl Reason for Stale {
        fn name(self) -> &'static str {
            "STALE_ETAG"
        }
        fn domain(self) -> &'static str {
            "legation.policy.v1"
        }
        fn code(self) -> Code {
            Code::Aborted
        }
        fn http(self) -> u16 {
            412
        }
    }

    #[test]
    fn a_fault_survives_the_wire() {
        let fault = Fault::new(Stale, "it changed").with("version", "7").at("etag", "is of version 6");
        let back = Fault::from(&Status::from(fault));
        assert_eq!(back.reason(), "STALE_ETAG");
        assert_eq!(back.http(), 412);
        assert_eq!(back.code(), Code::Aborted);
        assert_eq!(back.metadata().collect::<Vec<_>>(), [("version", "7")]);
        assert_eq!(back.violations().len(), 1);
        assert_eq!(back.violations()[0].field, "etag");
    }

    #[test]
    fn a_status_stays_under_the_header_limit_whatever_is_put_in() {
        let mut fault = Fault::new(Stale, "ß".repeat(50_000));
        for n in 0..5_000 {
            fault = fault.at(format!("members[{n}].familyName"), "x".repeat(100));
            fault = fault.with(format!("key{n}"), "y".repeat(100));
        }
        let status = Status::from(fault);
        let mut headers = http::HeaderMap::new();
        status.add_header(&mut headers).expect("a status can be written as headers");
        let bytes: usize = headers.iter().map(|(name, value)| name.as_str().len() + value.len()).sum();
        assert!(bytes < 16_384, "{bytes} bytes of headers");
        let back = Fault::from(&status);
        assert!(back.violations().last().expect("some fit").description.starts_with("and "));
    }

    #[test]
    fn a_plain_status_gets_the_reason_of_its_code() {
        let fault = Fault::from(&Status::unavailable("connection refused"));
        assert_eq!((fault.reason(), fault.http()), ("UNAVAILABLE", 503));
    }
}

//! The schema of a refusal: an RFC 9457 problem as `fault::Problem` writes it.

use serde_json::{Value, json};

/// The schema of `application/problem+json`.
pub(crate) fn schema() -> Value {
    json!({
        "type": "object",
        "description": "Why a request did not succeed (RFC 9457).",
        "required": ["type", "title", "status", "reason", "domain"],
        "properties": {
            "type": {"type": "string", "format": "uri-reference", "description": "Where the reason is explained."},
            "title": {"type": "string", "description": "The reason in words."},
            "status": {"type": "integer", "format": "int32", "minimum": 400, "maximum": 599, "description": "The HTTP status."},
            "detail": {"type": "string", "description": "What happened this time."},
            "reason": {
                "type": "string",
                "pattern": "^[A-Z][A-Z0-9_]*$",
                "description": "The reason's name, the same as in gRPC's `ErrorInfo`. Decide by this, not by the words.",
            },
            "domain": {"type": "string", "description": "Whose reason it is: the package that declares it."},
            "errors": {
                "type": "array",
                "description": "The fields at fault.",
                "items": {"$ref": "#/components/schemas/ProblemField"},
            },
            "metadata": {
                "type": "object",
                "description": "Machine-readable details: the present state and the allowed ones, the permission that is missing.",
                "additionalProperties": {"type": "string"},
            },
            "traceId": {"type": "string", "description": "The trace to give when reporting it."},
            "retryAfter": {"type": "integer", "format": "int64", "minimum": 0, "description": "Seconds to wait, also in `Retry-After`."},
        },
        "examples": [{
            "type": "/docs/errors#INVALID_FIELDS",
            "title": "invalid fields",
            "status": 400,
            "detail": "one field breaks the contract",
            "reason": "INVALID_FIELDS",
            "domain": "legation.policy.v1",
            "errors": [{"pointer": "#/birthDate", "field": "birthDate", "detail": "is required"}],
            "traceId": "4bf92f3577b34da6a3ce929d0e0e4736",
        }],
    })
}

/// The schema of a field at fault.
pub(crate) fn field() -> Value {
    json!({
        "type": "object",
        "description": "A field at fault and why.",
        "required": ["pointer", "field", "detail"],
        "properties": {
            "pointer": {"type": "string", "description": "Where it is, as a JSON pointer into the request (RFC 6901)."},
            "field": {"type": "string", "description": "The field's path as gRPC callers read it."},
            "detail": {"type": "string", "description": "What is wrong with it."},
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use fault::{Fault, Problem};
    use proto::policy::v1::Reason;
    use std::time::Duration;

    #[test]
    fn the_schema_names_what_a_problem_has_and_nothing_else() {
        let fault = Fault::new(Reason::InvalidFields, "one field breaks the contract")
            .at("member.birthDate", "is required")
            .with("state", "OPEN")
            .retry_after(Duration::from_secs(2));
        let full: Value =
            serde_json::from_slice(&Problem::new(&fault, Some("4bf9".into())).to_json()).expect("it is JSON");
        let names = |value: &Value| {
            let mut names: Vec<_> = value.as_object().expect("it is an object").keys().cloned().collect();
            names.sort();
            names
        };
        assert_eq!(names(&full), names(&schema()["properties"]));
        assert_eq!(names(&full["errors"][0]), names(&field()["properties"]));
        let bare = Problem::new(&Fault::new(Reason::Internal, ""), None).to_json();
        let bare: Value = serde_json::from_slice(&bare).expect("it is JSON");
        let mut required: Vec<_> = schema()["required"].as_array().expect("it is a list").clone();
        required.sort_by_key(|name| name.as_str().map(str::to_owned));
        assert_eq!(json!(names(&bare)), json!(required));
    }
}

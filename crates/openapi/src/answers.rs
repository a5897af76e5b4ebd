//! What a method can answer: its message or stream, and every refusal it can give.

use crate::paths::Path;
use crate::schemas::{Schemas, Side};
use proto::contract::{Contract, Field, Kind, Method, ReasonEntry};
use proto::policy::v1::Reason;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// The refusals of the house and what they are called in `components.responses`.
const STATUSES: &[(u16, &str, &str)] = &[
    (400, "BadRequest", "The request breaks the contract; every violation is listed."),
    (401, "Unauthenticated", "There is no credential, or none that is good."),
    (403, "PermissionDenied", "The caller may not do this. Nothing was looked up."),
    (404, "NotFound", "There is no such record, or none that the caller may see."),
    (409, "Conflict", "The record, or another that it depends on, is not in a state that allows this."),
    (412, "PreconditionFailed", "The record changed since it was read."),
    (413, "TooLarge", "The body is larger than this door accepts."),
    (422, "KeyReused", "The idempotency key was used before for a different request."),
    (428, "PreconditionRequired", "The request must say which version it changes."),
    (429, "RateLimited", "The caller's rate or quota is used up."),
    (500, "Internal", "A fault of ours. The trace id finds it in our log."),
    (503, "Unavailable", "A part is away or overloaded. Send the request again with the same key."),
    (504, "DeadlineExceeded", "The time has passed; a write may still have taken effect."),
];

/// The answers of a method by HTTP status.
pub(crate) fn of(method: &Method, path: &Path, schemas: &mut Schemas<'_>) -> Value {
    let mut answers = Map::new();
    answers.insert("200".into(), success(method, schemas));
    if !method.writes() && method.descriptor().output().get_field_by_name("etag").is_some() {
        answers.insert("304".into(), json!({"$ref": "#/components/responses/NotModified"}));
    }
    for status in statuses(method, path, schemas.contract()) {
        if let Some((_, name, _)) = STATUSES.iter().find(|(known, _, _)| *known == status) {
            answers.insert(status.to_string(), json!({"$ref": format!("#/components/responses/{name}")}));
        }
    }
    answers.insert("431".into(), json!({"$ref": "#/components/responses/HeadersTooLarge"}));
    Value::Object(answers)
}

/// The refusals, each with the reasons it can have.
pub(crate) fn components(contract: &Contract) -> Value {
    let mut reasons: BTreeMap<u16, Vec<&ReasonEntry>> = BTreeMap::new();
    for reason in contract.reasons() {
        reasons.entry(reason.http()).or_default().push(reason);
    }
    let mut responses = Map::new();
    for (status, name, words) in STATUSES {
        let line = |reason: &&ReasonEntry| format!("- [`{0}`](/docs/errors#{0}): {1}", reason.name, reason.doc());
        let lines: Vec<_> = reasons.get(status).into_iter().flatten().map(line).collect();
        let mut response = json!({
            "description": format!("{words}\n\n{}", lines.join("\n")).trim_end(),
            "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}},
        });
        response["headers"] = match status {
            401 => refer(&["WWW-Authenticate", "Trace-Id"]),
            429 => refer(&[
                "Retry-After",
                "RateLimit-Limit",
                "RateLimit-Policy",
                "RateLimit-Remaining",
                "RateLimit-Reset",
                "Trace-Id",
            ]),
            503 => refer(&["Retry-After", "Trace-Id"]),
            _ => refer(&["Trace-Id"]),
        };
        responses.insert((*name).to_owned(), response);
    }
    // Said below us, before a request can be read: hence without a problem.
    let large = json!({"description": "Path, query and headers together are over 16 KiB. There is no body."});
    responses.insert("HeadersTooLarge".into(), large);
    let unchanged = json!({"description": "You have this version already.", "headers": refer(&["ETag", "Trace-Id"])});
    responses.insert("NotModified".into(), unchanged);
    Value::Object(responses)
}

/// Headers of an answer, by the names they are declared under.
fn refer(names: &[&str]) -> Value {
    let one = |name: &&str| ((*name).to_owned(), json!({"$ref": format!("#/components/headers/{name}")}));
    Value::Object(names.iter().map(one).collect())
}

/// The headers of answers.
pub(crate) fn headers() -> Value {
    let number = json!({"type": "integer", "minimum": 0});
    json!({
        "Trace-Id": {
            "description": "The trace of this request, in our log too.",
            "schema": {"type": "string", "pattern": "^[0-9a-f]{32}$"},
        },
        "RateLimit-Limit": {"description": "The most requests you may make in any one second.", "schema": number},
        "RateLimit-Policy": {
            "description": "Your limits: requests in any one second, and in a month of UTC if you have a quota \
                            (draft-ietf-httpapi-ratelimit-headers).",
            "schema": {"type": "string"},
            "example": "\"second\";q=500;w=1, \"month\";q=100000",
        },
        "RateLimit-Remaining": {"description": "How many of them are left.", "schema": number},
        "RateLimit-Reset": {"description": "Seconds until all of them are there again.", "schema": number},
        "ETag": {
            "description": "The version answered; send it back in `If-Match` with a change.",
            "schema": {"type": "string"},
        },
        "Retry-After": {
            "description": "Seconds to wait before trying again.",
            "schema": {"type": "integer", "minimum": 0},
        },
        "WWW-Authenticate": {
            "description": "The scheme to use: `Bearer`.",
            "schema": {"type": "string"},
        },
    })
}

/// The house's reasons a method can give, in the order of their declaration.
pub(crate) fn reasons<'a>(method: &Method, path: &Path, contract: &'a Contract) -> Vec<&'a ReasonEntry> {
    let of_house = contract.reasons().iter().filter(|entry| entry.service() == "policy");
    of_house
        .filter(|entry| Reason::from_str_name(&entry.name).is_some_and(|reason| gives(method, path, reason)))
        .collect()
}

/// What each line of a stream of lines is.
const LINES: &str = "One message as JSON a line. If the stream fails, its last line is `{\"problem\": …}`.";
/// What an event of a stream of events is.
const EVENTS: &str = "Server-sent events: `data` is one message as JSON, `id` is where to go on. If the stream fails, \
                      its last event is a `problem`.";

/// What generators of clients take for an answer to hand over as it came. JSON Schema has no need to say so of what is no
/// JSON; a client told nothing would read a paper as text, and refuse a media type that it does not know.
const BYTES: &str = "binary";

/// Lines of messages, as a body.
pub(crate) fn lines(message: Value) -> Value {
    stream("One message as JSON a line.", message)
}

/// A stream's media type. OpenAPI 3.1 has no word for the schema of one message in a stream; `contentSchema` is the
/// nearest of JSON Schema.
fn stream(words: &str, message: Value) -> Value {
    json!({"schema": {
        "type": "string",
        "description": words,
        "contentMediaType": "application/json",
        "contentSchema": message,
    }})
}

fn success(method: &Method, schemas: &mut Schemas<'_>) -> Value {
    let output = method.descriptor().output();
    if output.full_name() == "google.api.HttpBody" {
        let words = "The document. `Content-Type` says what it is.";
        let whatever = json!({"*/*": {"schema": {"type": "string", "format": BYTES, "description": words}}});
        let headers = refer(&["RateLimit-Limit", "RateLimit-Remaining", "RateLimit-Reset", "Trace-Id"]);
        return json!({"description": "The document, byte for byte.", "headers": headers, "content": whatever});
    }
    let schema = Value::Object(schemas.refer(&output, Side::Answer));
    if method.descriptor().is_server_streaming() {
        let mut content = Map::new();
        if !matches!(method.kind(), Kind::Import | Kind::Export) {
            content.insert("text/event-stream".into(), stream(EVENTS, schema.clone()));
        }
        let mut lines = stream(LINES, schema);
        lines["schema"]["format"] = BYTES.into();
        content.insert("application/x-ndjson".into(), lines);
        return json!({"description": "The stream.", "headers": refer(&["Trace-Id"]), "content": content});
    }
    let mut answer = json!({"description": "Done.", "content": {"application/json": {"schema": schema}}});
    let mut headers = vec!["RateLimit-Limit", "RateLimit-Remaining", "RateLimit-Reset", "Trace-Id"];
    if output.get_field_by_name("etag").is_some() {
        headers.insert(0, "ETag");
    }
    answer["headers"] = refer(&headers);
    answer
}

/// What a record that is not as it must be refuses with.
const CONFLICT: u16 = 409;

/// The HTTP statuses of all refusals a method can give, the service's own among them where it writes; and where it computes
/// something, which no record may allow (the fee of a code that has none).
fn statuses(method: &Method, path: &Path, contract: &Contract) -> Vec<u16> {
    let gives = |status| method.writes() || *method.kind() == Kind::Query && status == CONFLICT;
    let own = contract.reasons().iter().filter(|entry| entry.domain == method.package() && gives(entry.http()));
    let mut list: Vec<_> = reasons(method, path, contract).into_iter().chain(own).map(ReasonEntry::http).collect();
    list.sort_unstable();
    list.dedup();
    list
}

/// Whether a method can give a reason of the house.
fn gives(method: &Method, path: &Path, reason: Reason) -> bool {
    let input = method.descriptor().input();
    let has = |name: &str| input.get_field_by_name(name).is_some();
    match reason {
        Reason::Unspecified => false,
        // These are given for addresses that are no method's, or to callers who have left.
        Reason::NoRoute | Reason::MethodNotAllowed | Reason::Cancelled => false,
        Reason::InvalidFields | Reason::MalformedRequest | Reason::Unauthenticated => true,
        Reason::RateLimited
        | Reason::Overloaded
        | Reason::Unavailable
        | Reason::DeadlineExceeded
        | Reason::Internal => true,
        Reason::RequestTooLarge => has_body(method),
        Reason::InvalidFilter => has("filter") || has("order_by"),
        Reason::InvalidPageToken => has("page_token"),
        Reason::PermissionDenied => !method.rule().any_caller,
        Reason::SamePerson => !method.rule().distinct_from.is_empty(),
        Reason::NotFound => !path.captures.is_empty() || refers(method),
        Reason::AlreadyExists => matches!(method.kind(), Kind::Create | Kind::Import),
        Reason::StaleEtag => has("etag"),
        Reason::EtagRequired => *method.kind() == Kind::Update,
        Reason::Contended => method.writes(),
        Reason::WrongState => !method.rule().from.is_empty(),
        Reason::IdempotencyKeyReused => has("request_id"),
        Reason::BrokenReference => matches!(method.kind(), Kind::Create | Kind::Update | Kind::Delete),
    }
}

fn has_body(method: &Method) -> bool {
    method.bindings().iter().any(|binding| !binding.body.is_empty())
}

/// Whether the request, or the record it brings, names another record.
fn refers(method: &Method) -> bool {
    let input = method.descriptor().input();
    if input.fields().any(|field| Field::read(field).reference().is_some()) {
        return true;
    }
    let bodies = method.bindings().iter().filter_map(|binding| input.get_field_by_name(&binding.body));
    let records = bodies.filter_map(|field| field.kind().as_message().cloned());
    records.flat_map(|record| record.fields().collect::<Vec<_>>()).any(|field| Field::read(field).reference().is_some())
}

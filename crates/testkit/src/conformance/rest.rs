//! HTTP and JSON through the gateway, by the route that the contract gives a method.

use super::bench::{Bench, Caller};
use super::door::Ask;
use super::outcome::{Outcome, Refusal};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::{Method as Verb, Request, header};
use http_body_util::{BodyExt as _, Full};
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use prost_reflect::MessageDescriptor;
use proto::contract::{Kind, Method};
use serde_json::{Value, json};
use std::fmt::Write as _;

const LINES: &str = "application/x-ndjson";

/// An HTTP request as it goes out.
#[derive(Clone, Debug)]
pub(super) struct Outgoing {
    pub(super) verb: Verb,
    /// Path and query.
    pub(super) target: String,
    pub(super) headers: Vec<(&'static str, String)>,
    pub(super) body: Vec<u8>,
}

/// Sends a request and reads its answers.
pub(super) async fn send(bench: &Bench, method: &Method, ask: Ask) -> Outcome {
    let outgoing = outgoing(method, &ask);
    exchange(bench, &outgoing, method, ask.most).await
}

/// The request that a message becomes: its parts in path, query, body and headers.
pub(super) fn outgoing(method: &Method, ask: &Ask) -> Outgoing {
    let binding = method.bindings().first().expect("every method has a route");
    let mut headers = vec![("accept", format!("application/json, {LINES}"))];
    if let Some(Caller { credential, .. }) = &ask.caller {
        headers.push(("authorization", format!("Bearer {credential}")));
    }
    if let Some(deadline) = ask.deadline {
        headers.push(("request-timeout", format!("{:.6}", deadline.as_secs_f64().max(0.000_001))));
    }
    let verb = Verb::from_bytes(binding.method.as_bytes()).expect("the contract names HTTP methods");
    if *method.kind() == Kind::Import {
        headers.push(("content-type", LINES.into()));
        let body = ask.messages.iter().map(|line| format!("{line}\n")).collect::<String>().into_bytes();
        return Outgoing { verb, target: binding.template.clone(), headers, body };
    }
    let mut message = ask.messages.first().cloned().unwrap_or_default();
    for (field, name) in [("requestId", "idempotency-key"), ("cursor", "last-event-id")] {
        if let Some(value) = take(&mut message, field) {
            headers.push((name, value));
        }
    }
    if let Some(etag) = take(&mut message, "etag") {
        headers.push(("if-match", format!("\"{etag}\"")));
    }
    let input = method.descriptor().input();
    let mut target = expand(&binding.template, &input, &mut message);
    let body = match binding.body.as_str() {
        "" => None,
        "*" => Some(std::mem::take(&mut message)),
        field => {
            let name = input.get_field_by_name(field).map(|field| field.json_name().to_owned()).unwrap_or_default();
            message.as_object_mut().and_then(|fields| fields.remove(&name))
        }
    };
    target += &query(&message);
    let body = body.map(|body| body.to_string().into_bytes()).unwrap_or_default();
    if !body.is_empty() {
        headers.push(("content-type", "application/json".into()));
    }
    Outgoing { verb, target, headers, body }
}

/// Sends what is ready to be sent.
pub(super) async fn exchange(bench: &Bench, outgoing: &Outgoing, method: &Method, most: usize) -> Outcome {
    let mut request =
        Request::builder().method(&outgoing.verb).uri(format!("http://{}{}", bench.gateway, outgoing.target));
    for (name, value) in &outgoing.headers {
        request = request.header(*name, value);
    }
    let request = request.body(Full::new(Bytes::from(outgoing.body.clone()))).map_err(|error| lost(&error))?;
    let client: Client<_, Full<Bytes>> = Client::builder(TokioExecutor::new()).build_http();
    let response = client.request(request).await.map_err(|error| lost(&error))?;
    let status = response.status().as_u16();
    let media = response.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).map(str::to_owned);
    let is_lines = status == 200 && media.as_deref() == Some(LINES);
    let mut body = response.into_body();
    let mut bytes = Vec::new();
    let mut answers = Vec::new();
    while let Some(frame) = body.frame().await {
        let Ok(data) = frame.map_err(|error| lost(&error))?.into_data() else { continue };
        bytes.extend_from_slice(&data);
        while let Some(line) = is_lines.then(|| whole_line(&mut bytes)).flatten() {
            answers.push(line_of(&line)?);
            if answers.len() >= most {
                return Ok(answers);
            }
        }
    }
    if status != 200 {
        return Err(Refusal::of_problem(status, &bytes));
    }
    if let Some(media) = media.filter(|_| method.descriptor().output().full_name() == "google.api.HttpBody") {
        answers.push(json!({ "contentType": media, "data": STANDARD.encode(&bytes), "extensions": [] }));
    } else if !method.descriptor().is_server_streaming() {
        answers.push(serde_json::from_slice(&bytes).map_err(|error| lost(&error))?);
    }
    Ok(answers)
}

/// Takes the first line, once it has come to its end.
fn whole_line(bytes: &mut Vec<u8>) -> Option<Vec<u8>> {
    let end = bytes.iter().position(|byte| *byte == b'\n')?;
    Some(bytes.drain(..=end).collect())
}

/// One line of a stream. The last may be a problem.
fn line_of(line: &[u8]) -> Result<Value, Refusal> {
    let value: Value = serde_json::from_slice(line).map_err(|error| lost(&error))?;
    match value.get("problem") {
        Some(problem) => {
            let status = problem["status"].as_u64().and_then(|status| u16::try_from(status).ok()).unwrap_or_default();
            Err(Refusal::of_problem(status, problem.to_string().as_bytes()))
        }
        None => Ok(value),
    }
}

/// An exchange that did not come to an answer.
fn lost(error: &dyn std::error::Error) -> Refusal {
    Refusal::of_problem(0, format!("no answer: {error}").as_bytes())
}

fn take(message: &mut Value, field: &str) -> Option<String> {
    let value = message.as_object_mut()?.remove(field)?;
    value.as_str().filter(|text| !text.is_empty()).map(str::to_owned)
}

/// Fills a template's variables with fields of the message, which it takes out.
fn expand(template: &str, input: &MessageDescriptor, message: &mut Value) -> String {
    let mut path = String::new();
    let mut rest = template;
    while let Some((before, after)) = rest.split_once('{') {
        let (variable, after) = after.split_once('}').expect("a template closes its braces");
        let field = variable.split_once('=').map_or(variable, |(field, _)| field);
        path += before;
        let value = take_path(input, message, field).unwrap_or_default();
        let segments: Vec<_> = value.split('/').map(encoded).collect();
        path += &segments.join("/");
        rest = after;
    }
    path + rest
}

/// Takes a text out of a message by its path in the contract's own names: `mission.name`.
fn take_path(input: &MessageDescriptor, message: &mut Value, path: &str) -> Option<String> {
    let (first, rest) = path.split_once('.').map_or((path, None), |(first, rest)| (first, Some(rest)));
    let field = input.get_field_by_name(first)?;
    match rest {
        None => take(message, field.json_name()),
        Some(rest) => {
            let kind = field.kind();
            take_path(kind.as_message()?, message.get_mut(field.json_name())?, rest)
        }
    }
}

/// What is left of the message, as a query.
fn query(message: &Value) -> String {
    let mut text = String::new();
    for (field, value) in message.as_object().into_iter().flatten() {
        // A list is its items, one after another.
        for value in value.as_array().map_or(std::slice::from_ref(value), Vec::as_slice) {
            let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            let mark = if text.is_empty() { '?' } else { '&' };
            text += &format!("{mark}{}={}", encoded(field), encoded(&value));
        }
    }
    text
}

/// Percent-encoded, all but letters, digits and what RFC 3986 leaves unreserved.
fn encoded(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => encoded.push(char::from(byte)),
            _ => write!(encoded, "%{byte:02X}").expect("a String takes any text"),
        }
    }
    encoded
}

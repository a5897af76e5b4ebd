//! A path, a query, a body and the headers that stand for fields (`Idempotency-Key`, `If-Match`, `Last-Event-ID`) become the
//! request of a method or are refused.
#![no_main]

use libfuzzer_sys::fuzz_target;
use proto::contract::contract;
use std::sync::LazyLock;
use transcode::{Match, Routes, tables};

static ROUTES: LazyLock<Routes<'static>> =
    LazyLock::new(|| Routes::of(contract(), tables()).expect("the contract can be routed"));

fuzz_target!(|input: (u8, &str, &str, &[u8], &str)| {
    let (method, path, query, body, header) = input;
    let methods = ["GET", "POST", "PATCH", "DELETE", "HEAD"];
    let path = format!("/v1/{path}");
    let Match::Found(found) = ROUTES.find(methods[usize::from(method) % methods.len()], &path) else { return };
    let headers = [("request_id", header), ("etag", header), ("cursor", header)];
    if let Ok(request) = found.bind(query, body, &headers) {
        let message = found.route().input();
        drop(message.check(&request));
        message.to_json(&request, &mut Vec::new()).expect("what was bound can be written");
    }
});

//! Bad input: always the client's fault, never ours, and nothing is written.

use crate::rig::{Rig, key, send, start};
use reqwest::Method;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

const KEYS: &str = "/v1/gateway/apiKeys";

async fn post(rig: &Rig, body: impl Into<reqwest::Body>) -> crate::rig::Answer {
    let asked = rig.ask(Method::POST, KEYS).bearer_auth(&rig.admin).header("content-type", "application/json");
    send(asked.body(body)).await
}

#[tokio::test]
async fn a_body_that_cannot_be_read_is_malformed() {
    let rig = start().await;
    let deep = format!("{{\"title\": {}1{}}}", "[".repeat(200), "]".repeat(200));
    let bodies: [&[u8]; 12] = [
        b"{",
        b"{\"title\": \"a\"",
        b"{\"title\": \"a\",}",
        b"{\"title\": 'a'}",
        b"{\"title\": \"\xff\"}",
        b"\xff\xfe{\x00}\x00",
        b"{\"title\": \"a\"} {}",
        b"{\"title\": \"\x01\"}",
        b"{\"title\": \"\\ud800\"}",
        b"{\"title\": NaN}",
        b"\x00",
        deep.as_bytes(),
    ];
    for body in bodies {
        let answer = post(&rig, body.to_vec()).await;
        let text = String::from_utf8_lossy(body);
        assert_eq!((answer.status, answer.reason().as_str()), (400, "MALFORMED_REQUEST"), "{text:.60}: {answer:?}");
    }
    assert_eq!(written(&rig).await, 0);
}

#[tokio::test]
async fn every_violation_is_named_at_once() {
    let rig = start().await;
    let good = key(json!({"role": "police-verifier"})).to_string();
    let with = |fields: &str| format!("{}, {fields}}}", good.trim_end_matches('}'));
    let cases = [
        (with("\"colour\": \"red\""), vec!["apiKey.colour"]),
        (with("\"title\": \"again\""), vec!["apiKey.title"]),
        (
            with("\"internal\": \"yes\", \"permissions\": [1, \"x\\u0000y\"]"),
            vec!["apiKey.internal", "apiKey.permissions[0]", "apiKey.permissions[1]"],
        ),
        (with("\"revokeTime\": \"yesterday\", \"colour\": 1"), vec!["apiKey.revokeTime", "apiKey.colour"]),
        (with("\"state\": \"ASLEEP\""), vec!["apiKey.state"]),
    ];
    for (body, fields) in cases {
        let answer = post(&rig, body.clone()).await;
        assert_eq!((answer.status, answer.reason().as_str()), (400, "INVALID_FIELDS"), "{body}: {answer:?}");
        let mut found = answer.fields();
        let mut expected: Vec<String> = fields.into_iter().map(str::to_owned).collect();
        found.sort();
        expected.sort();
        assert_eq!(found, expected, "{body}");
    }
    let empty = post(&rig, "{}").await;
    assert_eq!(empty.reason(), "INVALID_FIELDS");
    for field in ["apiKey.agency", "apiKey.title", "apiKey.expireTime"] {
        assert!(empty.fields().iter().any(|found| found == field), "{field}: {empty:?}");
    }
    assert_eq!(written(&rig).await, 0);
}

#[tokio::test]
async fn what_the_query_and_the_path_say_must_be_known_and_readable() {
    let rig = start().await;
    let get = |path: String| send(rig.get(&rig.admin, &path));
    for query in [
        "colour=red",
        "pageSize=many",
        "pageSize=1&pageSize=2",
        "pageSize=-1",
        "page_size=1&pageSize=1",
        "filter=%00",
        "filter=%ff",
        "%zz=1",
    ] {
        let answer = get(format!("{KEYS}?{query}")).await;
        assert_eq!(answer.status, 400, "{query}: {answer:?}");
    }
    assert_eq!(get(format!("{KEYS}?pageSize=1&orderBy=createTime%20desc")).await.status, 200);
    for id in ["%ff", "%00", "a%2Fb", "..%2F..%2Fetc", "%E2%82"] {
        let answer = get(format!("{KEYS}/{id}")).await;
        assert!((400..500).contains(&answer.status), "{id}: {answer:?}");
    }
}

#[tokio::test]
async fn a_body_of_two_mebibytes_is_too_large_however_it_comes() {
    let rig = start().await;
    let body = json!({"title": "x".repeat(2 << 20)}).to_string();
    let known = post(&rig, body.clone()).await;
    assert_eq!((known.status, known.reason().as_str()), (413, "REQUEST_TOO_LARGE"));
    let pieces: Vec<Result<Vec<u8>, std::io::Error>> =
        body.as_bytes().chunks(60_000).map(|piece| Ok(piece.to_vec())).collect();
    let streamed = post(&rig, reqwest::Body::wrap_stream(futures::stream::iter(pieces))).await;
    assert_eq!((streamed.status, streamed.reason().as_str()), (413, "REQUEST_TOO_LARGE"));
    assert_eq!(written(&rig).await, 0);
}

#[tokio::test]
async fn a_body_says_that_it_is_json_and_is_not_compressed() {
    let rig = start().await;
    let ask = |name: &'static str, value: &'static str| {
        let asked = rig.ask(Method::POST, KEYS).bearer_auth(&rig.admin).header(name, value);
        send(asked.body(key(json!({"role": "police-verifier"})).to_string()))
    };
    for (name, value) in [
        ("content-type", "text/plain"),
        ("content-type", "application/x-www-form-urlencoded"),
        ("content-encoding", "gzip"),
    ] {
        assert_eq!(ask(name, value).await.reason(), "MALFORMED_REQUEST", "{name}: {value}");
    }
    assert_eq!(ask("content-type", "application/json; charset=utf-8").await.status, 200);
    let with_body =
        send(rig.get(&rig.admin, "/v1/gateway/whoami").header("content-type", "application/json").body("{\"a\": 1}"))
            .await;
    assert_eq!(with_body.status, 400, "{with_body:?}");
    let long = send(rig.post(&rig.admin, KEYS, &key(json!({}))).header("idempotency-key", "x".repeat(256))).await;
    assert_eq!(long.status, 400, "{long:?}");
}

#[tokio::test]
async fn a_head_that_is_too_large_or_no_http_is_refused_by_the_socket() {
    let rig = start().await;
    let large = send(rig.get(&rig.admin, "/v1/gateway/whoami").header("x-padding", "x".repeat(20_000))).await;
    assert_eq!(large.status, 431);
    let mut socket = TcpStream::connect(rig.address).await.unwrap();
    socket.write_all(b"\x16\x03\x01 hello\r\n\r\n").await.unwrap();
    let mut answer = Vec::new();
    socket.read_to_end(&mut answer).await.unwrap();
    assert!(answer.is_empty() || answer.starts_with(b"HTTP/1.1 400"), "{}", String::from_utf8_lossy(&answer));
    assert_eq!(rig.who(&rig.admin).await.status, 200);
}

async fn written(rig: &Rig) -> i64 {
    sqlx::query_scalar("select count(*) from history").fetch_one(&rig.db.pool).await.unwrap()
}

/// Values that are none where they stand, for a field of each kind.
#[tokio::test]
async fn numbers_and_times_out_of_range_are_the_clients_fault() {
    let rig = start().await;
    for value in [
        json!("0000-01-01T00:00:00Z"),
        json!("9999-12-31T24:00:00Z"),
        json!(5),
        json!({}),
        json!("2026-02-30T00:00:00Z"),
    ] {
        let answer = post(&rig, key(json!({"role": "police-verifier", "expireTime": value})).to_string()).await;
        assert_eq!(answer.status, 400, "{value}: {answer:?}");
    }
    let null: Value = key(json!({"role": "police-verifier", "title": null}));
    assert_eq!(post(&rig, null.to_string()).await.status, 400, "null is absence, and the title is required");
}

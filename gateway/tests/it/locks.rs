//! The door's locks against those who do not speak HTTP as it is meant: smuggling, dribbling, resets, bombs.

use crate::rig::{Rig, plan, send, start};
use bytes::{BufMut as _, BytesMut};
use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// Sends bytes and reads until the door ends the connection.
async fn said(rig: &Rig, bytes: &[u8]) -> String {
    let mut socket = TcpStream::connect(rig.address).await.unwrap();
    socket.write_all(bytes).await.unwrap();
    let mut answer = Vec::new();
    // A connection that is reset has ended too.
    let _ = socket.read_to_end(&mut answer).await;
    String::from_utf8_lossy(&answer).into_owned()
}

/// A second request, hidden where one of two readings of the first one's length finds it.
const HIDDEN: &str = "GET /v1/gateway/whoami HTTP/1.1\r\nHost: hidden\r\nConnection: close\r\n\r\n";

#[tokio::test]
async fn a_request_whose_length_can_be_read_in_two_ways_hides_no_other() {
    let rig = start().await;
    let heads = [
        (
            "both lengths",
            format!("Content-Length: {}\r\nTransfer-Encoding: chunked\r\n", 5 + HIDDEN.len()),
            "0\r\n\r\n",
        ),
        (
            "both, turned round",
            format!("Transfer-Encoding: chunked\r\nContent-Length: {}\r\n", 5 + HIDDEN.len()),
            "0\r\n\r\n",
        ),
        ("two lengths", "Content-Length: 0\r\nContent-Length: 4\r\n".into(), ""),
        ("two lengths in one", "Content-Length: 0, 4\r\n".into(), ""),
        ("a length with a sign", "Content-Length: +0\r\n".into(), ""),
        ("chunked and then not", "Transfer-Encoding: chunked, identity\r\n".into(), "0\r\n\r\n"),
        ("a coding with a space before the colon", "Transfer-Encoding : chunked\r\n".into(), "0\r\n\r\n"),
        ("a folded line", "X-One: a\r\n Content-Length: 0\r\n".into(), ""),
        ("a vertical tab", "Transfer-Encoding:\x0bchunked\r\n".into(), "0\r\n\r\n"),
        ("a chunk's length with a sign", "Transfer-Encoding: chunked\r\n".into(), "+0\r\n\r\n"),
        ("a chunk's length in words", "Transfer-Encoding: chunked\r\n".into(), "zero\r\n\r\n"),
        ("a length of 2^64 and one", "Transfer-Encoding: chunked\r\n".into(), "10000000000000001\r\n\r\n"),
    ];
    for (what, head, body) in heads {
        let first = format!(
            "POST /v1/gateway/apiKeys HTTP/1.1\r\nHost: door\r\nAuthorization: Bearer {}\r\n\
             Content-Type: application/json\r\n{head}\r\n{body}",
            rig.admin
        );
        let answers = said(&rig, format!("{first}{HIDDEN}").as_bytes()).await;
        assert!(answers.matches("HTTP/1.1 ").count() <= 1, "{what}: {answers}");
        assert!(!answers.starts_with("HTTP/1.1 2"), "{what}: {answers}");
    }
    let keys: i64 = sqlx::query_scalar("select count(*) from api_keys").fetch_one(&rig.db.pool).await.unwrap();
    assert_eq!(keys, 0);
}

#[tokio::test]
async fn lines_that_are_no_headers_are_refused() {
    let rig = start().await;
    for line in ["X-One\r\n", "X One: a\r\n", ": a\r\n", "X-One: a\0b\r\n", "X-One: a\rX-Two: b\r\n"] {
        let answer = said(&rig, format!("GET /livez HTTP/1.1\r\nHost: door\r\n{line}\r\n").as_bytes()).await;
        assert!(answer.starts_with("HTTP/1.1 400"), "{line:?}: {answer}");
    }
    let many: String = (0..200).map(|n| format!("x-{n}: a\r\n")).collect();
    let answer = said(&rig, format!("GET /livez HTTP/1.1\r\nHost: door\r\n{many}\r\n").as_bytes()).await;
    assert!(answer.starts_with("HTTP/1.1 431"), "{answer}");
}

#[tokio::test]
async fn a_request_that_does_not_say_once_whom_it_is_for_is_refused() {
    let rig = start().await;
    let ask = async |line: &str, hosts: &str| {
        let head = format!("{line}\r\n{hosts}Authorization: Bearer {}\r\nConnection: close\r\n\r\n", rig.admin);
        said(&rig, head.as_bytes()).await
    };
    let line = "GET /v1/gateway/whoami HTTP/1.1";
    for hosts in ["", "Host: door\r\nHost: door\r\n", "Host: door\r\nHost: other\r\n"] {
        let answer = ask(line, hosts).await;
        assert!(answer.starts_with("HTTP/1.1 400") && answer.contains("MALFORMED_REQUEST"), "{hosts:?}: {answer}");
    }
    assert!(ask(line, "Host: door\r\n").await.starts_with("HTTP/1.1 200"));
    // Nobody is obliged to say so before HTTP/1.1.
    assert!(ask("GET /v1/gateway/whoami HTTP/1.0", "").await.starts_with("HTTP/1.0 200"));
}

#[tokio::test]
async fn the_door_leads_nowhere_else() {
    let rig = start().await;
    let ask = async |head: &str| {
        let head = format!("{head}\r\nHost: door\r\nAuthorization: Bearer {}\r\n", rig.admin);
        said(&rig, format!("{head}Connection: close\r\n\r\n{HIDDEN}").as_bytes()).await
    };
    // A request to a proxy: only its path counts here.
    assert!(ask("GET http://192.0.2.1/v1/gateway/whoami HTTP/1.1").await.starts_with("HTTP/1.1 200"));
    for head in
        ["GET http://192.0.2.1/ HTTP/1.1", "CONNECT 192.0.2.1:443 HTTP/1.1", "TRACE /v1/gateway/whoami HTTP/1.1"]
    {
        let answer = ask(head).await;
        assert!(answer.starts_with("HTTP/1.1 40"), "{head}: {answer}");
        assert_eq!(answer.matches("HTTP/1.1 ").count(), 1, "what follows is not led anywhere: {answer}");
        assert!(!answer.contains(&rig.admin), "nothing is told back: {answer}");
    }
    for wish in ["Upgrade: websocket\r\nConnection: upgrade, close", "Upgrade: h2c\r\nConnection: upgrade, close"] {
        let answer = ask(&format!("GET /v1/gateway/whoami HTTP/1.1\r\n{wish}")).await;
        assert!(answer.starts_with("HTTP/1.1 200"), "{wish}: {answer}");
    }
}

/// Ten seconds are the door's patience, so this test takes them; both wait at the same time.
#[tokio::test]
async fn who_dribbles_is_not_waited_for() {
    let rig = start().await;
    let head = async {
        let mut socket = TcpStream::connect(rig.address).await.unwrap();
        socket.write_all(b"GET /livez HTTP/1.1\r\nHost: do").await.unwrap();
        socket.read_to_end(&mut Vec::new()).await
    };
    let body = format!(
        "POST /v1/gateway/apiKeys HTTP/1.1\r\nHost: door\r\nAuthorization: Bearer {}\r\n\
         Content-Type: application/json\r\nContent-Length: 1000\r\nConnection: close\r\n\r\n{{",
        rig.admin
    );
    let (head, body) = tokio::join!(head, said(&rig, body.as_bytes()));
    drop(head);
    assert!(body.starts_with("HTTP/1.1 400") && body.contains("did not come in time"), "{body}");
}

#[tokio::test]
async fn who_asks_for_health_and_does_not_end_the_question_keeps_nobody_out() {
    let rig = plan().set("IN_FLIGHT", "2").start().await;
    let head = "POST /grpc.health.v1.Health/Check HTTP/1.1\r\nHost: door\r\nConnection: close\r\n\
                Content-Type: application/grpc-web+proto\r\nContent-Length: 1000\r\n\r\n";
    let mut open = Vec::new();
    for _ in 0..4 {
        let mut socket = TcpStream::connect(rig.address).await.unwrap();
        socket.write_all(head.as_bytes()).await.unwrap();
        open.push(socket);
    }
    assert_eq!(rig.who(&rig.admin).await.status, 200);
    for mut socket in open {
        let mut answer = Vec::new();
        let _ = socket.read_to_end(&mut answer).await;
        let answer = String::from_utf8_lossy(&answer).into_owned();
        assert!(answer.contains("grpc-status: 4"), "it is late: {answer}");
    }
}

#[tokio::test]
async fn a_small_body_with_much_in_it_costs_little_and_is_told_briefly() {
    let rig = start().await;
    let wide = |item: &str| {
        format!("{{\"title\": \"a\", \"permissions\": [{}]}}", vec![item; 900_000 / (item.len() + 1)].join(","))
    };
    let fields: String = (0..60_000).map(|n| format!("\"f{n}\": 1,")).collect();
    let bombs = [
        wide("1"),
        wide("\"x\""),
        wide("[]"),
        wide("{}"),
        format!("{{{}\"title\": \"a\"}}", fields),
        format!("{{\"title\": {}}}", "9".repeat(900_000)),
        format!("{{\"title\": 1e{}}}", "9".repeat(900_000)),
        format!("{{\"title\": \"{}\"}}", "\\u0041".repeat(150_000)),
        "[".repeat(1_000_000),
    ];
    for bomb in bombs {
        let asked = rig.ask(reqwest::Method::POST, "/v1/gateway/apiKeys").bearer_auth(&rig.admin);
        let answer = send(asked.header("content-type", "application/json").body(bomb.clone())).await;
        assert_eq!(answer.status, 400, "{bomb:.60}: {answer:?}");
        assert!(answer.text.len() < 64 << 10, "{bomb:.60}: {} bytes", answer.text.len());
    }
}

#[tokio::test]
async fn a_compressed_message_is_not_unpacked() {
    let rig = start().await;
    let mut message = BytesMut::new();
    message.put_u8(1);
    message.put_u32(4);
    message.put_slice(b"\x1f\x8b\x08\x00");
    // A message that says so by itself is malformed (3); a coding that is not ours is not implemented (12).
    for (coding, status) in [("identity", "3"), ("gzip", "12")] {
        let asked = rig.http.post(rig.url("/legation.gateway.v1.ApiKeyService/WhoAmI")).bearer_auth(&rig.admin);
        let asked = asked.header("content-type", "application/grpc").header("te", "trailers");
        let answer = send(asked.header("grpc-encoding", coding).body(message.clone().freeze())).await;
        assert_eq!(answer.header("grpc-status"), Some(status), "{coding}: {answer:?}");
    }
}

#[tokio::test]
async fn pages_of_other_origins_are_not_let_in_unless_a_setting_says_so() {
    let rig = start().await;
    let asked = rig.get(&rig.admin, "/v1/gateway/whoami").header("origin", "https://console.example.gov");
    let answer = send(asked).await;
    assert_eq!((answer.status, answer.header("access-control-allow-origin")), (200, None));
    assert_eq!(answer.header("referrer-policy"), Some("no-referrer"));
    let made = rig.key(json!({"role": "police-verifier"})).await;
    assert!(!made.1.is_empty());
}

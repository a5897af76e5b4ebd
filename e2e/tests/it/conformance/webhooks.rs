//! Webhooks as the suite makes them: at an endpoint that answers every message with itself.

use serde_json::{Value, json};
use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use testkit::conformance::{Fixture, Step, Suite};

pub(super) struct Webhooks {
    url: String,
}

impl Webhooks {
    /// Opens the endpoint; it ends with the process.
    pub(super) fn open() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port is free");
        let url = format!("http://{}/hook", listener.local_addr().expect("it is bound"));
        std::thread::spawn(move || listener.incoming().flatten().for_each(|stream| drop(echo(stream))));
        Self { url }
    }
}

fn echo(mut stream: std::net::TcpStream) -> std::io::Result<()> {
    let (mut request, mut piece) = (Vec::new(), [0; 4096]);
    loop {
        let count = stream.read(&mut piece)?;
        request.extend_from_slice(&piece[..count]);
        let text = String::from_utf8_lossy(&request).to_ascii_lowercase();
        let Some((head, body)) = text.split_once("\r\n\r\n") else { if count == 0 { return Ok(()) } else { continue } };
        let length = head.lines().find_map(|line| line.strip_prefix("content-length:")?.trim().parse::<usize>().ok());
        let length = length.unwrap_or_default();
        if body.len() >= length || count == 0 {
            let body = &request[request.len() - length.min(request.len())..];
            write!(stream, "HTTP/1.1 200 OK\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n")?;
            return stream.write_all(body);
        }
    }
}

impl Fixture for Webhooks {
    fn resource(&self) -> &'static str {
        "legation.gateway.v1.Webhook"
    }

    fn record<'s>(&'s self, suite: &'s Suite) -> Step<'s, Value> {
        let record = json!({
            "title": format!("Webhook {}", suite.number()),
            "url": self.url,
            "eventTypes": ["gateway.apiKeys.*"],
        });
        Box::pin(async { Ok(record) })
    }

    fn ask(&self, method: &proto::contract::Method) -> Option<Value> {
        match method.name() {
            "RotateWebhookSecret" => Some(json!({})),
            "ReplayWebhook" => Some(json!({"cursor": "0"})),
            _ => testkit::conformance::plain(method),
        }
    }

    fn change(&self) -> Option<Value> {
        Some(json!({"title": "Another title"}))
    }
}

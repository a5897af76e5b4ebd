//! Webhooks as the suite makes them: at an endpoint that is set up for each, by its public key.

use proto::contract::Method;
use ring::hmac;
use serde_json::{Value, json};
use std::collections::HashMap;
use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use testkit::conformance::{Fixture, Step, Suite};

/// The public keys that the endpoint checks signatures by, by the webhook's name.
type PublicKeys = Arc<Mutex<HashMap<String, String>>>;

pub(super) struct Webhooks {
    url: String,
    keys: PublicKeys,
}

impl Webhooks {
    /// Opens the endpoint; it ends with the process.
    pub(super) fn open() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port is free");
        let url = format!("http://{}/hook", listener.local_addr().expect("it is bound"));
        let keys = PublicKeys::default();
        let known = Arc::clone(&keys);
        std::thread::spawn(move || listener.incoming().flatten().for_each(|stream| drop(take(stream, &known))));
        Self { url, keys }
    }
}

/// What a message is answered with: a challenge with its proof, anything else with nothing.
fn answer(message: &[u8], keys: &PublicKeys) -> String {
    let message: Value = serde_json::from_slice(message).unwrap_or_default();
    let text = |name: &str| message["data"][name].as_str().unwrap_or_default().to_owned();
    let keys = keys.lock().expect("nobody panics with it");
    let Some(key) = keys.get(&text("webhook")) else { return String::new() };
    let proof = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key.as_bytes()), text("challenge").as_bytes());
    proof.as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
}

fn take(mut stream: TcpStream, keys: &PublicKeys) -> std::io::Result<()> {
    let (mut request, mut piece) = (Vec::new(), [0; 4096]);
    loop {
        let count = stream.read(&mut piece)?;
        request.extend_from_slice(&piece[..count]);
        let text = String::from_utf8_lossy(&request).to_ascii_lowercase();
        let Some((head, body)) = text.split_once("\r\n\r\n") else { if count == 0 { return Ok(()) } else { continue } };
        let length = head.lines().find_map(|line| line.strip_prefix("content-length:")?.trim().parse::<usize>().ok());
        let length = length.unwrap_or_default();
        if body.len() >= length || count == 0 {
            let answer = answer(&request[request.len() - length.min(request.len())..], keys);
            let length = answer.len();
            return write!(stream, "HTTP/1.1 200 OK\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{answer}");
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

    /// The endpoint learns what to check this webhook's signatures by.
    fn ready<'s>(&'s self, _: &'s Suite, _: &'s Method, record: Value) -> Step<'s, Value> {
        let text = |name: &str| record[name].as_str().unwrap_or_default().to_owned();
        self.keys.lock().expect("nobody panics with it").insert(text("name"), text("publicKey"));
        Box::pin(async { Ok(record) })
    }

    fn ask(&self, method: &Method) -> Option<Value> {
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

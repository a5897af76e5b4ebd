//! An endpoint of a test: it takes messages down and answers as it is told.

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ring::{hmac, signature};
use serde_json::Value;
use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

/// How a message is answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Answer {
    /// 200; to a challenge with its proof by the key that the endpoint was given.
    Take,
    /// 200, with the message.
    Echo,
    /// 200, with the challenge.
    Parrot,
    /// This status and nothing else.
    Status(u16),
    /// 503, and to come again after so many seconds.
    Later(u32),
    /// Somewhere else.
    Redirect,
    /// Not at all.
    Never,
}

/// A message as it came.
#[derive(Clone, Debug)]
pub(crate) struct Heard {
    pub id: String,
    pub timestamp: String,
    pub signatures: Vec<String>,
    pub text: String,
    /// The headers as they came, for a receiver's own library.
    pub headers: HeaderMap,
}

#[derive(Debug)]
struct Inner {
    heard: Vec<Heard>,
    next: VecDeque<Answer>,
    usual: Answer,
    key: String,
}

/// The endpoint.
#[derive(Clone, Debug)]
pub(crate) struct Endpoint {
    pub url: String,
    inner: Arc<Mutex<Inner>>,
}

impl Endpoint {
    pub(crate) async fn open() -> Self {
        let inner =
            Inner { heard: Vec::new(), next: VecDeque::new(), usual: Answer::Take, key: "none was given".into() };
        let inner = Arc::new(Mutex::new(inner));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/hook", listener.local_addr().unwrap());
        let router = Router::new().fallback(take).with_state(Arc::clone(&inner));
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { url, inner }
    }

    /// From now on challenges are answered with what this key proves: `whsec_…` or `whpk_…`.
    pub(crate) fn checks_by(&self, key: &str) {
        key.clone_into(&mut self.inner.lock().unwrap().key);
    }

    /// From now on messages are answered so.
    pub(crate) fn answers(&self, usual: Answer) {
        self.inner.lock().unwrap().usual = usual;
    }

    /// The next messages are answered so, and those after them as usual.
    pub(crate) fn next(&self, answers: impl IntoIterator<Item = Answer>) {
        self.inner.lock().unwrap().next.extend(answers);
    }

    /// The messages heard that are no challenges.
    pub(crate) fn heard(&self) -> Vec<Heard> {
        let heard = self.inner.lock().unwrap().heard.clone();
        heard.into_iter().filter(|heard| heard.json()["type"] != "gateway.webhooks.challenge").collect()
    }

    /// The names and versions of the records of the messages heard.
    pub(crate) fn told(&self) -> Vec<String> {
        let line = |heard: &Heard| {
            let data = &heard.json()["data"];
            format!("{} {}", data["name"].as_str().unwrap(), data["version"])
        };
        self.heard().iter().map(line).collect()
    }
}

impl Heard {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap()
    }

    fn signed(&self) -> String {
        format!("{}.{}.{}", self.id, self.timestamp, self.text)
    }

    /// Whether a signature is by this secret, as receivers check it: with the library of Standard Webhooks, and by hand.
    pub(crate) fn is_by(&self, secret: &str) -> bool {
        let receiver = standardwebhooks::Webhook::new(secret).unwrap();
        let accepted = receiver.verify(self.text.as_bytes(), &self.headers).is_ok();
        assert_eq!(accepted, self.is_signed_with(secret), "two readings of one standard: {self:?}");
        accepted
    }

    fn is_signed_with(&self, secret: &str) -> bool {
        let key = STANDARD.decode(secret.strip_prefix("whsec_").unwrap()).unwrap();
        let key = hmac::Key::new(hmac::HMAC_SHA256, &key);
        let tags = self.signatures.iter().filter_map(|signature| signature.strip_prefix("v1,"));
        tags.map(|tag| STANDARD.decode(tag).unwrap())
            .any(|tag| hmac::verify(&key, self.signed().as_bytes(), &tag).is_ok())
    }

    /// Whether a signature is by the pair with this public key.
    pub(crate) fn is_by_pair(&self, public: &str) -> bool {
        let key = STANDARD.decode(public.strip_prefix("whpk_").unwrap()).unwrap();
        let key = signature::UnparsedPublicKey::new(&signature::ED25519, key);
        let all = self.signatures.iter().filter_map(|signature| signature.strip_prefix("v1a,"));
        all.map(|signed| STANDARD.decode(signed).unwrap())
            .any(|signed| key.verify(self.signed().as_bytes(), &signed).is_ok())
    }
}

/// What a challenge is answered with.
fn proof(key: &str, challenge: &str) -> String {
    hex::encode(hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key.as_bytes()), challenge.as_bytes()))
}

async fn take(State(inner): State<Arc<Mutex<Inner>>>, headers: HeaderMap, body: Bytes) -> Response {
    let text = |name: &str| headers.get(name).map(|value| value.to_str().unwrap().to_owned()).unwrap_or_default();
    let (id, timestamp, signatures) = (text("webhook-id"), text("webhook-timestamp"), text("webhook-signature"));
    let (answer, key) = {
        let mut inner = inner.lock().unwrap();
        inner.heard.push(Heard {
            id,
            timestamp,
            signatures: signatures.split(' ').map(str::to_owned).collect(),
            text: String::from_utf8(body.to_vec()).unwrap(),
            headers,
        });
        let usual = inner.usual;
        (inner.next.pop_front().unwrap_or(usual), inner.key.clone())
    };
    let message: Value = serde_json::from_slice(&body).unwrap();
    let challenge = message["data"]["challenge"].as_str().unwrap_or_default().to_owned();
    match answer {
        Answer::Take if challenge.is_empty() => StatusCode::OK.into_response(),
        Answer::Take => proof(&key, &challenge).into_response(),
        Answer::Echo => body.into_response(),
        Answer::Parrot => challenge.into_response(),
        Answer::Status(status) => StatusCode::from_u16(status).unwrap().into_response(),
        Answer::Later(seconds) => {
            (StatusCode::SERVICE_UNAVAILABLE, [(header::RETRY_AFTER, seconds.to_string())]).into_response()
        }
        Answer::Redirect => (StatusCode::FOUND, [(header::LOCATION, "/elsewhere")]).into_response(),
        Answer::Never => std::future::pending().await,
    }
}

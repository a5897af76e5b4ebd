//! One message to one endpoint: signed, to a checked address, without redirects, within bounds of time and size.

use super::guard::Guard;
use super::secret::{Secret, signature};
use chrono::{DateTime, Utc};
use reqwest::header::{CONTENT_TYPE, HeaderMap, HeaderName, RETRY_AFTER};
use reqwest::redirect::Policy;
use reqwest::{Client, Response, Url};
use std::error::Error as _;
use std::time::Duration;
use tokio::time::timeout;

const ID: HeaderName = HeaderName::from_static("webhook-id");
const TIMESTAMP: HeaderName = HeaderName::from_static("webhook-timestamp");
const SIGNATURE: HeaderName = HeaderName::from_static("webhook-signature");
/// The most bytes of an answer that are read.
const MOST_ANSWER: usize = 16 << 10;

/// Sends messages to endpoints.
#[derive(Clone, Debug)]
pub(crate) struct Sender {
    http: Client,
    guard: Guard,
    attempt: Duration,
}

/// What an endpoint made of a message.
#[derive(Debug)]
pub(crate) struct Attempt {
    /// The status of the answer; 0 if there was none.
    pub(crate) status: u16,
    /// What was wrong, if the message was not accepted.
    pub(crate) error: Option<String>,
    /// The beginning of the answer's body.
    pub(crate) body: Vec<u8>,
    /// For how long the endpoint asks to be left alone (`Retry-After`), if it does.
    pub(crate) retry_after: Option<Duration>,
}

impl Attempt {
    fn failed(status: u16, error: impl Into<String>) -> Self {
        Self { status, error: Some(error.into()), body: Vec::new(), retry_after: None }
    }

    /// Whether the endpoint says that it is no more (Standard Webhooks: 410 asks for no further message).
    pub(crate) fn is_gone(&self) -> bool {
        self.status == 410
    }
}

impl Sender {
    /// A sender whose attempts last so long at most.
    ///
    /// # Errors
    /// The system's certificates cannot be read.
    pub(crate) fn new(loopback: bool, attempt: Duration) -> reqwest::Result<Self> {
        let guard = Guard { loopback };
        let http = Client::builder()
            .user_agent("legation-webhooks/1")
            .dns_resolver(guard)
            .redirect(Policy::none())
            // A proxy would resolve the name by itself.
            .no_proxy()
            .connect_timeout(Duration::from_secs(5))
            .pool_max_idle_per_host(4)
            .build()?;
        Ok(Self { http, guard, attempt })
    }

    /// Why nothing is sent to this address, whatever it resolves to.
    pub(crate) fn refuses(&self, address: &str) -> Option<String> {
        match Url::parse(address) {
            Ok(url) => self.guard.refuses(&url),
            Err(error) => Some(format!("it is no address: {error}")),
        }
    }

    /// Sends a message, and tells what became of it. It is accepted by any status from 200 to 299.
    pub(crate) async fn send(&self, address: &str, secrets: &[Secret], id: &str, body: String) -> Attempt {
        if let Some(why) = self.refuses(address) {
            return Attempt::failed(0, why);
        }
        let timestamp = Utc::now().timestamp();
        let signature = signature(secrets, id, timestamp, &body);
        let request = self.http.post(address).header(CONTENT_TYPE, "application/json");
        let request = request.header(ID, id).header(TIMESTAMP, timestamp).header(SIGNATURE, signature).body(body);
        let mut asked = None;
        let exchange = async {
            let answer = request.send().await?;
            let status = answer.status();
            asked = retry_after(answer.headers());
            Ok::<_, reqwest::Error>((status, beginning(answer).await))
        };
        let attempt = match timeout(self.attempt, exchange).await {
            Ok(Ok((status, body))) if status.is_success() => {
                Attempt { status: status.as_u16(), error: None, body, retry_after: None }
            }
            Ok(Ok((status, _))) if status.is_redirection() => {
                Attempt::failed(status.as_u16(), "the endpoint redirects, and redirects are not followed")
            }
            Ok(Ok((status, _))) => Attempt::failed(status.as_u16(), format!("the endpoint answered {status}")),
            Ok(Err(error)) => Attempt::failed(0, words(error)),
            Err(_) => Attempt::failed(0, format!("the endpoint did not answer within {:?}", self.attempt)),
        };
        Attempt { retry_after: asked, ..attempt }
    }
}

/// For how long an answer asks to be left alone, in seconds or until a date (RFC 9110).
fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    let seconds = text.parse().ok().map(Duration::from_secs);
    let until = || (DateTime::parse_from_rfc2822(text).ok()?.to_utc() - Utc::now()).to_std().ok();
    seconds.or_else(until)
}

/// The beginning of the body; an answer counts by its status, however it ends.
async fn beginning(mut answer: Response) -> Vec<u8> {
    let mut body = Vec::new();
    while body.len() < MOST_ANSWER {
        match answer.chunk().await {
            Ok(Some(chunk)) => body.extend_from_slice(&chunk[..chunk.len().min(MOST_ANSWER - body.len())]),
            _ => break,
        }
    }
    body
}

/// What broke, from the outside to the cause, without the address: it may hold a token.
fn words(error: reqwest::Error) -> String {
    let error = error.without_url();
    let mut words = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        words = format!("{words}: {inner}");
        cause = inner.source();
    }
    words.chars().take(500).collect()
}

//! Calls to the gateway: the key sent and never shown, what can be repeated repeated, refusals read as problems.

use crate::failure::Failure;
use crate::profile::Profile;
use crate::request::Outgoing;
use reqwest::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue, RETRY_AFTER};
use reqwest::{Response, StatusCode, Url};
use secrecy::ExposeSecret as _;
use serde_json::Value;
use std::time::Duration;

/// How often a request that can be repeated is sent at most.
const TRIES: u32 = 4;
/// The longest pause between two tries.
const LONGEST_PAUSE: Duration = Duration::from_secs(10);
/// How long an answer may take that is no stream.
const ANSWER: Duration = Duration::from_secs(60);
/// The gateway sends something at least every 15 s on a stream of events.
pub(crate) const SILENCE: Duration = Duration::from_secs(45);

/// A caller's connection to the gateway.
#[derive(Clone, Debug)]
pub(crate) struct Client {
    http: reqwest::Client,
    address: Url,
}

impl Client {
    /// A client that calls as a profile says.
    ///
    /// # Errors
    /// The address is none, or would have the key sent in the clear to another machine.
    pub(crate) fn new(profile: &Profile) -> Result<Self, Failure> {
        let address = address(&profile.address)?;
        let mut bearer = HeaderValue::try_from(format!("Bearer {}", profile.key.expose_secret()))
            .map_err(|_| Failure::NoKey("the key has characters that no key has".to_owned()))?;
        bearer.set_sensitive(true);
        let http = reqwest::Client::builder()
            .user_agent(concat!("legation/", env!("CARGO_PKG_VERSION")))
            .default_headers(HeaderMap::from_iter([(AUTHORIZATION, bearer)]))
            .connect_timeout(Duration::from_secs(5))
            // A redirect would carry the key elsewhere.
            .redirect(reqwest::redirect::Policy::none());
        // What is on this machine is not reached through a proxy.
        let http = if is_here(&address) { http.no_proxy() } else { http };
        let http = http.build().map_err(anyhow::Error::from)?;
        Ok(Self { http, address })
    }

    /// The answer to a request, as JSON.
    ///
    /// # Errors
    /// The service cannot be reached, or refuses.
    pub(crate) async fn json(&self, outgoing: &Outgoing) -> Result<Value, Failure> {
        let answer = self.send(outgoing, |request| request.timeout(ANSWER)).await?;
        let bytes = answer.bytes().await.map_err(unreachable)?;
        serde_json::from_slice(&bytes).map_err(|error| anyhow::anyhow!("the answer is no JSON: {error}").into())
    }

    /// An answer that is a stream of lines or events.
    ///
    /// # Errors
    /// As [`Client::json`].
    pub(crate) async fn stream(
        &self,
        outgoing: &Outgoing,
        accept: &'static str,
        headers: &[(HeaderName, String)],
    ) -> Result<Response, Failure> {
        self.send(outgoing, |request| {
            let request = request.header(ACCEPT, accept);
            headers.iter().fold(request, |request, (name, value)| request.header(name, value))
        })
        .await
    }

    /// Sends lines, and answers with what became of each, as a stream.
    ///
    /// # Errors
    /// As [`Client::json`].
    pub(crate) async fn lines(&self, outgoing: &Outgoing, body: reqwest::Body) -> Result<Response, Failure> {
        let request = self.http.request(outgoing.method.clone(), self.url(outgoing)).body(body);
        let request = request.header(CONTENT_TYPE, "application/x-ndjson");
        accepted(request.send().await.map_err(unreachable)?).await
    }

    async fn send(
        &self,
        outgoing: &Outgoing,
        adapt: impl Fn(reqwest::RequestBuilder) -> reqwest::RequestBuilder,
    ) -> Result<Response, Failure> {
        let mut tries = 0;
        loop {
            tries += 1;
            let mut request = self.http.request(outgoing.method.clone(), self.url(outgoing));
            if let Some(body) = &outgoing.body {
                request = request.json(body);
            }
            let last = tries >= TRIES || !outgoing.is_repeatable;
            let (failure, pause) = match adapt(request).send().await {
                Ok(answer) if !is_passing(answer.status()) => return accepted(answer).await,
                Ok(answer) => {
                    let pause = pause(answer.headers(), tries);
                    match accepted(answer).await {
                        Ok(answer) => return Ok(answer),
                        Err(failure) => (failure, pause),
                    }
                }
                Err(error) => (unreachable(error), Some(backoff(tries))),
            };
            match pause {
                Some(pause) if !last => tokio::time::sleep(pause).await,
                _ => return Err(failure),
            }
        }
    }

    fn url(&self, outgoing: &Outgoing) -> Url {
        let mut url = self.address.clone();
        url.set_path(&format!("{}{}", self.address.path().trim_end_matches('/'), outgoing.path));
        if !outgoing.query.is_empty() {
            url.query_pairs_mut().extend_pairs(&outgoing.query);
        }
        url
    }
}

/// The answer, if it is a good one.
async fn accepted(answer: Response) -> Result<Response, Failure> {
    let status = answer.status();
    if status.is_success() {
        return Ok(answer);
    }
    let body = answer.bytes().await.unwrap_or_default();
    Err(Failure::problem(status.as_u16(), &body))
}

/// Whether a status says that the same request may be answered later.
fn is_passing(status: StatusCode) -> bool {
    matches!(status.as_u16(), 429 | 502 | 503 | 504)
}

/// How long to wait before the next try, unless it is longer than anyone waits.
fn pause(headers: &HeaderMap, tries: u32) -> Option<Duration> {
    let told = headers.get(RETRY_AFTER).and_then(|value| value.to_str().ok()?.parse().ok()).map(Duration::from_secs);
    Some(told.unwrap_or_else(|| backoff(tries))).filter(|pause| *pause <= LONGEST_PAUSE)
}

pub(crate) fn backoff(tries: u32) -> Duration {
    Duration::from_millis(200).saturating_mul(1 << tries.min(5)).min(LONGEST_PAUSE)
}

/// What broke, from the outside to the cause, without the address's query.
pub(crate) fn unreachable(error: reqwest::Error) -> Failure {
    let error = error.without_url();
    let mut words = error.to_string();
    let mut cause = std::error::Error::source(&error);
    while let Some(inner) = cause {
        words = format!("{words}: {inner}");
        cause = inner.source();
    }
    Failure::Unreachable(words)
}

/// The gateway's address. A key is not sent in the clear to another machine.
///
/// # Errors
/// It is no http or https address, or http to elsewhere.
pub(crate) fn address(text: &str) -> Result<Url, Failure> {
    let url = Url::parse(text).map_err(|error| Failure::usage(format!("{text:?} is no address: {error}")))?;
    match url.scheme() {
        "https" => Ok(url),
        "http" if is_here(&url) => Ok(url),
        "http" => Err(Failure::usage("a key is sent over https only, except to this machine")),
        other => Err(Failure::usage(format!("{other} is neither http nor https"))),
    }
}

pub(crate) fn is_here(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default().trim_matches(['[', ']']);
    host == "localhost" || host.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_does_not_leave_this_machine_in_the_clear() {
        for good in ["https://legation.example", "http://localhost:8080", "http://127.0.0.1:1", "http://[::1]:1"] {
            assert!(address(good).is_ok(), "{good}");
        }
        for bad in ["http://legation.example", "http://127.0.0.1.example", "ftp://localhost", "localhost:8080", ""] {
            assert!(address(bad).is_err(), "{bad}");
        }
    }
}

//! An OpenID Connect issuer: its keys by discovery, kept while it is away, fetched again when it rotates them.

use super::jwt::Keys;
use super::refusal::Refusal;
use anyhow::{Context as _, ensure};
use arc_swap::ArcSwapOption;
use futures::StreamExt as _;
use serde::Deserialize;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Mutex;
use tokio::time::Instant;

/// The least time between two fetches: an attacker's invented `kid` must not turn us against the issuer.
const PAUSE: Duration = Duration::from_secs(3);
/// The age at which keys are fetched again though they are not missed, so that withdrawn ones go.
const STALE: Duration = Duration::from_secs(300);
/// The most bytes of an issuer's answer.
const MOST_BYTES: usize = 256 * 1024;

/// One issuer, and the keys it was last seen with.
#[derive(Debug)]
pub(crate) struct Issuer {
    url: String,
    http: Option<reqwest::Client>,
    fetched: ArcSwapOption<Fetched>,
    /// Held while fetching; when it was last tried, and whether that succeeded.
    last: Mutex<Option<(Instant, bool)>>,
}

#[derive(Debug)]
struct Fetched {
    keys: Keys,
    at: Instant,
}

#[derive(Deserialize)]
struct Discovery {
    issuer: String,
    jwks_uri: String,
}

impl Issuer {
    /// An issuer somewhere else, by its URL. Nothing is fetched yet.
    ///
    /// # Errors
    /// The URL is neither https nor http to this machine.
    pub(crate) fn remote(url: &str) -> anyhow::Result<Self> {
        ensure!(is_guarded(url), "{url} is not https: anyone between could hand us keys of their own");
        // A second installation is refused, and the first one serves as well.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let http = reqwest::Client::builder()
            .timeout(Duration::from_secs(5))
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .context("the HTTP client cannot be made")?;
        Ok(Self { url: url.to_owned(), http: Some(http), fetched: ArcSwapOption::empty(), last: Mutex::new(None) })
    }

    /// An issuer in this process, whose keys never change.
    pub(crate) fn local(url: &str, keys: Keys) -> Self {
        let fetched = ArcSwapOption::from_pointee(Fetched { keys, at: Instant::now() });
        Self { url: url.to_owned(), http: None, fetched, last: Mutex::new(None) }
    }

    /// The issuer's URL, as tokens must name it in `iss`.
    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// Runs `check` on the keys in hand; if it finds no key there, fetches them and runs it once more.
    ///
    /// # Errors
    /// [`Refusal::Unknown`] if the issuer has no such key, [`Refusal::Away`] if that cannot be known.
    pub(crate) async fn with_keys<T>(self: &Arc<Self>, check: impl Fn(&Keys) -> Option<T>) -> Result<T, Refusal> {
        let seen = self.fetched.load_full();
        if let Some(found) = seen.as_ref().and_then(|fetched| check(&fetched.keys)) {
            if self.http.is_some() && seen.is_some_and(|fetched| fetched.at.elapsed() > STALE) {
                let issuer = Arc::clone(self);
                tokio::spawn(async move { issuer.refresh().await });
            }
            return Ok(found);
        }
        self.refresh().await?;
        let fetched = self.fetched.load();
        fetched.as_ref().and_then(|fetched| check(&fetched.keys)).ok_or(Refusal::Unknown)
    }

    /// Fetches the keys, unless that was tried just now. Callers that arrive meanwhile wait for the same fetch.
    async fn refresh(&self) -> Result<(), Refusal> {
        let Some(http) = &self.http else { return Ok(()) };
        let mut last = self.last.lock().await;
        if let Some((_, succeeded)) = last.filter(|(at, _)| at.elapsed() < PAUSE) {
            return if succeeded { Ok(()) } else { Err(Refusal::Away) };
        }
        let fetched = self.fetch(http).await;
        *last = Some((Instant::now(), fetched.is_ok()));
        match fetched {
            Ok(keys) => {
                self.fetched.store(Some(Arc::new(Fetched { keys, at: Instant::now() })));
                Ok(())
            }
            Err(error) => {
                tracing::warn!(issuer = %self.url, error = format!("{error:#}"), "cannot fetch the issuer's keys; those in hand stay");
                Err(Refusal::Away)
            }
        }
    }

    async fn fetch(&self, http: &reqwest::Client) -> anyhow::Result<Keys> {
        let url = format!("{}/.well-known/openid-configuration", self.url.trim_end_matches('/'));
        let discovery: Discovery = serde_json::from_slice(&get(http, &url).await?).context("the discovery document")?;
        ensure!(discovery.issuer == self.url, "the issuer calls itself {}", discovery.issuer);
        ensure!(is_guarded(&discovery.jwks_uri), "{} is not https", discovery.jwks_uri);
        Keys::read(&get(http, &discovery.jwks_uri).await?)
    }
}

async fn get(http: &reqwest::Client, url: &str) -> anyhow::Result<Vec<u8>> {
    let answer = http.get(url).send().await?.error_for_status()?;
    let mut chunks = answer.bytes_stream();
    let mut body = Vec::new();
    while let Some(chunk) = chunks.next().await {
        body.extend_from_slice(&chunk?);
        ensure!(body.len() <= MOST_BYTES, "the answer of {url} is too long");
    }
    Ok(body)
}

/// Whether nobody between can alter what the URL answers.
fn is_guarded(url: &str) -> bool {
    let Ok(url) = reqwest::Url::parse(url) else { return false };
    let here = matches!(url.host_str(), Some("127.0.0.1" | "[::1]" | "localhost"));
    url.scheme() == "https" || (url.scheme() == "http" && here)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_come_over_https_or_from_this_machine() {
        for good in ["https://login.example.gov", "http://127.0.0.1:9000/x", "http://[::1]:9000", "http://localhost/"] {
            assert!(is_guarded(good), "{good}");
        }
        for bad in ["http://login.example.gov", "ftp://127.0.0.1", "http://127.0.0.1.example.com", "login", ""] {
            assert!(!is_guarded(bad), "{bad}");
        }
    }
}

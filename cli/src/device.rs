//! Logging in as a person: the device flow of OAuth (RFC 8628). The program shows where to go and what to type, and waits; it
//! never sees a password. What it keeps is renewed when it ends, as long as the issuer lets it.

use crate::client;
use crate::failure::Failure;
use reqwest::Url;
use reqwest::header::CONTENT_TYPE;
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// How long before its end a token is renewed.
const BEFORE_THE_END: u64 = 30;
/// How long the issuer may take to answer.
const ANSWER: Duration = Duration::from_secs(15);
/// The pause between two questions if the issuer does not say, and by how much it grows when it asks for that (RFC 8628, 3.5).
const INTERVAL: u64 = 5;

/// How a person's token is renewed.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Session {
    /// Where tokens are given.
    token_url: String,
    client_id: String,
    /// What a new token is given for; empty if the issuer gives none.
    refresh_token: Kept,
    /// Until when the token is good, in seconds since 1970.
    until: u64,
}

/// A secret that is written to the file of profiles and nowhere else.
#[derive(Clone, Default, Serialize, Deserialize)]
#[serde(transparent)]
struct Kept(String);

impl std::fmt::Debug for Kept {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("…")
    }
}

/// What an issuer says of itself, as far as it is needed here.
#[derive(Deserialize)]
struct Configuration {
    issuer: String,
    token_endpoint: String,
    #[serde(default)]
    device_authorization_endpoint: String,
}

#[derive(Deserialize)]
struct Device {
    device_code: String,
    user_code: String,
    verification_uri: String,
    #[serde(default)]
    verification_uri_complete: String,
    expires_in: u64,
    #[serde(default)]
    interval: Option<u64>,
}

#[derive(Deserialize)]
struct Token {
    access_token: String,
    #[serde(default)]
    refresh_token: String,
    #[serde(default)]
    expires_in: u64,
}

/// Has a person log in at an issuer, elsewhere; the token and how it is renewed.
///
/// # Errors
/// The issuer cannot be reached, gives no codes, or the person refuses or takes too long.
pub(crate) async fn login(issuer: &str, client_id: &str, scope: &str) -> Result<(SecretString, Session), Failure> {
    let issuer = issuer.trim_end_matches('/');
    let http = http(&client::address(issuer)?)?;
    let found = http.get(format!("{issuer}/.well-known/openid-configuration")).send().await;
    let found: Configuration = read(found.map_err(client::unreachable)?).await?;
    if found.issuer.trim_end_matches('/') != issuer {
        return Err(Failure::usage(format!("{issuer} says that it is another issuer: {}", found.issuer)));
    }
    if found.device_authorization_endpoint.is_empty() {
        return Err(Failure::usage(format!("{issuer} does not let a device log in (RFC 8628)")));
    }
    for address in [&found.token_endpoint, &found.device_authorization_endpoint] {
        client::address(address)?;
    }
    let form = [("client_id", client_id), ("scope", scope)];
    let asked = post(&http, &found.device_authorization_endpoint, &form).await;
    let device: Device = read(asked.map_err(client::unreachable)?).await?;
    let Device { verification_uri, verification_uri_complete, user_code, .. } = &device;
    eprintln!("open {verification_uri} and enter {user_code}");
    if !verification_uri_complete.is_empty() {
        eprintln!("or open {verification_uri_complete}");
    }
    let token = wait(&http, &found.token_endpoint, client_id, &device).await?;
    let (token_url, client_id) = (found.token_endpoint, client_id.to_owned());
    let session =
        Session { token_url, client_id, refresh_token: Kept(token.refresh_token), until: end(token.expires_in) };
    Ok((token.access_token.into(), session))
}

/// Asks until the person has said yes or no, as often as the issuer lets us.
async fn wait(http: &reqwest::Client, url: &str, client_id: &str, device: &Device) -> Result<Token, Failure> {
    let mut interval = device.interval.unwrap_or(INTERVAL).max(1);
    let mut left = device.expires_in;
    let grant = "urn:ietf:params:oauth:grant-type:device_code";
    let form = [("grant_type", grant), ("device_code", device.device_code.as_str()), ("client_id", client_id)];
    loop {
        if left < interval {
            return Err(Failure::NoKey("nobody confirmed the code in time; log in again".to_owned()));
        }
        left -= interval;
        tokio::time::sleep(Duration::from_secs(interval)).await;
        let answer = post(http, url, &form).await.map_err(client::unreachable)?;
        if answer.status().is_success() {
            return read(answer).await;
        }
        let told: Value = answer.json().await.unwrap_or_default();
        match told["error"].as_str().unwrap_or_default() {
            "authorization_pending" => {}
            "slow_down" => interval += INTERVAL,
            "access_denied" => return Err(Failure::NoKey("the login was refused".to_owned())),
            other => return Err(Failure::NoKey(format!("the issuer gives no token: {other}"))),
        }
    }
}

impl Session {
    /// Whether the token must be renewed before it is used.
    pub(crate) fn is_over(&self) -> bool {
        now() + BEFORE_THE_END >= self.until
    }

    /// A new token, and how that one is renewed.
    ///
    /// # Errors
    /// The issuer cannot be reached, or wants the person to log in again.
    pub(crate) async fn renew(&self) -> Result<(SecretString, Self), Failure> {
        let again = || Failure::NoKey("the login is over; run `legation login` again".to_owned());
        if self.refresh_token.0.is_empty() {
            return Err(again());
        }
        let http = http(&client::address(&self.token_url)?)?;
        let (client_id, refresh) = (self.client_id.as_str(), self.refresh_token.0.as_str());
        let form = [("grant_type", "refresh_token"), ("refresh_token", refresh), ("client_id", client_id)];
        let answer = post(&http, &self.token_url, &form).await.map_err(client::unreachable)?;
        if answer.status().is_client_error() {
            return Err(again());
        }
        let token: Token = read(answer).await?;
        // An issuer that rotates them gives another; one that does not lets this be used again.
        let kept = if token.refresh_token.is_empty() { self.refresh_token.clone() } else { Kept(token.refresh_token) };
        let session = Self { refresh_token: kept, until: end(token.expires_in), ..self.clone() };
        Ok((token.access_token.into(), session))
    }
}

/// Sends a form, as OAuth wants it.
async fn post(http: &reqwest::Client, url: &str, form: &[(&str, &str)]) -> reqwest::Result<reqwest::Response> {
    let mut encoded = Url::parse("form://").expect("it is an address");
    let body = encoded.query_pairs_mut().extend_pairs(form).finish().query().unwrap_or_default().to_owned();
    http.post(url).header(CONTENT_TYPE, "application/x-www-form-urlencoded").body(body).send().await
}

fn http(address: &Url) -> Result<reqwest::Client, Failure> {
    let http = reqwest::Client::builder().timeout(ANSWER).redirect(reqwest::redirect::Policy::none());
    let http = if client::is_here(address) { http.no_proxy() } else { http };
    Ok(http.build().map_err(anyhow::Error::from)?)
}

async fn read<T: serde::de::DeserializeOwned>(answer: reqwest::Response) -> Result<T, Failure> {
    let status = answer.status();
    if !status.is_success() {
        return Err(Failure::NoKey(format!("the issuer answered {status}")));
    }
    // The parser's words would quote the token.
    answer.json().await.map_err(|_| Failure::NoKey("the issuer's answer is not what it should be".to_owned()))
}

fn end(expires_in: u64) -> u64 {
    now() + expires_in
}

fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}

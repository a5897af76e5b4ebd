//! The gateway as the demonstration calls it: JSON over HTTP with the key of a role, like any other caller.

use anyhow::{Context as _, Result, bail};
use reqwest::{Client, Method, StatusCode};
use serde_json::Value;
use std::collections::BTreeMap;
use std::fmt;

/// The gateway, and a key for each role.
#[derive(Clone)]
pub(crate) struct Door {
    client: Client,
    address: String,
    keys: BTreeMap<String, String>,
}

/// A refusal: a problem of RFC 9457.
#[derive(Debug)]
pub(crate) struct Refusal {
    status: StatusCode,
    body: Value,
}

/// What the gateway answers: a message, or a refusal with its reason.
pub(crate) type Answer = Result<Value, Refusal>;

impl Door {
    /// The gateway at an address: `http://127.0.0.1:8080`.
    pub(crate) fn new(address: &str, keys: BTreeMap<String, String>) -> Self {
        Self { client: Client::new(), address: address.trim_end_matches('/').to_owned(), keys }
    }

    /// The first of the roles whose key holds a permission.
    ///
    /// # Errors
    /// None of them does.
    pub(crate) async fn holder(&self, roles: &[&'static str], permission: &str) -> Result<&'static str> {
        for role in roles.iter().filter(|role| self.keys.contains_key(**role)) {
            let me = self.get(role, "/v1/gateway/whoami", &[]).await?.map_err(anyhow::Error::from)?;
            let held = me["permissions"].as_array().into_iter().flatten().filter_map(Value::as_str);
            let holds = |held: &str| match held.strip_suffix('*') {
                Some(prefix) => permission.starts_with(prefix),
                None => held == permission,
            };
            if held.into_iter().any(holds) {
                return Ok(role);
            }
        }
        bail!("no key of {} holds {permission}", roles.join(", "))
    }

    /// Reads.
    ///
    /// # Errors
    /// There is no answer, or none in JSON. A refusal is an answer.
    pub(crate) async fn get(&self, role: &str, path: &str, query: &[(&str, &str)]) -> Result<Answer> {
        let request = self.request(role, Method::GET, path)?.query(query);
        read(request.send().await.with_context(|| format!("GET {path}"))?).await
    }

    /// Writes. The key makes it one effect however often it is sent.
    ///
    /// # Errors
    /// There is no answer, or none in JSON. A refusal is an answer.
    pub(crate) async fn post(&self, role: &str, path: &str, key: &str, body: &Value) -> Result<Answer> {
        let request = self.request(role, Method::POST, path)?.header("idempotency-key", key).json(body);
        read(request.send().await.with_context(|| format!("POST {path}"))?).await
    }

    /// Reads a document, which is no JSON: its bytes.
    ///
    /// # Errors
    /// There is no answer. A refusal is an answer.
    pub(crate) async fn document(&self, role: &str, path: &str) -> Result<Result<Vec<u8>, Refusal>> {
        let response = self.request(role, Method::GET, path)?.send().await.with_context(|| format!("GET {path}"))?;
        if response.status().is_success() {
            return Ok(Ok(response.bytes().await?.to_vec()));
        }
        Ok(Err(read(response).await?.expect_err("the status is no success")))
    }

    /// Sends lines and gives the answer as it comes.
    ///
    /// # Errors
    /// There is no answer, or it is a refusal.
    pub(crate) async fn lines(&self, role: &str, path: &str, lines: String) -> Result<reqwest::Response> {
        let request = self.request(role, Method::POST, path)?.header("content-type", "application/x-ndjson");
        let response = request.body(lines).send().await.with_context(|| format!("POST {path}"))?;
        if response.status().is_success() {
            return Ok(response);
        }
        let refusal = read(response).await?.expect_err("the status is no success");
        Err(refusal).with_context(|| format!("POST {path}"))
    }

    fn request(&self, role: &str, method: Method, path: &str) -> Result<reqwest::RequestBuilder> {
        let key = self.keys.get(role).with_context(|| format!("there is no key for the role {role}"))?;
        Ok(self.client.request(method, format!("{}{path}", self.address)).bearer_auth(key))
    }
}

async fn read(response: reqwest::Response) -> Result<Answer> {
    let status = response.status();
    let bytes = response.bytes().await?;
    let body = serde_json::from_slice(&bytes).with_context(|| format!("an answer of status {status} is no JSON"))?;
    Ok(if status.is_success() { Ok(body) } else { Err(Refusal { status, body }) })
}

impl Refusal {
    /// The reason's name: `NOT_FOUND`.
    pub(crate) fn reason(&self) -> &str {
        self.body["reason"].as_str().unwrap_or_default()
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let detail = self.body["detail"].as_str().unwrap_or_default();
        write!(f, "{} {}: {detail}", self.status.as_u16(), self.reason())?;
        for error in self.body["errors"].as_array().into_iter().flatten() {
            let text = |name: &str| error[name].as_str().unwrap_or_default();
            write!(f, "; {} {}", text("field"), text("detail"))?;
        }
        Ok(())
    }
}

impl std::error::Error for Refusal {}

//! The development issuer: hands a token to whoever asks, for laptops and tests; it never runs beside a real issuer.

use super::Issuer;
use super::jwt::{Keys, PublicKey};
use crate::roles::Roles;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::Utc;
use fault::Fault;
use identity::Clearance;
use proto::policy::v1::Reason;
use ring::rand::SystemRandom;
use ring::signature::{Ed25519KeyPair, KeyPair as _};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::sync::Arc;

/// The path of the issuer under the gateway's own address.
pub(super) const PATH: &str = "/dev/issuer";
/// How long its tokens are good, in seconds.
const GOOD_FOR: i64 = 8 * 3600;
const KEY_ID: &str = "dev";

/// An issuer whose key lives as long as the process.
pub(crate) struct DevIssuer {
    url: String,
    audience: String,
    pair: Ed25519KeyPair,
    roles: Arc<Roles>,
}

/// For whom a token is asked.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Ask {
    subject: String,
    #[serde(default)]
    roles: Vec<String>,
    #[serde(default)]
    mission: Option<String>,
    #[serde(default)]
    post: Option<String>,
    #[serde(default)]
    agency: Option<String>,
    #[serde(default)]
    clearance: Clearance,
}

#[derive(Serialize)]
struct Claims<'a> {
    iss: &'a str,
    aud: &'a str,
    sub: &'a str,
    iat: i64,
    exp: i64,
    roles: &'a [String],
    #[serde(skip_serializing_if = "Option::is_none")]
    mission: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    post: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    agency: Option<&'a str>,
    clearance: Clearance,
}

impl DevIssuer {
    /// An issuer under the gateway's address: `http://127.0.0.1:8080`.
    pub(crate) fn new(address: &str, audience: &str, roles: Arc<Roles>) -> Self {
        let document = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new()).expect("the system gives random bytes");
        let pair = Ed25519KeyPair::from_pkcs8(document.as_ref()).expect("it was generated just now");
        let url = format!("{}{PATH}", address.trim_end_matches('/'));
        Self { url, audience: audience.to_owned(), pair, roles }
    }

    /// The issuer as the gateway checks its tokens: without a socket in between.
    pub(crate) fn issuer(&self) -> Issuer {
        let key = PublicKey::Ed25519(self.pair.public_key().as_ref().to_vec());
        Issuer::local(&self.url, Keys::one(KEY_ID, key))
    }

    /// What is to be read at `/dev/issuer/.well-known/openid-configuration`.
    pub(crate) fn configuration(&self) -> Value {
        json!({
            "issuer": self.url,
            "jwks_uri": format!("{}/jwks.json", self.url),
            "token_endpoint": format!("{}/token", self.url),
            "response_types_supported": ["token"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["EdDSA"],
        })
    }

    /// What is to be read at `/dev/issuer/jwks.json`.
    pub(crate) fn jwks(&self) -> Value {
        let x = URL_SAFE_NO_PAD.encode(self.pair.public_key().as_ref());
        json!({"keys": [{"kty": "OKP", "crv": "Ed25519", "use": "sig", "alg": "EdDSA", "kid": KEY_ID, "x": x}]})
    }

    /// Answers `POST /dev/issuer/token` with `{"subject": …, "roles": […], "mission": …}`.
    ///
    /// # Errors
    /// The text is no such thing, or names a role that does not exist.
    pub(crate) fn token(&self, text: &[u8]) -> Result<Value, Fault> {
        let ask: Ask = serde_json::from_slice(text)
            .map_err(|error| Fault::new(Reason::MalformedRequest, format!("not a request for a token: {error}")))?;
        let mut fault = Fault::new(Reason::InvalidFields, "the token cannot be made");
        if ask.subject.is_empty() {
            fault = fault.at("subject", "is required");
        }
        for (n, role) in ask.roles.iter().enumerate().filter(|(_, role)| self.roles.get(role).is_none()) {
            fault = fault.at(format!("roles[{n}]"), format!("there is no role {role}"));
        }
        if !fault.violations().is_empty() {
            return Err(fault);
        }
        Ok(json!({"access_token": self.mint(&ask), "token_type": "Bearer", "expires_in": GOOD_FOR}))
    }

    fn mint(&self, ask: &Ask) -> String {
        let now = Utc::now().timestamp();
        let claims = Claims {
            iss: &self.url,
            aud: &self.audience,
            sub: &ask.subject,
            iat: now,
            exp: now + GOOD_FOR,
            roles: &ask.roles,
            mission: ask.mission.as_deref(),
            post: ask.post.as_deref(),
            agency: ask.agency.as_deref(),
            clearance: ask.clearance,
        };
        let part = |json: &[u8]| URL_SAFE_NO_PAD.encode(json);
        let header = json!({"alg": "EdDSA", "kid": KEY_ID, "typ": "JWT"}).to_string();
        let claims = serde_json::to_vec(&claims).expect("text, numbers and lists of text always serialise");
        let signed = format!("{}.{}", part(header.as_bytes()), part(&claims));
        let signature = self.pair.sign(signed.as_bytes());
        format!("{signed}.{}", part(signature.as_ref()))
    }
}

impl std::fmt::Debug for DevIssuer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("DevIssuer").field("url", &self.url).finish_non_exhaustive()
    }
}

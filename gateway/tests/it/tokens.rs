//! Tokens of people: an issuer found by discovery, its keys rotated, away, and back.

use crate::rig::{Plan, Rig, plan};
use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair as _};
use serde_json::{Value, json};
use std::sync::{Arc, Mutex};
use testkit::until;
use tokio::net::TcpListener;

/// A key of the issuer.
enum Key {
    Ed25519(Ed25519KeyPair),
    P256(EcdsaKeyPair),
}

impl Key {
    fn ed25519(seed: u8) -> Self {
        Self::Ed25519(Ed25519KeyPair::from_seed_unchecked(&[seed; 32]).unwrap())
    }

    fn p256() -> Self {
        let (random, algorithm) = (SystemRandom::new(), &ECDSA_P256_SHA256_FIXED_SIGNING);
        let document = EcdsaKeyPair::generate_pkcs8(algorithm, &random).unwrap();
        Self::P256(EcdsaKeyPair::from_pkcs8(algorithm, document.as_ref(), &random).unwrap())
    }

    fn jwk(&self, kid: &str) -> Value {
        let text = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
        match self {
            Self::Ed25519(pair) => {
                json!({"kid": kid, "kty": "OKP", "crv": "Ed25519", "x": text(pair.public_key().as_ref())})
            }
            Self::P256(pair) => {
                let point = pair.public_key().as_ref();
                json!({"kid": kid, "kty": "EC", "crv": "P-256", "x": text(&point[1..33]), "y": text(&point[33..])})
            }
        }
    }

    fn sign(&self, kid: &str, claims: &Value) -> String {
        let algorithm = if matches!(self, Self::Ed25519(_)) { "EdDSA" } else { "ES256" };
        let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let signed = format!("{}.{}", part(&json!({"alg": algorithm, "kid": kid})), part(claims));
        let signature = match self {
            Self::Ed25519(pair) => pair.sign(signed.as_bytes()).as_ref().to_vec(),
            Self::P256(pair) => pair.sign(&SystemRandom::new(), signed.as_bytes()).unwrap().as_ref().to_vec(),
        };
        format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature))
    }
}

/// What the issuer shows at the moment.
#[derive(Default)]
struct Shown {
    url: String,
    keys: Vec<Value>,
    away: bool,
    fetched: u32,
    manner: Manner,
}

/// How the issuer shows its keys.
#[derive(Clone, Copy, Default)]
enum Manner {
    #[default]
    Plain,
    /// With more besides than anyone reads.
    Oversized,
    /// Somewhere else.
    Elsewhere,
    /// Not at all.
    Never,
}

type Shared = Arc<Mutex<Shown>>;

/// An issuer on a port of its own.
struct Issuer {
    shown: Shared,
    url: String,
}

impl Issuer {
    async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let shown: Shared = Arc::default();
        shown.lock().unwrap().url.clone_from(&url);
        let routes = Router::new()
            .route("/.well-known/openid-configuration", get(configuration))
            .route("/keys", get(keys))
            .route("/plain", get(plain))
            .with_state(Arc::clone(&shown));
        tokio::spawn(async move { axum::serve(listener, routes).await });
        Self { shown, url }
    }

    fn show(&self, keys: Vec<Value>) {
        self.shown.lock().unwrap().keys = keys;
    }

    fn away(&self, away: bool) {
        self.shown.lock().unwrap().away = away;
    }

    fn fetched(&self) -> u32 {
        self.shown.lock().unwrap().fetched
    }

    fn plan(&self) -> Plan {
        plan().set("OIDC_ISSUER", &*self.url).set("OIDC_AUDIENCE", "legation")
    }

    fn claims(&self, subject: &str) -> Value {
        let now = chrono::Utc::now().timestamp();
        json!({"iss": self.url, "aud": "legation", "sub": subject, "exp": now + 600, "roles": ["legal-adviser", "elsewhere"]})
    }
}

async fn configuration(State(shown): State<Shared>) -> Result<String, StatusCode> {
    let shown = shown.lock().unwrap();
    let text = json!({"issuer": shown.url, "jwks_uri": format!("{}/keys", shown.url)}).to_string();
    if shown.away { Err(StatusCode::BAD_GATEWAY) } else { Ok(text) }
}

async fn keys(State(shown): State<Shared>) -> Result<Response, StatusCode> {
    let (text, manner) = {
        let mut shown = shown.lock().unwrap();
        shown.fetched += 1;
        if shown.away {
            return Err(StatusCode::BAD_GATEWAY);
        }
        (json!({"keys": shown.keys}).to_string(), shown.manner)
    };
    Ok(match manner {
        Manner::Plain => text.into_response(),
        Manner::Oversized => {
            text.replace("{\"keys\"", &format!("{{\"pad\":\"{}\",\"keys\"", "x".repeat(300_000))).into_response()
        }
        Manner::Elsewhere => (StatusCode::FOUND, [("location", "/plain")]).into_response(),
        Manner::Never => std::future::pending().await,
    })
}

/// Where an issuer that redirects leads to.
async fn plain(State(shown): State<Shared>) -> String {
    json!({"keys": shown.lock().unwrap().keys}).to_string()
}

async fn status(rig: &Rig, token: &str) -> u16 {
    rig.who(token).await.status
}

#[tokio::test]
async fn people_are_known_by_their_issuers_tokens() {
    let issuer = Issuer::start().await;
    let (ed, p256) = (Key::ed25519(1), Key::p256());
    issuer.show(vec![ed.jwk("a"), p256.jwk("b")]);
    let rig = issuer.plan().start().await;
    let mut claims = issuer.claims("ada");
    claims["mission"] = json!("missions/fr-embassy");
    claims["post"] = json!("posts/rome");
    for token in [ed.sign("a", &claims), p256.sign("b", &claims)] {
        let who = rig.who(&token).await;
        assert_eq!(who.status, 200, "{who:?}");
        let who = who.json();
        assert_eq!((&who["subject"], &who["mission"]), (&json!("people/ada"), &json!("missions/fr-embassy")));
        assert_eq!(who["post"], "posts/rome");
        assert!(who["permissions"].as_array().unwrap().contains(&json!("accreditation.members.determineImmunity")));
    }
    let (mut other, mut late, mut foreign) = (claims.clone(), claims.clone(), claims.clone());
    other["aud"] = json!("another");
    late["exp"] = json!(chrono::Utc::now().timestamp() - 60);
    foreign["iss"] = json!("http://127.0.0.1:1");
    let bad = [
        ed.sign("a", &other),
        ed.sign("a", &late),
        ed.sign("a", &foreign),
        ed.sign("b", &claims),
        Key::ed25519(9).sign("a", &claims),
    ];
    for token in bad {
        assert_eq!(rig.who(&token).await.reason(), "UNAUTHENTICATED", "{token}");
    }
}

#[tokio::test]
async fn a_new_key_is_fetched_when_first_met_and_invented_ones_are_not_asked_for_again_and_again() {
    let issuer = Issuer::start().await;
    let (old, new) = (Key::ed25519(1), Key::ed25519(2));
    issuer.show(vec![old.jwk("old")]);
    let rig = issuer.plan().start().await;
    assert_eq!(status(&rig, &old.sign("old", &issuer.claims("ada"))).await, 200);
    assert_eq!(issuer.fetched(), 1);
    for n in 0..50 {
        let token = Key::ed25519(9).sign(&format!("invented-{n}"), &issuer.claims("eve"));
        assert_eq!(status(&rig, &token).await, 401);
    }
    assert!(issuer.fetched() <= 2, "{} times", issuer.fetched());

    issuer.show(vec![new.jwk("new")]);
    until("the new key is known", async || status(&rig, &new.sign("new", &issuer.claims("bob"))).await == 200).await;
    // The old one went with it; what it signed and was seen lately may last a minute, and no new token does.
    assert_eq!(status(&rig, &old.sign("old", &issuer.claims("carol"))).await, 401);
}

#[tokio::test]
async fn while_the_issuer_is_away_its_keys_stay() {
    let issuer = Issuer::start().await;
    let (key, unseen) = (Key::ed25519(1), Key::ed25519(2));
    issuer.show(vec![key.jwk("a")]);
    issuer.away(true);
    let rig = issuer.plan().start().await;
    let answer = rig.who(&key.sign("a", &issuer.claims("ada"))).await;
    assert_eq!((answer.status, answer.reason().as_str()), (503, "UNAVAILABLE"), "nobody can know: {answer:?}");
    issuer.away(false);
    until("the issuer is asked again", async || status(&rig, &key.sign("a", &issuer.claims("ada"))).await == 200).await;

    issuer.away(true);
    assert_eq!(status(&rig, &key.sign("a", &issuer.claims("bob"))).await, 200, "a key in hand is enough");
    let token = unseen.sign("b", &issuer.claims("eve"));
    until("the issuer is missed", async || status(&rig, &token).await == 503).await;
}

/// An issuer's keys are read as it is expected to show them, and otherwise nobody is known by them. The last manner costs the
/// door's patience of five seconds.
#[tokio::test]
async fn keys_that_are_too_long_or_elsewhere_or_do_not_come_are_none() {
    for manner in [Manner::Oversized, Manner::Elsewhere, Manner::Never] {
        let issuer = Issuer::start().await;
        let key = Key::ed25519(1);
        issuer.show(vec![key.jwk("a")]);
        issuer.shown.lock().unwrap().manner = manner;
        let rig = issuer.plan().start().await;
        let answer = rig.who(&key.sign("a", &issuer.claims("ada"))).await;
        assert_eq!((answer.status, answer.reason().as_str()), (503, "UNAVAILABLE"), "nobody can know: {answer:?}");
        issuer.shown.lock().unwrap().manner = Manner::Plain;
        until("the issuer is asked again", async || status(&rig, &key.sign("a", &issuer.claims("ada"))).await == 200)
            .await;
    }
}

#[tokio::test]
async fn a_token_lasts_no_longer_than_the_house_allows_and_is_of_an_application_it_names() {
    let issuer = Issuer::start().await;
    let key = Key::ed25519(1);
    issuer.show(vec![key.jwk("a")]);
    let rig = issuer.plan().set("OIDC_LONGEST", "5m").set("OIDC_PARTIES", "console").start().await;
    let with = |claim: &str, value: Value| {
        let now = chrono::Utc::now().timestamp();
        let mut claims = issuer.claims("ada");
        (claims["iat"], claims["exp"], claims["azp"]) = (json!(now), json!(now + 300), json!("console"));
        claims[claim] = value;
        key.sign("a", &claims)
    };
    assert_eq!(status(&rig, &with("sub", json!("ada"))).await, 200);
    let later = chrono::Utc::now().timestamp() + 600;
    for (claim, value) in [("exp", json!(later)), ("azp", json!("other")), ("azp", Value::Null), ("nonce", json!("n"))]
    {
        assert_eq!(status(&rig, &with(claim, value)).await, 401, "{claim}");
    }
}

/// An issuer that never answers keeps those waiting whose tokens need it, in few of the door's places.
#[tokio::test(flavor = "multi_thread")]
async fn tokens_that_wait_for_the_issuer_leave_the_door_to_those_it_knows() {
    let issuer = Issuer::start().await;
    issuer.shown.lock().unwrap().manner = Manner::Never;
    let rig = Arc::new(issuer.plan().set("IN_FLIGHT", "16").start().await);
    assert_eq!(rig.who(&rig.admin).await.status, 200);
    let key = Key::ed25519(9);
    let waiting: Vec<_> = (0..24)
        .map(|n| {
            let (rig, token) = (Arc::clone(&rig), key.sign(&format!("invented-{n}"), &issuer.claims("eve")));
            tokio::spawn(async move { while status(&rig, &token).await == 503 {} })
        })
        .collect();
    until("the issuer is asked", async || issuer.fetched() > 0).await;
    for _ in 0..60 {
        let answer = rig.who(&rig.admin).await;
        assert_eq!(answer.status, 200, "{answer:?}");
    }
    waiting.iter().for_each(tokio::task::JoinHandle::abort);
}

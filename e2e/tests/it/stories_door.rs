//! The whole house in this process, and its public door as a caller meets it: HTTP, JSON, a key.

use accreditation::Accreditation;
use config::{Env, Home};
use consular::Consular;
use gateway::{Gateway, Upstream, Upstreams};
use identity::{ApiKeyText, Signer};
use layers::Limits;
use reqwest::{Client, Method, RequestBuilder};
use serde_json::{Value, json};
use serve::House;
use std::net::SocketAddr;
use std::sync::Arc;
use testkit::{TestDb, TestRedis};

/// What a house stands on, and the key that makes the others.
pub(crate) struct Ground {
    pub(crate) gateway: TestDb,
    pub(crate) accreditation: TestDb,
    pub(crate) consular: TestDb,
    pub(crate) redis: TestRedis,
    pub(crate) bootstrap: ApiKeyText,
}

impl Ground {
    pub(crate) async fn new() -> Self {
        let gateway = testkit::database(&[&registry::MIGRATIONS, &gateway::MIGRATIONS]).await;
        let accreditation = testkit::database(&[&registry::MIGRATIONS, &accreditation::MIGRATIONS]).await;
        let consular = testkit::database(&[&registry::MIGRATIONS, &consular::MIGRATIONS]).await;
        let (redis, bootstrap) = (testkit::redis().await, ApiKeyText::generate());
        Self { gateway, accreditation, consular, redis, bootstrap }
    }

    /// The settings of a house on it that reaches Redis at this URL.
    pub(crate) fn settings(&self, redis: &str) -> Vec<(String, String)> {
        settings(&self.gateway.url, &self.accreditation.url, &self.consular.url, redis, &self.bootstrap)
    }

    /// A house on it.
    pub(crate) async fn house(&self) -> Door {
        self.house_with(&self.redis.url).await
    }

    /// A house on it that reaches Redis at this URL.
    pub(crate) async fn house_with(&self, redis: &str) -> Door {
        let mut env = Env::default();
        env.extend(self.settings(redis));
        let opened = open(&env).await;
        Door::at(opened.address, self.bootstrap.expose(), Some(opened))
    }
}

/// The settings of all services.
pub(crate) fn settings(
    gateway: &str,
    accreditation: &str,
    consular: &str,
    redis: &str,
    bootstrap: &ApiKeyText,
) -> Vec<(String, String)> {
    let bootstrap = format!("{}:{}", bootstrap.id(), bootstrap.sha256_hex());
    let audit_key = "5a".repeat(32);
    [
        ("GATEWAY_DATABASE_URL", gateway),
        ("GATEWAY_DATABASE_SEALING_KEYS", testkit::SEALING_KEYS),
        ("GATEWAY_REDIS_URL", redis),
        ("GATEWAY_BOOTSTRAP_KEY_SHA256", &bootstrap),
        // Tests that wait for a thing ask as fast as they are answered; limits have tests of their own.
        ("GATEWAY_RATE", "1000000"),
        ("ACCREDITATION_DATABASE_URL", accreditation),
        ("ACCREDITATION_DATABASE_SEALING_KEYS", testkit::SEALING_KEYS),
        ("ACCREDITATION_REDIS_URL", redis),
        ("ACCREDITATION_RELAY_AUDIT_KEY", &audit_key),
        ("CONSULAR_DATABASE_URL", consular),
        ("CONSULAR_DATABASE_SEALING_KEYS", testkit::SEALING_KEYS),
        ("CONSULAR_REDIS_URL", redis),
        ("CONSULAR_RELAY_AUDIT_KEY", &audit_key),
    ]
    .map(|(name, value)| (name.to_owned(), value.to_owned()))
    .into()
}

/// A house at work in this process.
pub(crate) struct Opened {
    pub(crate) address: SocketAddr,
    house: House,
    _door: gateway::Door,
}

/// Puts the services together as `standalone` does, on a free port.
pub(crate) async fn open(env: &Env) -> Opened {
    // A provider for the clients of the tests; the gateway installs the same.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let settings: gateway::Settings = config::read(env, "GATEWAY").expect("the gateway's settings are good");
    let accreditation = config::read(env, "ACCREDITATION").expect("accreditation's settings are good");
    let consular = config::read(env, "CONSULAR").expect("the consular settings are good");
    let signer = Arc::new(Signer::generate());
    let house = House::new(Home::default(), signer.verifier(), Limits::default());
    let own = serve::host::<Gateway>(settings.clone(), house.clone()).await.expect("the gateway starts");
    let other = serve::host::<Accreditation>(accreditation, house.clone()).await.expect("accreditation starts");
    let consular = serve::host::<Consular>(consular, house.clone()).await.expect("the consular service starts");
    let upstreams = [own, other, consular]
        .into_iter()
        .fold(Upstreams::default(), |upstreams, hosted| upstreams.with(hosted.name, Upstream::Local(hosted.service)));
    let door = gateway::door(&settings, &house, signer, upstreams).await.expect("the door is made");
    let address = door.listen(SocketAddr::from(([127, 0, 0, 1], 0))).await.expect("a port is free");
    Opened { address, house, _door: door }
}

/// The public door of a house, wherever the house is.
pub(crate) struct Door {
    address: SocketAddr,
    bootstrap: String,
    http: Client,
    opened: Option<Opened>,
}

/// An answer, read whole.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) text: String,
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("{error} in {:?}", self.text))
    }

    /// The record of an answer that must be good.
    pub(crate) fn good(&self) -> Value {
        assert_eq!(self.status, 200, "{self:?}");
        self.json()
    }

    /// The reason of a refusal.
    pub(crate) fn reason(&self) -> String {
        self.json()["reason"].as_str().expect("a refusal has a reason").to_owned()
    }

    /// Status and reason of a refusal.
    pub(crate) fn refusal(&self) -> (u16, String) {
        (self.status, self.reason())
    }
}

impl Door {
    pub(crate) fn at(address: SocketAddr, bootstrap: &str, opened: Option<Opened>) -> Self {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let http = Client::builder().no_proxy().build().expect("a client needs nothing");
        Self { address, bootstrap: bootstrap.to_owned(), http, opened }
    }

    fn request(&self, key: &str, method: Method, path: &str) -> RequestBuilder {
        self.http.request(method, format!("http://{}/v1/{path}", self.address)).bearer_auth(key)
    }

    pub(crate) async fn get(&self, key: &str, path: &str) -> Answer {
        send(self.request(key, Method::GET, path)).await.expect("the door answers")
    }

    /// Follows changes; the answer is read as it comes.
    pub(crate) async fn follow(&self, key: &str, path: &str) -> reqwest::Response {
        self.request(key, Method::GET, path).send().await.expect("the door answers")
    }

    pub(crate) async fn post(&self, key: &str, path: &str, body: &Value) -> Answer {
        send(self.request(key, Method::POST, path).json(body)).await.expect("the door answers")
    }

    /// One line each; the answers in the order of the lines.
    pub(crate) async fn import(&self, key: &str, path: &str, lines: &[Value]) -> Vec<Value> {
        let body: String = lines.iter().map(|line| format!("{line}\n")).collect();
        let request = self.request(key, Method::POST, path).header("content-type", "application/x-ndjson");
        let answer = send(request.body(body)).await.expect("the door answers");
        assert_eq!(answer.status, 200, "{answer:?}");
        let read = answer.text.lines().map(|line| serde_json::from_str(line).expect("a line is JSON"));
        let mut answers: Vec<Value> = read.collect();
        answers.sort_by_key(|answer| answer["line"].as_str().and_then(|line| line.parse::<u64>().ok()));
        answers
    }

    /// Proposes the mission with this number under a key of its own; nothing if the connection broke.
    pub(crate) async fn propose(&self, key: &str, number: usize) -> Option<Answer> {
        let mission = json!({
            "sendingState": "FR",
            "type": "CONSULATE",
            "title": format!("Consulate of France in port {number}"),
            "seat": format!("Port {number}"),
            "externalId": format!("chaos:{number}"),
        });
        let request = self.request(key, Method::POST, "accreditation/missions");
        send(request.header("idempotency-key", format!("proposal-{number}")).json(&mission)).await
    }

    /// A new key with a role for an agency, made with the key of the settings.
    pub(crate) async fn key(&self, role: &str, agency: &str, internal: bool) -> String {
        if !internal {
            self.partner(agency).await;
        }
        let expires = chrono::Utc::now() + chrono::TimeDelta::days(30);
        let wish = json!({
            "agency": agency,
            "title": format!("a story's {role}"),
            "role": role,
            "internal": internal,
            "expireTime": expires.to_rfc3339_opts(chrono::SecondsFormat::Secs, true),
        });
        let made = self.post(&self.bootstrap, "gateway/apiKeys", &wish).await.good();
        made["secret"].as_str().expect("a new key is shown").to_owned()
    }

    /// The token of a person with these roles, of a mission's own staff or of ours; from the development issuer.
    pub(crate) async fn person(&self, subject: &str, roles: &[&str], mission: Option<&str>) -> String {
        let wish = json!({ "subject": subject, "roles": roles, "mission": mission });
        let request = self.http.post(format!("http://{}/dev/issuer/token", self.address)).json(&wish);
        let token = send(request).await.expect("the door answers").good();
        token["access_token"].as_str().expect("a token is text").to_owned()
    }

    /// Takes an agency on, unless it was already: one proposes it, another approves it.
    async fn partner(&self, agency: &str) {
        let wish = json!({
            "title": agency,
            "contact": format!("desk@{agency}.example"),
            "legalBasis": "the agreement of this story",
        });
        let path = format!("gateway/agencies?agencyId={agency}");
        let proposed = self.post(&self.bootstrap, &path, &wish).await;
        if proposed.status != 200 {
            assert_eq!(proposed.refusal(), (409, "ALREADY_EXISTS".to_owned()));
            return;
        }
        let other = Box::pin(self.key("tenant-admin", "foreign-ministry", true)).await;
        self.post(&other, &format!("gateway/agencies/{agency}:approve"), &json!({})).await.good();
    }

    /// A new key of a protocol officer of ours.
    pub(crate) async fn officer(&self) -> String {
        self.key("protocol-officer", "foreign-ministry", true).await
    }

    /// Ends a house of this process.
    pub(crate) async fn close(mut self) {
        let opened = self.opened.take().expect("the house is in this process");
        drop(self.http);
        assert!(opened.house.drain(std::time::Duration::from_secs(20)).await, "the house ends in time");
    }
}

async fn send(request: RequestBuilder) -> Option<Answer> {
    let response = request.send().await.ok()?;
    let status = response.status().as_u16();
    Some(Answer { status, text: response.text().await.ok()? })
}

//! A gateway of one test: its own database, its own Redis, its own door.

use crate::upstream;
use config::Value as _;
use gateway::{Addresses, Door, Gateway, MIGRATIONS, Settings, Upstream, Upstreams};
use hyper::body::Incoming;
use identity::{ApiKeyText, Signer};
use layers::Limits;
use proto::contract::Contract;
use reqwest::{Client, Method, RequestBuilder};
use serde_json::{Value, json};
use serve::{House, Wire};
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use testkit::{TestDb, TestRedis};
use tonic::body::Body;
use tower::ServiceExt as _;

/// A gateway at work.
pub(crate) struct Rig {
    pub address: SocketAddr,
    /// The key of the settings.
    pub admin: String,
    pub db: Arc<TestDb>,
    pub redis: TestRedis,
    /// Where it counts and where events are.
    pub redis_url: String,
    pub house: House,
    pub signer: Arc<Signer>,
    pub http: Client,
    _door: Door,
}

/// What differs from test to test.
pub(crate) struct Plan {
    env: Vec<(String, String)>,
    database: Option<String>,
    redis: Option<String>,
    db: Option<Arc<TestDb>>,
    admin: Option<ApiKeyText>,
    remote: bool,
    nowhere: bool,
    contract: &'static Contract,
}

impl Plan {
    /// A setting: `GATEWAY_{name}`.
    pub(crate) fn set(mut self, name: &str, value: impl Into<String>) -> Self {
        self.env.push((format!("GATEWAY_{name}"), value.into()));
        self
    }

    /// Knows callers through this URL of the database, from now on.
    pub(crate) fn database(mut self, db: TestDb, url: String) -> Self {
        self.database = Some(url);
        self.db = Some(Arc::new(db));
        self
    }

    /// One more gateway for the same keys and the same rates.
    pub(crate) fn beside(mut self, other: &Rig) -> Self {
        self.db = Some(Arc::clone(&other.db));
        self.redis = Some(other.redis_url.clone());
        self.admin = ApiKeyText::parse(&other.admin);
        self
    }

    /// Promises this instead of what the build does.
    pub(crate) fn contract(mut self, contract: Contract) -> Self {
        self.contract = Box::leak(Box::new(contract));
        self
    }

    /// Counts in this Redis.
    pub(crate) fn redis(mut self, url: String) -> Self {
        self.redis = Some(url);
        self
    }

    /// Reaches the services over sockets, as in other processes.
    pub(crate) fn remote(mut self) -> Self {
        self.remote = true;
        self
    }

    /// Has the address of a service where nothing listens.
    pub(crate) fn nowhere(mut self) -> Self {
        self.nowhere = true;
        self
    }

    pub(crate) async fn start(self) -> Rig {
        let db = match self.db {
            Some(db) => db,
            None => Arc::new(database().await),
        };
        partner(&db, "metropolitan-police").await;
        let redis = testkit::redis().await;
        let admin = self.admin.unwrap_or_else(ApiKeyText::generate);
        let redis_url = self.redis.unwrap_or_else(|| redis.url.clone());
        let mut env = config::Env::default()
            .with("GATEWAY_DATABASE_URL", db.url.clone())
            .with("GATEWAY_DATABASE_SEALING_KEYS", testkit::SEALING_KEYS)
            .with("GATEWAY_REDIS_URL", redis_url.clone())
            .with("GATEWAY_BOOTSTRAP_KEY_SHA256", format!("{}:{}", admin.id(), admin.sha256_hex()));
        env.extend(self.env);
        let own: Settings = config::read(&env, "GATEWAY").expect("the settings are good");
        if let Some(url) = self.database {
            env = env.with("GATEWAY_DATABASE_URL", url);
        }
        let settings: Settings = config::read(&env, "GATEWAY").expect("the settings are good");
        let signer = Arc::new(Signer::generate());
        let house = House::new(config::Home::default(), signer.verifier(), Limits::default());
        let hosted = serve::host::<Gateway>(own, house.clone()).await.expect("the service starts");
        let upstreams = if self.remote {
            let incoming = |request: http::Request<Incoming>| request.map(Body::new);
            let service = upstream::service().map_request(incoming);
            let other = house.listen(any(), Wire::Http2, service).await.expect("a port is free");
            let own = hosted.listen(any()).await.expect("a port is free");
            let addresses = format!("gateway=http://{own},accreditation=http://{other}");
            Upstreams::at(Addresses::parse(&addresses).expect("they are addresses"))
        } else if self.nowhere {
            let free = TcpListener::bind(any()).expect("a port is free").local_addr().expect("it is bound");
            let addresses = Addresses::parse(&format!("accreditation=http://{free}")).expect("it is an address");
            Upstreams::at(addresses).with("gateway", Upstream::Local(hosted.service))
        } else {
            let other = Upstream::Local(upstream::service());
            Upstreams::default().with("gateway", Upstream::Local(hosted.service)).with("accreditation", other)
        };
        let door = gateway::door_of(self.contract, &settings, &house, Arc::clone(&signer), upstreams);
        let door = door.await.expect("the door is made");
        let address = door.listen(any()).await.expect("a port is free");
        let http = client();
        Rig { address, admin: admin.expose().to_owned(), db, redis, redis_url, house, signer, http, _door: door }
    }
}

/// A client.
pub(crate) fn client() -> Client {
    // A second installation is refused, and the first one serves as well.
    let _ = rustls::crypto::ring::default_provider().install_default();
    Client::builder().no_proxy().build().expect("a client needs a provider and nothing else")
}

/// A free port of this machine.
fn any() -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], 0))
}

pub(crate) async fn database() -> TestDb {
    testkit::database(&[&registry::MIGRATIONS, &MIGRATIONS]).await
}

/// An agency that keys of the tests belong to, as if it had been taken on long ago.
pub(crate) async fn partner(db: &TestDb, id: &str) {
    let name = format!("agencies/{id}");
    let agency = json!({
        "name": name, "title": "Metropolitan Police", "contact": "desk@police.example",
        "legalBasis": "Example Act, section 1", "products": [], "state": "ACTIVE",
    });
    let text = "insert into agencies (name, uid, version, doc, created_at, updated_at) \
                values ($1, gen_random_uuid(), 1, $2, now(), now()) on conflict do nothing";
    sqlx::query(text).bind(name).bind(agency).execute(&db.pool).await.expect("it is one");
}

/// A plan with nothing out of the ordinary.
pub(crate) fn plan() -> Plan {
    let contract = proto::contract::contract();
    Plan {
        env: Vec::new(),
        database: None,
        redis: None,
        db: None,
        admin: None,
        remote: false,
        nowhere: false,
        contract,
    }
}

pub(crate) async fn start() -> Rig {
    plan().start().await
}

/// An answer, read whole.
#[derive(Debug)]
pub(crate) struct Answer {
    pub status: u16,
    pub headers: reqwest::header::HeaderMap,
    pub text: String,
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("{error} in {:?}", self.text))
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    /// The reason of a problem.
    pub(crate) fn reason(&self) -> String {
        assert_eq!(self.header("content-type"), Some("application/problem+json"), "{self:?}");
        let problem = self.json();
        assert_eq!(problem["status"], self.status, "{self:?}");
        assert_eq!(problem["traceId"].as_str().map(str::len), Some(32), "{self:?}");
        problem["reason"].as_str().expect("a problem has a reason").to_owned()
    }

    /// The fields of a problem's violations.
    pub(crate) fn fields(&self) -> Vec<String> {
        let problem = self.json();
        let errors = problem["errors"].as_array().cloned().unwrap_or_default();
        errors.iter().map(|error| error["field"].as_str().expect("an error has a field").to_owned()).collect()
    }
}

/// Sends a request and reads the answer.
pub(crate) async fn send(request: RequestBuilder) -> Answer {
    let response = request.send().await.expect("the gateway answers");
    let (status, headers) = (response.status().as_u16(), response.headers().clone());
    Answer { status, headers, text: response.text().await.expect("the answer is whole") }
}

impl Rig {
    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// A request without a credential.
    pub(crate) fn ask(&self, method: Method, path: &str) -> RequestBuilder {
        self.http.request(method, self.url(path))
    }

    pub(crate) fn get(&self, key: &str, path: &str) -> RequestBuilder {
        self.ask(Method::GET, path).bearer_auth(key)
    }

    pub(crate) fn post(&self, key: &str, path: &str, body: &Value) -> RequestBuilder {
        self.ask(Method::POST, path).bearer_auth(key).json(body)
    }

    /// What `whoami` answers to a key.
    pub(crate) async fn who(&self, key: &str) -> Answer {
        send(self.get(key, "/v1/gateway/whoami")).await
    }

    /// A new key: its name and its text.
    pub(crate) async fn key(&self, fields: Value) -> (String, String) {
        let answer = send(self.post(&self.admin, "/v1/gateway/apiKeys", &key(fields))).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        let made = answer.json();
        let text = |value: &Value| value.as_str().expect("it is text").to_owned();
        (text(&made["apiKey"]["name"]), text(&made["secret"]))
    }

    /// Does a verb that must succeed, and gives the record.
    pub(crate) async fn done(&self, key: &str, path: &str, body: &Value) -> Value {
        let answer = send(self.post(key, path, body)).await;
        assert_eq!(answer.status, 200, "{path}: {answer:?}");
        answer.json()
    }

    /// A new key of our own application with a role.
    pub(crate) async fn role(&self, role: &str) -> String {
        self.key(json!({"role": role, "internal": true})).await.1
    }
}

/// A key's record with these fields, and good ones besides.
pub(crate) fn key(fields: Value) -> Value {
    let expires = chrono::Utc::now() + chrono::TimeDelta::days(30);
    let mut key = json!({
        "agency": "metropolitan-police",
        "title": "Roadside terminals",
        "expireTime": expires.to_rfc3339_opts(chrono::SecondsFormat::Secs, true),
    });
    let fields = fields.as_object().cloned().expect("fields are an object");
    key.as_object_mut().expect("it was made one").extend(fields);
    key
}

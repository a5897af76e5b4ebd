//! The whole house in one process, with databases of its own, and callers who are the same at both doors.

use accreditation::Accreditation;
use config::{Env, Home};
use gateway::{Door, Gateway, Upstream, Upstreams};
use identity::{ApiKeyText, Permissions, Principal};
use layers::Limits;
use serde_json::{Value, json};
use serve::Hosted;
use sqlx::PgPool;
use testkit::TestDb;
use testkit::conformance::{Bench, Caller};

/// A house at work.
pub(super) struct House {
    accreditation: (TestDb, Hosted),
    gateway: (TestDb, Hosted),
    address: String,
    admin: ApiKeyText,
    http: reqwest::Client,
    _door: Door,
}

impl House {
    pub(super) async fn start() -> Self {
        let (keys, register) = (
            testkit::database(&[&registry::MIGRATIONS, &gateway::MIGRATIONS]).await,
            testkit::database(&[&registry::MIGRATIONS, &accreditation::MIGRATIONS]).await,
        );
        let redis = testkit::redis().await;
        let admin = ApiKeyText::generate();
        let env = Env::default()
            .with("GATEWAY_DATABASE_URL", &keys.url)
            .with("GATEWAY_REDIS_URL", &redis.url)
            .with("GATEWAY_BOOTSTRAP_KEY_SHA256", format!("{}:{}", admin.id(), admin.sha256_hex()))
            .with("GATEWAY_RATE", "1000000")
            .with("ACCREDITATION_DATABASE_URL", &register.url)
            .with("ACCREDITATION_REDIS_URL", &redis.url)
            .with("ACCREDITATION_RELAY_AUDIT_KEY", "07".repeat(32));
        let settings: gateway::Settings = config::read(&env, "GATEWAY").expect("the settings are good");
        let own = config::read(&env, "ACCREDITATION").expect("the settings are good");
        let house = serve::House::new(Home::default(), testkit::verifier(), Limits::default());
        let gateway = serve::host::<Gateway>(settings.clone(), house.clone()).await.expect("the gateway starts");
        let accreditation = serve::host::<Accreditation>(own, house.clone()).await.expect("accreditation starts");
        let upstreams = [&gateway, &accreditation].into_iter().fold(Upstreams::default(), |upstreams, hosted| {
            upstreams.with(hosted.name, Upstream::Local(hosted.service.clone()))
        });
        let door = gateway::door(&settings, &house, testkit::signer(), upstreams).await.expect("the door is made");
        let address = door.listen("127.0.0.1:0".parse().expect("it is an address")).await.expect("a port is free");
        Self {
            accreditation: (register, accreditation),
            gateway: (keys, gateway),
            address: address.to_string(),
            admin,
            http: reqwest::Client::builder().no_proxy().build().expect("a client needs nothing"),
            _door: door,
        }
    }

    pub(super) async fn accreditation(&self) -> Bench {
        let (db, hosted) = &self.accreditation;
        self.bench(&db.pool, hosted, "protocol-officer").await
    }

    pub(super) async fn gateway(&self) -> Bench {
        let (db, hosted) = &self.gateway;
        self.bench(&db.pool, hosted, "tenant-admin").await
    }

    async fn bench(&self, pool: &PgPool, hosted: &Hosted, role: &str) -> Bench {
        Bench {
            name: hosted.name,
            service: hosted.service.clone(),
            gateway: self.address.clone(),
            pool: pool.clone(),
            officers: [self.caller(role).await, self.caller(role).await],
            // The one role that may do nothing.
            stranger: self.caller("benefits-officer").await,
        }
    }

    /// A new caller of one of our own applications, with a role.
    async fn caller(&self, role: &str) -> Caller {
        let expires = chrono::Utc::now() + chrono::TimeDelta::days(30);
        let key = json!({
            "agency": "conformance",
            "title": "A caller of the suite",
            "expireTime": expires.to_rfc3339_opts(chrono::SecondsFormat::Secs, true),
            "role": role,
            "internal": true,
        });
        let url = format!("http://{}/v1/gateway", self.address);
        let made = self.http.post(format!("{url}/apiKeys")).bearer_auth(self.admin.expose()).json(&key);
        let made: Value = made.send().await.expect("the gateway answers").json().await.expect("it answers JSON");
        let credential = made["secret"].as_str().unwrap_or_else(|| panic!("no key was made: {made}")).to_owned();
        let who = self.http.get(format!("{url}/whoami")).bearer_auth(&credential);
        let who: Value = who.send().await.expect("the gateway answers").json().await.expect("it answers JSON");
        Caller { principal: principal(&who), credential }
    }
}

/// Whom the gateway says it takes a caller for.
fn principal(who: &Value) -> Principal {
    let text = |field: &str| who[field].as_str().unwrap_or_default();
    let some = |field: &str| Some(text(field).into()).filter(|text: &std::sync::Arc<str>| !text.is_empty());
    let permissions = who["permissions"].as_array().cloned().unwrap_or_default();
    let expires = chrono::DateTime::parse_from_rfc3339(text("expireTime")).expect("a key ends");
    Principal {
        subject: text("subject").into(),
        agency: some("agency"),
        mission: some("mission"),
        permissions: Permissions::of(permissions.iter().filter_map(Value::as_str)),
        clearance: identity::Clearance::Unclassified,
        expires: expires.timestamp(),
    }
}

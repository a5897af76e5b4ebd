//! A house in this process, and the program run against it with a profile folder of its own.

use accreditation::Accreditation;
use config::{Env, Home};
use gateway::{Gateway, Upstream, Upstreams};
use identity::{ApiKeyText, Signer};
use layers::Limits;
use serde_json::Value;
use serve::House;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::{ExitStatus, Stdio};
use std::sync::Arc;
use testkit::{TestDb, TestRedis};
use tokio::io::AsyncWriteExt as _;
use tokio::process::{Child, Command};

/// A house, its door, and a key for everyone.
pub(crate) struct World {
    pub(crate) address: SocketAddr,
    /// A protocol officer's key.
    pub(crate) officer: String,
    /// The key that makes others.
    pub(crate) admin: String,
    /// The folder of files and profiles of this test.
    pub(crate) folder: PathBuf,
    _door: gateway::Door,
    _house: House,
    _gateway: TestDb,
    accreditation: TestDb,
    _redis: TestRedis,
}

/// How a run of the program ended.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Ran {
    /// What a run that must succeed printed.
    pub(crate) fn good(self) -> String {
        assert_eq!(self.code, 0, "{self:?}");
        self.out
    }

    /// The same as JSON.
    pub(crate) fn json(self) -> Value {
        let out = self.good();
        serde_json::from_str(&out).unwrap_or_else(|error| panic!("{error} in {out:?}"))
    }
}

impl World {
    pub(crate) async fn new() -> Self {
        Self::with(Env::default()).await
    }

    /// One whose gateway seals its audit log too.
    pub(crate) async fn sealed() -> Self {
        Self::with(Env::default().with("GATEWAY_RELAY_AUDIT_KEY", "6b".repeat(32))).await
    }

    /// One whose gateway gives tokens to people itself.
    pub(crate) async fn of_people() -> Self {
        Self::with(Env::default().with("GATEWAY_DEV_ISSUER", "true")).await
    }

    async fn with(env: Env) -> Self {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let gateway = testkit::database(&[&registry::MIGRATIONS, &gateway::MIGRATIONS]).await;
        let accreditation = testkit::database(&[&registry::MIGRATIONS, &accreditation::MIGRATIONS]).await;
        let redis = testkit::redis().await;
        let admin = ApiKeyText::generate();
        let env = env
            .with("GATEWAY_DATABASE_URL", gateway.url.clone())
            .with("GATEWAY_DATABASE_SEALING_KEYS", testkit::SEALING_KEYS)
            .with("GATEWAY_REDIS_URL", redis.url.clone())
            .with("GATEWAY_RATE", "1000000")
            .with("GATEWAY_BOOTSTRAP_KEY_SHA256", format!("{}:{}", admin.id(), admin.sha256_hex()))
            .with("ACCREDITATION_DATABASE_URL", accreditation.url.clone())
            .with("ACCREDITATION_DATABASE_SEALING_KEYS", testkit::SEALING_KEYS)
            .with("ACCREDITATION_REDIS_URL", redis.url.clone())
            .with("ACCREDITATION_RELAY_AUDIT_KEY", "5a".repeat(32));
        let settings: gateway::Settings = config::read(&env, "GATEWAY").unwrap();
        let signer = Arc::new(Signer::generate());
        let house = House::new(Home::default(), signer.verifier(), Limits::default());
        let own = serve::host::<Gateway>(settings.clone(), house.clone()).await.unwrap();
        let other = config::read(&env, "ACCREDITATION").unwrap();
        let other = serve::host::<Accreditation>(other, house.clone()).await.unwrap();
        let upstreams = Upstreams::default()
            .with(own.name, Upstream::Local(own.service))
            .with(other.name, Upstream::Local(other.service));
        let door = gateway::door(&settings, &house, signer, upstreams).await.unwrap();
        let address = door.listen(SocketAddr::from(([127, 0, 0, 1], 0))).await.unwrap();
        let folder = std::env::temp_dir().join(format!("legation-cli-{}", uuid::Uuid::new_v4()));
        std::fs::create_dir_all(&folder).unwrap();
        let mut world = Self {
            address,
            officer: String::new(),
            admin: admin.expose().to_owned(),
            folder,
            _door: door,
            _house: house,
            _gateway: gateway,
            accreditation,
            _redis: redis,
        };
        world.officer = world.key("protocol-officer").await;
        world
    }

    /// A new key of our own with a role, made with the program itself.
    pub(crate) async fn key(&self, role: &str) -> String {
        let expires = (chrono::Utc::now() + chrono::TimeDelta::days(30)).to_rfc3339();
        let arguments = ["api-keys", "create", "--agency", "example-agency", "--title", "A test's key", "--role", role];
        let more = ["--internal=true", "--expire-time", &expires, "-o", "json"];
        let made = self.run_as(&self.admin, &[&arguments[..], &more].concat()).await.json();
        made["secret"].as_str().unwrap().to_owned()
    }

    /// A file of this test.
    pub(crate) fn file(&self, name: &str, text: &str) -> String {
        let path = self.folder.join(name);
        std::fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    }

    /// The program, with nothing of the developer's own settings.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_legation"));
        command
            .args(arguments)
            .current_dir(&self.folder)
            .env_clear()
            .env("LEGATION_CONFIG", self.folder.join("config/profiles.toml"));
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
        command
    }

    /// Runs it as the protocol officer.
    pub(crate) async fn run(&self, arguments: &[&str]) -> Ran {
        self.run_as(&self.officer, arguments).await
    }

    /// Runs it with a key in the environment.
    pub(crate) async fn run_as(&self, key: &str, arguments: &[&str]) -> Ran {
        let mut command = self.command(arguments);
        command.env("LEGATION_KEY", key).env("LEGATION_ADDRESS", format!("http://{}", self.address));
        ended(command.spawn().unwrap()).await
    }

    /// Runs it with this on its standard input, and with what it kept of earlier runs.
    pub(crate) async fn run_with(&self, input: &str, arguments: &[&str]) -> Ran {
        let mut child = self.command(arguments).stdin(Stdio::piped()).spawn().unwrap();
        let mut stdin = child.stdin.take().unwrap();
        stdin.write_all(input.as_bytes()).await.unwrap();
        drop(stdin);
        ended(child).await
    }

    /// Does to the audit log of accreditation what nobody should be able to.
    pub(crate) async fn tamper(&self, text: &'static str) {
        let done = sqlx::query(text).execute(&self.accreditation.pool).await.unwrap();
        assert_eq!(done.rows_affected(), 1);
    }

    /// A mission that is proposed.
    pub(crate) async fn mission(&self, id: &str, state: &str, seat: &str) {
        let arguments = ["missions", "create", "--mission-id", id, "--sending-state", state, "--type", "EMBASSY"];
        let more = ["--title", "An embassy", "--seat", seat];
        self.run(&[&arguments[..], &more].concat()).await.good();
    }
}

impl Drop for World {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

async fn ended(child: Child) -> Ran {
    let output = child.wait_with_output().await.unwrap();
    let code = |status: ExitStatus| status.code().unwrap_or(-1);
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    Ran { code: code(output.status), out: text(output.stdout), err: text(output.stderr) }
}

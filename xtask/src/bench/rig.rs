//! The house under load: a durable PostgreSQL, the services as release binaries of their own, one mission in the
//! register.

use super::load::Shot;
use super::table::Table;
use crate::local::{cargo, root};
use crate::stack::random_key;
use anyhow::{Context, Result, bail, ensure};
use cluster::{Cluster, Spec};
use identity::{ApiKeyText, Permissions, Principal, Signer};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// What is built to be measured.
const BUILT: [&str; 4] = ["accreditation", "gateway", "standalone", "xtask"];
/// Sealing keys that everyone may know.
pub(super) const SEALING_KEYS: &str =
    "index AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE= key AgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgI=";

/// A running house.
pub(super) struct Rig {
    /// What the cases are measured against.
    pub(super) cluster: Cluster,
    /// Where cases keep their files.
    pub(super) folder: PathBuf,
    /// The mission that is read, `missions/bench`.
    pub(super) mission: String,
    /// The member that is asked about.
    pub(super) member: String,
    gateway: Process,
    accreditation: Process,
    key: String,
    seed: String,
    signer: Signer,
    admin: ApiKeyText,
}

/// A service at work; gone when dropped.
pub(super) struct Process {
    child: Child,
    /// Where it listens.
    pub(super) address: String,
    admin: String,
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may have ended by itself; the case that needed it has said so.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Rig {
    /// Builds, starts and fills the house.
    pub(super) fn start() -> Result<Self> {
        let folder = root().join(".local/bench");
        cluster::purge(&folder.join("cluster"))?;
        std::fs::create_dir_all(&folder)?;
        build()?;
        let cluster = durable(&folder)?;
        let seed = random_key();
        let signer = Signer::from_text(&seed).context("a random seed is a key")?;
        let admin = ApiKeyText::generate();
        let accreditation = start("accreditation", "ACCREDITATION", None, |command, prefix| {
            command.env(format!("{prefix}_DATABASE_URL"), cluster.postgres().service_url("accreditation"));
            command.env(format!("{prefix}_REDIS_URL"), cluster.redis().url(0));
            command.env(format!("{prefix}_PRINCIPAL_KEYS"), signer.public_text());
            command.env(format!("{prefix}_RELAY_AUDIT_KEY"), "0b".repeat(32));
            command.env(format!("{prefix}_DATABASE_SEALING_KEYS"), SEALING_KEYS);
        })?;
        let gateway = gateway(&cluster, &seed, &admin, &accreditation.address, None)?;
        let mut rig = Self {
            cluster,
            folder,
            mission: "missions/bench".into(),
            member: String::new(),
            gateway,
            accreditation,
            key: String::new(),
            seed,
            signer,
            admin: admin.clone(),
        };
        rig.fill(&admin)?;
        Ok(rig)
    }

    /// One more gateway of the same house, in front of this service in the place of accreditation, on these processors.
    pub(super) fn door(&self, accreditation: &str, processors: &str) -> Result<Process> {
        gateway(&self.cluster, &self.seed, &self.admin, accreditation, Some(processors))
    }

    /// Where the gateway listens, and where accreditation does.
    pub(super) fn addresses(&self) -> (&str, &str) {
        (&self.gateway.address, &self.accreditation.address)
    }

    /// A REST request through the gateway.
    pub(super) fn rest(&self, path: &str) -> Shot {
        Shot {
            url: format!("http://{}{path}", self.gateway.address),
            headers: vec![("authorization".into(), format!("Bearer {}", self.key))],
            body: None,
            http1: true,
            more: Vec::new(),
        }
    }

    /// A REST request with a JSON body.
    pub(super) fn post(&self, path: &str, name: &str, body: &serde_json::Value) -> Result<Shot> {
        let file = self.folder.join(format!("{name}.json"));
        std::fs::write(&file, body.to_string())?;
        let mut shot = self.rest(path);
        shot.headers.push(("content-type".into(), "application/json".into()));
        shot.body = Some(file);
        Ok(shot)
    }

    /// A gRPC request through the gateway.
    pub(super) fn grpc(&self, method: &str, message: &impl prost::Message) -> Result<Shot> {
        let authorization = ("authorization".to_owned(), format!("Bearer {}", self.key));
        self.grpc_to(&self.gateway.address, method, message, authorization)
    }

    /// A gRPC request to the service itself, with a principal signed for a minute.
    pub(super) fn direct(&self, method: &str, message: &impl prost::Message) -> Result<Shot> {
        self.grpc_to(&self.accreditation.address, method, message, self.vouched())
    }

    /// The metadata that vouches for a caller to the service itself, for a minute.
    pub(super) fn vouched(&self) -> (String, String) {
        let principal = Principal {
            subject: "apiKeys/bench".into(),
            agency: None,
            mission: None,
            post: None,
            permissions: Permissions::of(["*"]),
            clearance: identity::Clearance::default(),
            elevation: None,
            expires: i64::MAX,
        };
        (identity::METADATA_KEY.to_owned(), self.signer.mint(&principal, chrono::Utc::now()))
    }

    fn grpc_to(
        &self,
        address: &str,
        method: &str,
        message: &impl prost::Message,
        caller: (String, String),
    ) -> Result<Shot> {
        let file = self.folder.join("grpc.bin");
        let bytes = message.encode_to_vec();
        let length = u32::try_from(bytes.len()).context("the message is too large")?;
        let mut frame = vec![0];
        frame.extend(length.to_be_bytes());
        frame.extend(bytes);
        std::fs::write(&file, frame)?;
        let headers =
            vec![("content-type".into(), "application/grpc".into()), ("te".into(), "trailers".into()), caller];
        Ok(Shot { url: format!("http://{address}{method}"), headers, body: Some(file), http1: false, more: Vec::new() })
    }

    /// A key that may do everything accreditation offers, the mission that is read, and an accredited diplomat.
    fn fill(&mut self, admin: &ApiKeyText) -> Result<()> {
        self.key = admin.expose().to_owned();
        let expiry = chrono::Utc::now() + chrono::TimeDelta::days(2);
        let mut keys = Vec::new();
        for role in ["protocol-officer", "mission-signatory"] {
            let key = serde_json::json!({
                "agency": "bench", "title": "bench", "role": role, "internal": true, "expireTime": expiry.to_rfc3339(),
            });
            let answer = self.call("POST", "/v1/gateway/apiKeys", &key)?;
            keys.push(answer["secret"].as_str().context("the answer shows the secret")?.to_owned());
        }
        // Who notifies does not decide.
        let (officer, signatory) = (keys[0].clone(), keys[1].clone());
        self.key.clone_from(&officer);
        let line = serde_json::json!({"missionId": "bench", "mission": mission("bench")});
        self.send("POST", "/v1/accreditation/missions:import", line.to_string())?;
        let member = serde_json::json!({
            "mission": self.mission, "category": "DIPLOMATIC_STAFF", "familyName": "Example", "givenNames": "Person",
            "birthDate": "1980-02-29", "nationality": "FR", "residence": "FOREIGN", "title": "Second Secretary",
            "arrivalTime": (chrono::Utc::now() - chrono::TimeDelta::days(9)).to_rfc3339(),
        });
        self.key = signatory;
        let answer = self.call("POST", "/v1/accreditation/members?memberId=bench", &member)?;
        self.member = answer["name"].as_str().context("the answer names the member")?.to_owned();
        self.key.clone_from(&officer);
        for verb in ["beginValidation", "passValidation", "accredit"] {
            self.call("POST", &format!("/v1/accreditation/{}:{verb}", self.member), &serde_json::json!({}))?;
        }
        Ok(())
    }

    /// The same request to many paths in turn.
    pub(super) fn spread(&self, mut shot: Shot, paths: Vec<String>) -> Shot {
        shot.more = paths.into_iter().map(|path| format!("http://{}{path}", self.gateway.address)).collect();
        shot
    }

    /// One call through the gateway: anything but a good answer is an error.
    pub(super) fn call(&self, method: &str, path: &str, body: &serde_json::Value) -> Result<serde_json::Value> {
        serde_json::from_str(&self.send(method, path, body.to_string())?).context("the answer is JSON")
    }

    /// The same with a body as it is, NDJSON for imports.
    pub(super) fn send(&self, method: &str, path: &str, body: String) -> Result<String> {
        let url = format!("http://{}{path}", self.gateway.address);
        let content = if path.ends_with(":import") { "application/x-ndjson" } else { "application/json" };
        super::client().block_on(async {
            let request = reqwest::Client::new().request(method.parse()?, url).bearer_auth(&self.key);
            let answer = request.header("content-type", content).body(body).send().await?;
            let (status, text) = (answer.status(), answer.text().await?);
            ensure!(status.is_success(), "{path} answered {status}: {text}");
            Ok(text)
        })
    }

    /// The resident memory of both services together, in megabytes.
    pub(super) fn resident(&self) -> Result<f64> {
        Ok(resident(self.gateway.child.id())? + resident(self.accreditation.child.id())?)
    }
}

/// A mission of about a kilobyte.
pub(super) fn mission(id: &str) -> serde_json::Value {
    serde_json::json!({
        "sendingState": "FR", "type": "EMBASSY", "title": format!("Embassy of France, record {id}"), "seat": "Washington",
        "address": {"regionCode": "US", "postalCode": "20007", "locality": "Washington",
            "addressLines": ["4101 Reservoir Road, Northwest", "Chancery, main entrance on the garden side"]},
        "location": {"latitude": 38.914, "longitude": -77.079},
        "jurisdictions": ["District of Columbia", "Maryland", "Virginia", "West Virginia", "Delaware"],
        "phone": "+1 202 555 0100", "email": "registry@example.org", "website": "https://example.org/embassy",
        "externalId": format!("https://example.org/records/{id}"),
    })
}

/// Resident memory of a process in megabytes.
pub(super) fn resident(pid: u32) -> Result<f64> {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status"))?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).context("the process has ended")?;
    let kilobytes: f64 = line.split_whitespace().next().context("a number")?.parse()?;
    Ok(kilobytes / 1_000.0)
}

/// Builds what is measured: always all of it, since what a library is compiled with depends on who asks for it beside whom.
pub(super) fn build() -> Result<()> {
    println!("building the release binaries");
    let mut build = cargo();
    build.args(["build", "--release"]).args(BUILT.iter().flat_map(|package| ["-p", package]));
    ensure!(build.status()?.success(), "the release build failed");
    Ok(())
}

/// An address nobody listens on at the moment.
pub(super) fn free_address() -> Result<String> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?.to_string())
}

fn gateway(
    cluster: &Cluster,
    seed: &str,
    admin: &ApiKeyText,
    accreditation: &str,
    processors: Option<&str>,
) -> Result<Process> {
    start("gateway", "GATEWAY", processors, |command, prefix| {
        command.env(format!("{prefix}_DATABASE_URL"), cluster.postgres().service_url("gateway"));
        command.env(format!("{prefix}_DATABASE_SEALING_KEYS"), SEALING_KEYS);
        command.env(format!("{prefix}_REDIS_URL"), cluster.redis().url(1));
        command.env(format!("{prefix}_SIGNING_KEY"), seed);
        command.env(format!("{prefix}_UPSTREAMS"), format!("accreditation=http://{accreditation}"));
        command.env(format!("{prefix}_BOOTSTRAP_KEY_SHA256"), format!("{}:{}", admin.id(), admin.sha256_hex()));
        command.env(format!("{prefix}_RATE"), "10000000");
        command.env(format!("{prefix}_RELAY_AUDIT_KEY"), "0a".repeat(32));
        if processors.is_some() {
            // What a gateway may do that shares its processor with nobody.
            command.env(format!("{prefix}_LINGER"), "1ms");
        }
    })
}

fn start(name: &str, prefix: &str, processors: Option<&str>, set: impl FnOnce(&mut Command, &str)) -> Result<Process> {
    let (address, admin) = (free_address()?, free_address()?);
    let program = root().join("target/release").join(name);
    let mut command = Command::new(if processors.is_some() { Path::new("taskset") } else { &program });
    if let Some(processors) = processors {
        command.args(["-c", processors]).arg(&program);
    }
    command.env(format!("{prefix}_LISTEN"), &address).env(format!("{prefix}_ADMIN_LISTEN"), &admin);
    command.env("TELEMETRY_FILTER", "warn");
    set(&mut command, prefix);
    let child = command.stdout(Stdio::null()).spawn().with_context(|| format!("{name} does not start"))?;
    let mut process = Process { child, address, admin };
    ready(&process.admin, &mut process.child)?;
    Ok(process)
}

/// Waits until the admin port says ready; gives the time it took.
pub(super) fn ready(admin: &str, child: &mut Child) -> Result<Duration> {
    let begun = Instant::now();
    let url = format!("http://{admin}/readyz");
    loop {
        if let Some(status) = child.try_wait()? {
            bail!("the process ended before it was ready: {status}");
        }
        let up = super::client().block_on(async { reqwest::get(&url).await.is_ok_and(|a| a.status().is_success()) });
        if up {
            return Ok(begun.elapsed());
        }
        ensure!(begun.elapsed() < Duration::from_secs(30), "not ready after 30 s");
        // Leaves the processor to what is starting.
        super::client().block_on(async { tokio::time::sleep(Duration::from_millis(2)).await });
    }
}

/// How soon the whole house in one process is ready once its database is, and what it holds when idle.
pub(super) fn standalone(table: &mut Table) -> Result<()> {
    let folder = root().join(".local/bench");
    build()?;
    let cluster = durable(&folder)?;
    let mut seconds = Vec::new();
    let mut megabytes = 0.0;
    for _ in 0..3 {
        let (address, admin) = (free_address()?, free_address()?);
        let mut command = Command::new(root().join("target/release/standalone"));
        command.env("GATEWAY_LISTEN", &address).env("STANDALONE_ADMIN_LISTEN", &admin);
        command.env("GATEWAY_DATABASE_URL", cluster.postgres().service_url("gateway"));
        command.env("GATEWAY_DATABASE_SEALING_KEYS", SEALING_KEYS);
        command.env("GATEWAY_REDIS_URL", cluster.redis().url(1));
        command.env("ACCREDITATION_DATABASE_URL", cluster.postgres().service_url("accreditation"));
        command.env("ACCREDITATION_DATABASE_SEALING_KEYS", SEALING_KEYS);
        command.env("ACCREDITATION_REDIS_URL", cluster.redis().url(0));
        command.env("ACCREDITATION_RELAY_AUDIT_KEY", "0b".repeat(32)).env("TELEMETRY_FILTER", "warn");
        command.env("CONSULAR_DATABASE_URL", cluster.postgres().service_url("consular"));
        command.env("CONSULAR_REDIS_URL", cluster.redis().url(0));
        command.env("CONSULAR_DATABASE_SEALING_KEYS", SEALING_KEYS);
        command.env("CONSULAR_RELAY_AUDIT_KEY", "0c".repeat(32));
        let child = command.stdout(Stdio::null()).spawn().context("standalone does not start")?;
        let mut process = Process { child, address, admin };
        seconds.push(ready(&process.admin, &mut process.child)?.as_secs_f64());
        megabytes = resident(process.child.id())?;
    }
    seconds.sort_by(f64::total_cmp);
    table.figure("standalone: ready after its start (goal 2)", seconds[1], "s");
    table.figure("standalone: resident when idle (goal 150)", megabytes, "MB");
    Ok(())
}

fn durable(folder: &Path) -> Result<Cluster> {
    let spec = Spec { dir: folder.join("cluster"), tools: root().join(".local/tools"), durable: true, install: true };
    let cluster = Cluster::start(&spec, &mut |line| println!("{line}"))?;
    cluster.postgres().provide(&["accreditation", "consular", "gateway"])?;
    Ok(cluster)
}

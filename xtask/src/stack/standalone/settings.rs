//! What `standalone` is told through its environment.

use crate::local::{Local, root};
use crate::progress::Step;
use crate::stack::lists;
use crate::stack::secrets::{Secrets, bootstrap_key, random_hex, random_key, random_p256, sealing_keys, self_signed};
use anyhow::{Context as _, Result, bail};
use cluster::Cluster;
use std::net::{SocketAddr, TcpListener};
use std::path::Path;
use std::process::Stdio;
use tokio::process::Command;

/// Where it listens if nobody says otherwise and the port is free.
const USUAL_ADDRESS: &str = "127.0.0.1:8080";

/// The settings, and where they put it.
pub(crate) struct Settings {
    environment: Vec<(&'static str, String)>,
    address: String,
    admin_address: String,
}

impl Settings {
    /// Chooses addresses, keys and databases. What the caller's own environment says wins.
    pub(crate) fn choose(local: &Local, cluster: &Cluster, secrets: &mut Secrets) -> Result<Self> {
        let listen = own("GATEWAY_LISTEN").map_or_else(|| free(&[USUAL_ADDRESS, "127.0.0.1:0"]), Ok)?;
        let admin = own("STANDALONE_ADMIN_LISTEN").map_or_else(|| free(&["127.0.0.1:0"]), Ok)?;
        let signing_key = secrets.get("gateway-signing-key", random_key)?;
        let audit_key = secrets.get("accreditation-audit-key", random_hex)?;
        let consular_audit_key = secrets.get("consular-audit-key", random_hex)?;
        let keys_audit_key = secrets.get("gateway-audit-key", random_hex)?;
        let seal_key = secrets.get("accreditation-seal-key", random_key)?;
        let travel_key = secrets.get("consular-seal-key", random_p256)?;
        let travel_x509 = secrets.get("consular-seal-x509", || self_signed(&travel_key))?;
        let sealing = secrets.get("accreditation-sealing-keys", sealing_keys)?;
        let gateway_sealing = secrets.get("gateway-sealing-keys", sealing_keys)?;
        let consular_sealing = secrets.get("consular-sealing-keys", sealing_keys)?;
        let webhook_key = secrets.get("gateway-webhook-key", random_hex)?;
        let bootstrap = bootstrap_key(secrets)?;
        let (postgres, redis) = (cluster.postgres(), cluster.redis());
        let mut environment = vec![
            ("GATEWAY_LISTEN", listen.clone()),
            ("STANDALONE_ADMIN_LISTEN", admin.clone()),
            ("GATEWAY_DATABASE_URL", postgres.service_url("gateway")),
            ("GATEWAY_DATABASE_SEALING_KEYS", gateway_sealing),
            ("GATEWAY_REDIS_URL", redis.url(0)),
            ("GATEWAY_RELAY_AUDIT_KEY", keys_audit_key),
            ("GATEWAY_WEBHOOK_KEY", webhook_key),
            // An endpoint on the same laptop.
            ("GATEWAY_WEBHOOK_LOOPBACK", "true".to_owned()),
            ("STANDALONE_SIGNING_KEY", signing_key),
            ("GATEWAY_BOOTSTRAP_KEY_SHA256", format!("{}:{}", bootstrap.id(), bootstrap.sha256_hex())),
            ("GATEWAY_DEV_ISSUER", "true".to_owned()),
            ("ACCREDITATION_DATABASE_URL", postgres.service_url("accreditation")),
            ("ACCREDITATION_DATABASE_SEALING_KEYS", sealing),
            ("ACCREDITATION_REDIS_URL", redis.url(0)),
            ("ACCREDITATION_RELAY_AUDIT_KEY", audit_key),
            ("ACCREDITATION_PAPERS_SEAL_KEY", seal_key),
            ("CONSULAR_DATABASE_URL", postgres.service_url("consular")),
            ("CONSULAR_DATABASE_SEALING_KEYS", consular_sealing),
            ("CONSULAR_REDIS_URL", redis.url(0)),
            ("CONSULAR_RELAY_AUDIT_KEY", consular_audit_key),
            ("CONSULAR_LISTS_FOLDER", lists::provide(local)?.to_string_lossy().into_owned()),
            ("CONSULAR_TRAVEL_PAPERS_SEAL_KEY", travel_key),
            ("TELEMETRY_LOGS", "json".to_owned()),
        ];
        // A certificate is that of its key.
        if own("CONSULAR_TRAVEL_PAPERS_SEAL_KEY").is_none() {
            environment.push(("CONSULAR_TRAVEL_PAPERS_SEAL_X509", travel_x509));
        }
        environment.retain(|(name, _)| own(name).is_none());
        Ok(Self { environment, address: format!("http://{listen}"), admin_address: format!("http://{admin}") })
    }

    /// Where it is called: `http://127.0.0.1:8080`.
    pub(crate) fn address(&self) -> &str {
        &self.address
    }

    /// Where it says whether it is ready.
    pub(crate) fn admin_address(&self) -> &str {
        &self.admin_address
    }

    /// The program with its settings.
    pub(crate) fn command(&self, program: &Path) -> Command {
        let mut command = Command::new(program);
        command.envs(self.environment.iter().map(|(name, value)| (name, value))).current_dir(root());
        command
    }

    /// Brings the schemas of all services up to date.
    pub(crate) async fn migrate(&self, program: &Path) -> Result<()> {
        let step = Step::begin("migrating the databases");
        let mut command = self.command(program);
        command.arg("migrate").stdin(Stdio::null()).kill_on_drop(true);
        let output = command.output().await.context("run standalone migrate");
        step.done(output.and_then(|output| {
            if output.status.success() {
                return Ok(());
            }
            bail!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
        }))
    }
}

fn own(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

/// The first of these addresses that is free; port 0 stands for any.
fn free(candidates: &[&str]) -> Result<String> {
    let bound = candidates.iter().find_map(|candidate| TcpListener::bind(candidate).ok()?.local_addr().ok());
    bound.as_ref().map(SocketAddr::to_string).with_context(|| format!("none of {candidates:?} is free"))
}

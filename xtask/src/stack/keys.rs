//! A key for each role of the demonstration, made through the gateway and kept in `.local/keys.json`.

use super::secrets::{Secrets, bootstrap_key};
use crate::local::Local;
use crate::progress::Step;
use anyhow::{Context as _, Result, bail, ensure};
use reqwest::{Client, StatusCode};
use serde_json::{Value, json};
use std::collections::BTreeMap;

const FILE: &str = "keys.json";
/// How long a key is good.
const LIFETIME: chrono::Days = chrono::Days::new(365);

/// A role, the agency that has it, and whether the agency is our own house: partners hold less.
const ROLES: [(&str, &str, bool); 15] = [
    ("protocol-officer", "foreign-ministry", true),
    ("head-of-protocol", "foreign-ministry", true),
    ("legal-adviser", "foreign-ministry", true),
    ("police-reporter", "metropolitan-police", false),
    ("police-verifier", "metropolitan-police", false),
    ("auditor", "court-of-audit", true),
    ("mission-signatory", "foreign-ministry", true),
    ("mission-clerk", "foreign-ministry", true),
    ("supervisor", "foreign-ministry", true),
    ("intake-clerk", "foreign-ministry", true),
    ("cashier", "foreign-ministry", true),
    ("consular-officer", "foreign-ministry", true),
    ("adjudicator", "foreign-ministry", true),
    ("document-producer", "foreign-ministry", true),
    ("tenant-admin", "foreign-ministry", true),
];

/// The keys by role.
#[derive(Clone, Debug)]
pub(crate) struct Keys(BTreeMap<String, String>);

impl Keys {
    /// The keys of an earlier run that are still good, and new ones for the rest.
    pub(super) async fn provide(local: &Local, address: &str, secrets: &mut Secrets) -> Result<Self> {
        let step = Step::begin("keys for the demonstration");
        let bootstrap = bootstrap_key(secrets)?;
        let door = Door { client: Client::new(), address, bootstrap: bootstrap.expose() };
        step.done(Self::gather(local, &door).await)
    }

    async fn gather(local: &Local, door: &Door<'_>) -> Result<Self> {
        let kept = Self::read(local)?;
        let mut keys: BTreeMap<String, String> = BTreeMap::new();
        // Partners last: an agency is taken on with the key of another administrator than the first.
        let (ours, partners): (Vec<_>, Vec<_>) = ROLES.into_iter().partition(|(_, _, internal)| *internal);
        for (role, agency, internal) in ours.into_iter().chain(partners) {
            let key = match kept.of(role) {
                Some(key) if door.knows(key).await? => key.to_owned(),
                _ if !internal => {
                    let admin = keys.get("tenant-admin").context("an administrator's key is made before partners'")?;
                    door.take_on(agency, admin).await.with_context(|| format!("take {agency} on as a partner"))?;
                    door.make(role, agency, internal).await.with_context(|| format!("make a key for {role}"))?
                }
                _ => door.make(role, agency, internal).await.with_context(|| format!("make a key for {role}"))?,
            };
            keys.insert(role.to_owned(), key);
        }
        if keys != kept.0 {
            local.write(FILE, &serde_json::to_string_pretty(&keys)?)?;
        }
        Ok(Self(keys))
    }

    /// The keys that were kept.
    pub(crate) fn read(local: &Local) -> Result<Self> {
        let text = local.read(FILE)?;
        let keys = text.map(|text| serde_json::from_str(&text)).transpose().context("read .local/keys.json")?;
        Ok(Self(keys.unwrap_or_default()))
    }

    /// The keys of a file that has one for each role.
    pub(crate) fn from_text(text: &str) -> Result<Self> {
        serde_json::from_str(text).map(Self).context("read the file of keys")
    }

    /// The key of a role.
    pub(crate) fn of(&self, role: &str) -> Option<&str> {
        self.0.get(role).map(String::as_str)
    }

    /// The keys, for a caller in several roles.
    pub(crate) fn by_role(&self) -> BTreeMap<String, String> {
        self.0.clone()
    }

    /// Every role with its key.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(role, key)| (role.as_str(), key.as_str()))
    }
}

/// The gateway, and the key that may make keys.
struct Door<'a> {
    client: Client,
    address: &'a str,
    bootstrap: &'a str,
}

impl Door<'_> {
    /// Whether the gateway still takes the key.
    async fn knows(&self, key: &str) -> Result<bool> {
        let answer = self.client.get(format!("{}/v1/gateway/whoami", self.address)).bearer_auth(key).send().await?;
        match answer.status() {
            StatusCode::OK => Ok(true),
            StatusCode::UNAUTHORIZED => Ok(false),
            status => bail!("whoami answered {status}"),
        }
    }

    /// Takes an agency on, unless it was already: one proposes it, another approves it.
    async fn take_on(&self, agency: &str, admin: &str) -> Result<()> {
        let wish = json!({
            "title": format!("demonstration: {agency}"),
            "contact": format!("desk@{agency}.example"),
            "legalBasis": "none: this is a demonstration",
        });
        let agencies = format!("{}/v1/gateway/agencies", self.address);
        let request = self.client.post(format!("{agencies}?agencyId={agency}")).bearer_auth(self.bootstrap);
        let proposed = request.json(&wish).send().await?.status();
        ensure!(proposed.is_success() || proposed == StatusCode::CONFLICT, "proposing it was answered {proposed}");
        let request = self.client.post(format!("{agencies}/{agency}:approve")).bearer_auth(admin);
        let approved = request.json(&json!({})).send().await?.status();
        // One that was approved before cannot be again.
        ensure!(approved.is_success() || approved == StatusCode::CONFLICT, "approving it was answered {approved}");
        Ok(())
    }

    async fn make(&self, role: &str, agency: &str, internal: bool) -> Result<String> {
        let expire_time = chrono::Utc::now().checked_add_days(LIFETIME).context("a year from now exists")?;
        let wish = json!({
            "agency": agency,
            "title": format!("demonstration: {role}"),
            "role": role,
            "internal": internal,
            "expireTime": expire_time.to_rfc3339(),
        });
        let request = self.client.post(format!("{}/v1/gateway/apiKeys", self.address)).bearer_auth(self.bootstrap);
        let answer = request.json(&wish).send().await?;
        let status = answer.status();
        let body: Value = answer.json().await.unwrap_or_default();
        ensure!(status.is_success(), "the gateway answered {status}: {body}");
        body["secret"].as_str().map(str::to_owned).context("the answer shows no secret")
    }
}

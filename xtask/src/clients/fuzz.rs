//! schemathesis: every operation called with what it thinks up, and each answer held to what the document says.

use super::Options;
use super::tools::Tools;
use crate::check::{Tally, command};
use crate::local::root;
use anyhow::{Context as _, Result};
use std::collections::BTreeMap;
use std::fs;

/// What every answer is held to.
const CHECKS: &str = "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance";
/// Operations that a fuzzer would wait for without end, or that take lines.
const STREAMS: &str = ":(watch|import|export)$";

/// Fuzzes the gateway at this address: as who may do everything, if a development issuer gives such a token, which gets
/// past permissions to what is behind them; otherwise with this key.
pub(super) async fn fuzz(tools: &Tools, address: &str, key: &str, options: &Options) -> Result<Tally> {
    tools.provide_fuzzer()?;
    let anyone = everyone(address).await?;
    let key = anyone.as_deref().unwrap_or(key);
    let Options { paths, examples, .. } = options;
    let mut fuzz = tools.command("st");
    fuzz.args(["run", "openapi.json", "--url", address, "--checks", CHECKS, "--include-path-regex", paths]);
    fuzz.args(["--exclude-path-regex", STREAMS, "--phases", "examples,coverage,fuzzing", "--warnings", "off"]);
    fuzz.args(["--continue-on-failure", "--no-color", "--max-examples", &examples.to_string()]);
    fuzz.args(["--header", &format!("Authorization: Bearer {key}")]).env("SCHEMATHESIS_HOOKS", "hooks");
    fuzz.env("PYTHONPATH", ".").env("LEGATION_URL", address).env("LEGATION_KEY", key);
    Ok(command::check(&format!("fuzzer: schemathesis, {paths}"), &mut fuzz))
}

/// A token with every role there is, if a development issuer gives it.
async fn everyone(address: &str) -> Result<Option<String>> {
    let path = root().join("gateway/data/roles.toml");
    let roles: BTreeMap<String, toml::Table> = toml::from_str(&fs::read_to_string(path)?).context("read the roles")?;
    // Those for emergencies are taken by breaking the glass alone.
    let usual = roles.iter().filter(|(_, role)| !role.get("break_glass").is_some_and(|taken| taken == &true.into()));
    let names: Vec<_> = usual.map(|(name, _)| name).collect();
    let wish = serde_json::json!({"subject": "fuzzer", "roles": names, "clearance": "T"});
    let answer = reqwest::Client::new().post(format!("{address}/dev/issuer/token")).json(&wish).send().await?;
    if !answer.status().is_success() {
        return Ok(None);
    }
    let token: serde_json::Value = answer.json().await?;
    Ok(token["access_token"].as_str().map(str::to_owned))
}

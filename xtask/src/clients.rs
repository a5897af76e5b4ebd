//! `cargo xtask clients`: the OpenAPI document in the hands of others: linters, generated clients, a fuzzer.
//!
//! spectral and redocly lint it; openapi-python-client and openapi-typescript make clients of it, which call the live
//! gateway; schemathesis calls every operation with what it thinks up, and holds each answer to what the document says.

use crate::check::{Tally, command};
use crate::local::{Local, root};
use crate::stack::{Instance, Keys, Stack};
use anyhow::{Context as _, Result, bail};
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

/// What every answer is held to.
const CHECKS: &str = "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance";
/// Operations that a fuzzer would wait for without end, or that take lines.
const STREAMS: &str = ":(watch|import|export)$";

/// What to run.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// Where the gateway is; the one that `cargo xtask up` runs if not given, or one for the time it takes.
    #[arg(long)]
    url: Option<String>,
    /// A file with a key for each role, as `cargo xtask up` writes it.
    #[arg(long)]
    keys: Option<PathBuf>,
    /// How many requests the fuzzer thinks up for each operation, besides those at the bounds of each field.
    #[arg(long, default_value_t = 20)]
    examples: u32,
    /// Only operations whose paths match this regular expression are fuzzed.
    #[arg(long, default_value = "^/v1/")]
    paths: String,
    /// Only lint and generate, without the fuzzer.
    #[arg(long)]
    no_fuzz: bool,
}

/// Runs it all against the gateway that runs, or one started for the time it takes.
pub(crate) async fn clients(options: Options) -> Result<ExitCode> {
    let local = Local::open()?;
    if let Some(url) = &options.url {
        let path = options.keys.clone().unwrap_or_else(|| local.path("keys.json"));
        let text = fs::read_to_string(&path).with_context(|| format!("read {}", path.display()))?;
        return run(&local, &options, url, &Keys::from_text(&text)?).await;
    }
    match Instance::claim(&local)? {
        Err(running) if running.address.is_empty() => bail!("`cargo xtask up` is starting; try again when it is ready"),
        Err(running) => run(&local, &options, &running.address, &Keys::read(&local)?).await,
        Ok(instance) => {
            let stack = Stack::start(&local, false).await?;
            instance.publish(&stack.address)?;
            let outcome = run(&local, &options, &stack.address, &stack.keys).await;
            stack.stop().await?;
            outcome
        }
    }
}

async fn run(local: &Local, options: &Options, address: &str, keys: &Keys) -> Result<ExitCode> {
    let tools = Tools::provide(local)?;
    let document = reqwest::get(format!("{address}/openapi.json")).await?.error_for_status()?.text().await?;
    fs::write(tools.folder.join("openapi.json"), document).context("write the document")?;
    let (officer, admin) = (key(keys, "protocol-officer")?, key(keys, "tenant-admin")?);
    let mut tally = tools.lint() + tools.python(address, officer) + tools.typescript(address, officer);
    if !options.no_fuzz {
        // Who may do everything gets past permissions to what is behind them.
        let anyone = everyone(address).await?;
        tally += tools.fuzz(address, anyone.as_deref().unwrap_or(admin), options);
    }
    println!("{} passed, {} failed", tally.passed, tally.failed);
    Ok(if tally.failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
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

fn key<'k>(keys: &'k Keys, role: &str) -> Result<&'k str> {
    keys.of(role).with_context(|| format!("there is no key for {role}"))
}

/// The tools of npm and PyPI, in a folder of their own.
struct Tools {
    folder: PathBuf,
}

impl Tools {
    fn provide(local: &Local) -> Result<Self> {
        let tools = Self { folder: local.path("clients") };
        fs::create_dir_all(&tools.folder).context("make .local/clients")?;
        for entry in fs::read_dir(root().join("xtask/data/clients"))?.flatten() {
            fs::copy(entry.path(), tools.folder.join(entry.file_name()))?;
        }
        let quiet = ["--no-fund", "--no-audit", "--ignore-scripts"];
        let npm = command::check("tools: npm install", tools.at("npm").arg("install").args(quiet));
        let venv = command::check("tools: python3 -m venv", tools.at("python3").args(["-m", "venv", "venv"]));
        let pip = ["install", "--quiet", "--requirement", "requirements.txt"];
        let pip = command::check("tools: pip install", tools.at("venv/bin/pip").args(pip));
        if (npm + venv + pip).failed > 0 {
            bail!("the tools cannot be installed; node with npm and python3 with venv are needed");
        }
        Ok(tools)
    }

    /// A program of the folder or of the machine, run in the folder.
    fn at(&self, program: &str) -> Command {
        let own = self.folder.join(program);
        let mut command = if own.exists() { Command::new(own) } else { Command::new(program) };
        command.current_dir(&self.folder);
        command
    }

    fn node(&self, program: &str) -> Command {
        self.at(Path::new("node_modules/.bin").join(program).to_str().expect("a tool's name is text"))
    }

    fn lint(&self) -> Tally {
        let spectral = ["lint", "openapi.json", "--ruleset", "spectral.json", "--fail-severity", "hint"];
        command::check("document: spectral", self.node("spectral").args(spectral))
            + command::check("document: redocly", self.node("redocly").args(["lint", "openapi.json"]))
    }

    fn python(&self, address: &str, key: &str) -> Tally {
        let generate = ["generate", "--path", "openapi.json", "--output-path", "python", "--overwrite"];
        let mut call = self.at("venv/bin/python");
        call.args(["client.py", address, key]).env("PYTHONPATH", "python");
        command::check("clients: openapi-python-client", self.at("venv/bin/openapi-python-client").args(generate))
            + command::check("clients: the Python client at work", &mut call)
    }

    fn typescript(&self, address: &str, key: &str) -> Tally {
        let generate = ["openapi.json", "-o", "schema.d.ts"];
        let mut call = self.at("node");
        call.args(["built/client.js", address, key]);
        command::check("clients: openapi-typescript", self.node("openapi-typescript").args(generate))
            + command::check("clients: tsc", self.node("tsc").args(["-p", "tsconfig.json"]))
            + command::check("clients: the TypeScript client at work", &mut call)
    }

    fn fuzz(&self, address: &str, key: &str, options: &Options) -> Tally {
        let Options { paths, examples, .. } = options;
        let mut fuzz = self.at("venv/bin/st");
        fuzz.args(["run", "openapi.json", "--url", address, "--checks", CHECKS, "--include-path-regex", paths]);
        fuzz.args(["--exclude-path-regex", STREAMS, "--phases", "examples,coverage,fuzzing", "--warnings", "off"]);
        fuzz.args(["--continue-on-failure", "--no-color", "--max-examples", &examples.to_string()]);
        fuzz.args(["--header", &format!("Authorization: Bearer {key}")]).env("SCHEMATHESIS_HOOKS", "hooks");
        fuzz.env("PYTHONPATH", ".").env("LEGATION_URL", address).env("LEGATION_KEY", key);
        command::check(&format!("fuzzer: schemathesis, {paths}"), &mut fuzz)
    }
}

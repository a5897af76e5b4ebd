//! The document linted, made clients of, the clients at work, and the page that shows it.

use super::browser;
use super::tools::Tools;
use crate::check::{Tally, command};
use anyhow::{Context as _, Result};
use std::fs;
use std::process::Command;

/// Where the generator writes, and where the compiler does.
const MADE: [&str; 2] = ["generated", "built"];
/// The generator is short-lived: compiling its own code well, on a second processor, costs more than it saves.
const JAVA: &str = "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC -Dlog.level=warn";

/// Tries the document of the gateway at this address, with the key of a protocol officer.
pub(super) async fn trial(tools: &Tools, address: &str, key: &str) -> Result<Tally> {
    let document = reqwest::get(format!("{address}/openapi.json")).await?.error_for_status()?.text().await?;
    fs::write(tools.folder().join("openapi.json"), document).context("write the document")?;
    for folder in MADE.map(|name| tools.folder().join(name)) {
        // What an earlier document had and this one has not must not be there.
        if folder.exists() {
            fs::remove_dir_all(&folder).with_context(|| format!("delete {}", folder.display()))?;
        }
    }
    let (tools, address, key) = (tools.clone(), address.to_owned(), key.to_owned());
    let work = move || {
        let made = lint(&tools) + generate(&tools);
        made + python(&tools, &address, &key)
            + typescript(&tools, &address, &key)
            + browser::page(&tools, &address, &key)
    };
    tokio::task::spawn_blocking(work).await.context("a check broke off")
}

fn lint(tools: &Tools) -> Tally {
    let spectral = ["lint", "openapi.json", "--ruleset", "spectral.json", "--fail-severity", "hint"];
    command::check("document: spectral", tools.command("spectral").args(spectral))
        + command::check("document: redocly", tools.command("redocly").args(["lint", "openapi.json"]))
}

/// Both in one Java, which reads the document with code that is warm the second time.
fn generate(tools: &Tools) -> Tally {
    let mut generate = tools.command("openapi-generator-cli");
    generate.args(["batch", "--fail-fast", "python.yaml", "typescript.yaml"]).env("JAVA_TOOL_OPTIONS", JAVA);
    command::check("clients: openapi-generator, Python and TypeScript", &mut generate)
}

fn python(tools: &Tools, address: &str, key: &str) -> Tally {
    let python = |program: &str| -> Command {
        let mut python = tools.command("python");
        python.arg(program).env("PYTHONPATH", "generated/python");
        python
    };
    command::check("clients: every module of the Python client", &mut python("modules.py"))
        + command::check("clients: the Python client at work", python("client.py").args([address, key]))
}

fn typescript(tools: &Tools, address: &str, key: &str) -> Tally {
    let work = ["built/client.js", address, key];
    command::check("clients: tsc, all of the TypeScript client", tools.command("tsc").args(["-p", "tsconfig.json"]))
        + command::check("clients: the TypeScript client at work", tools.command("node").args(work))
}

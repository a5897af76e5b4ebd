//! `cargo xtask docs`: writes the reference that comes from the contract, or checks that it is written.

use crate::local::root;
use anyhow::{Context as _, Result, bail};
use openapi::Info;
use proto::contract::contract;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// What to do.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// Write nothing; fail if what is written is not what the contract says.
    #[arg(long)]
    check: bool,
}

/// Writes or checks the pages.
pub(crate) fn docs(options: &Options) -> Result<()> {
    let wrong = differing(&pages()?)?;
    if options.check {
        return refuse(&wrong);
    }
    for (path, text) in wrong {
        let name = short(&path);
        match text {
            Some(text) => {
                fs::create_dir_all(path.parent().context("a page lies in a folder")?)?;
                fs::write(&path, text).with_context(|| format!("write {name}"))?;
                println!("wrote {name}");
            }
            None => {
                fs::remove_file(&path).with_context(|| format!("delete {name}"))?;
                println!("deleted {name}");
            }
        }
    }
    Ok(())
}

/// Fails if a page is not what the contract says.
pub(crate) fn check() -> Result<()> {
    refuse(&differing(&pages()?)?)
}

/// Pages that are not as they should be: with the text they should have, or none if they should not be there.
type Differing = Vec<(PathBuf, Option<String>)>;

fn refuse(wrong: &Differing) -> Result<()> {
    if wrong.is_empty() {
        return Ok(());
    }
    let names: Vec<_> = wrong.iter().map(|(path, _)| short(path)).collect();
    bail!("not what the contract says, run `cargo xtask docs`: {}", names.join(", "))
}

fn short(path: &Path) -> String {
    path.strip_prefix(root()).unwrap_or(path).display().to_string()
}

/// Every page by its path.
fn pages() -> Result<BTreeMap<PathBuf, String>> {
    let contract = contract();
    let info = Info {
        title: "Legation".to_owned(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        server: "/".to_owned(),
        issuer: String::new(),
    };
    let document = serde_json::to_string_pretty(&openapi::document(contract, &info))?;
    let docs = root().join("docs");
    let mut pages = BTreeMap::from([
        (docs.join("errors.md"), openapi::errors_md(contract)),
        (docs.join("openapi.json"), document + "\n"),
    ]);
    for service in contract.services() {
        pages.insert(docs.join(format!("states/{service}.md")), openapi::states_md(contract, service));
    }
    Ok(pages)
}

fn differing(pages: &BTreeMap<PathBuf, String>) -> Result<Differing> {
    let written = |path: &Path| fs::read_to_string(path).ok();
    let changed = pages.iter().filter(|(path, text)| written(path).as_ref() != Some(text));
    let mut wrong: Differing = changed.map(|(path, text)| (path.clone(), Some(text.clone()))).collect();
    // A page about a service that is no more.
    let states = root().join("docs/states");
    if states.is_dir() {
        for entry in fs::read_dir(&states)? {
            let path = entry?.path();
            if !pages.contains_key(&path) {
                wrong.push((path, None));
            }
        }
    }
    Ok(wrong)
}

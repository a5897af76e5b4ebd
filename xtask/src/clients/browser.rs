//! The page at `/docs` in a real browser, by keyboard alone. Left out where the machine has none: one is too large to fetch.

use super::tools::Tools;
use crate::check::{Tally, command};
use std::env;
use std::path::PathBuf;

/// What a browser that the script can lead is called on the machines of this world.
const CALLED: [&str; 4] = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];

/// Searches an operation, says who one is, sends it and sees the answer. What was seen lies beside the tools, as pictures.
pub(super) fn page(tools: &Tools, address: &str, key: &str) -> Tally {
    let Some(browser) = found() else {
        eprintln!("      page: /docs in a browser is left out, since there is none; {} would do", CALLED.join(", "));
        return Tally::SKIPPED;
    };
    let mut tour = tools.command("node");
    tour.arg("browser.js").arg(browser).args([address, key, "."]);
    command::check("page: /docs in a browser, by keyboard", &mut tour)
}

fn found() -> Option<PathBuf> {
    let path = env::var_os("PATH")?;
    let folders: Vec<_> = env::split_paths(&path).collect();
    CALLED.iter().flat_map(|name| folders.iter().map(move |folder| folder.join(name))).find(|file| file.is_file())
}

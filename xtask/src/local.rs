//! `.local/`: what the developer's verbs keep between runs, for their owner alone.

use anyhow::{Context as _, Result};
use std::fs::{self, File, Permissions};
use std::io::Write as _;
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

/// The folder.
#[derive(Clone, Debug)]
pub(crate) struct Local {
    folder: PathBuf,
    /// Where binaries are unpacked if they must be fetched.
    tools: PathBuf,
    /// Whether what is in it is meant to be kept.
    kept: bool,
}

impl Local {
    /// The folder of this checkout, made if absent.
    pub(crate) fn open() -> Result<Self> {
        Self { folder: root().join(".local"), tools: root().join(".local/tools"), kept: true }.made()
    }

    /// A folder in it for a house of its own, of which nothing is kept.
    pub(crate) fn apart(&self, name: &str) -> Result<Self> {
        Self { folder: self.path(name), tools: self.tools.clone(), kept: false }.made()
    }

    fn made(self) -> Result<Self> {
        fs::create_dir_all(&self.folder).with_context(|| format!("make {}", self.folder.display()))?;
        Ok(self)
    }

    /// A file or folder in it.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// The cluster that `up` runs, which keeps what was committed, unless nothing here is meant to be kept.
    pub(crate) fn cluster(&self) -> cluster::Spec {
        cluster::Spec { dir: self.path("cluster"), tools: self.tools.clone(), durable: self.kept, install: true }
    }

    /// The cluster that tests run on, which keeps nothing.
    pub(crate) fn test_cluster(&self) -> cluster::Spec {
        cluster::Spec { dir: self.path("test"), durable: false, ..self.cluster() }
    }

    /// Writes a file that only its owner may read, whole or not at all.
    pub(crate) fn write(&self, name: &str, text: &str) -> Result<()> {
        let (path, part) = (self.path(name), self.path(&format!("{name}.part")));
        let write = || -> std::io::Result<()> {
            let mut file = File::options().write(true).create(true).truncate(true).mode(0o600).open(&part)?;
            file.set_permissions(Permissions::from_mode(0o600))?;
            file.write_all(text.as_bytes())?;
            file.sync_all()?;
            fs::rename(&part, &path)
        };
        write().with_context(|| format!("write {}", path.display()))
    }

    /// The text of a file, if it is there.
    pub(crate) fn read(&self, name: &str) -> Result<Option<String>> {
        match fs::read_to_string(self.path(name)) {
            Ok(text) => Ok(Some(text)),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error).with_context(|| format!("read {}", self.path(name).display())),
        }
    }

    /// Deletes a file, if it is there.
    pub(crate) fn delete(&self, name: &str) -> Result<()> {
        match fs::remove_file(self.path(name)) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                Err(error).with_context(|| format!("delete {}", self.path(name).display()))
            }
            _ => Ok(()),
        }
    }
}

/// The root of the checkout.
pub(crate) fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the crate lies in the workspace")
}

/// Cargo, as a person would run it at the root of the checkout.
pub(crate) fn cargo() -> std::process::Command {
    let mut command = std::process::Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.current_dir(root());
    // What cargo tells us about this crate it would pass on; ring's build script watches these names, and everything
    // above it would be compiled anew whenever `cargo xtask` and plain `cargo` take turns.
    for (name, _) in std::env::vars_os() {
        if name.to_str().is_some_and(|name| name.starts_with("CARGO_PKG_") || name.starts_with("CARGO_MANIFEST_")) {
            command.env_remove(name);
        }
    }
    command
}

//! Profiles: where to call and with which key, in a file that nobody else can read.

use crate::device::Session;
use crate::failure::Failure;
use anyhow::Context as _;
use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fs::{self, OpenOptions};
use std::io::Write as _;
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

/// The file, if it is elsewhere than in the user's configuration folder.
const FILE: &str = "LEGATION_CONFIG";

/// All profiles.
#[derive(Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Profiles {
    /// The one used if none is named.
    #[serde(default)]
    pub(crate) current: String,
    #[serde(default)]
    profiles: BTreeMap<String, Stored>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Stored {
    address: String,
    key: String,
    /// How the key is renewed, if it is a person's token.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    session: Option<Session>,
}

/// Where to call, and with which key.
#[derive(Clone, Debug)]
pub(crate) struct Profile {
    pub(crate) address: String,
    pub(crate) key: SecretString,
    /// How the key is renewed, if it is a person's token.
    pub(crate) session: Option<Session>,
}

impl Profiles {
    /// Reads the file; empty if there is none.
    ///
    /// # Errors
    /// It is no such file, or others can read it.
    pub(crate) fn read() -> Result<Self, Failure> {
        let path = path()?;
        let text = match fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Self::default()),
            Err(error) => return Err(Failure::document(format!("{} cannot be read: {error}", path.display()))),
        };
        let mode = fs::metadata(&path)?.permissions().mode();
        if mode & 0o077 != 0 {
            let words = "holds keys and others can read it; make it yours alone with chmod 600";
            return Err(Failure::NoKey(format!("{} {words}", path.display())));
        }
        // The parser's words quote the file, and so a key.
        toml::from_str(&text).map_err(|_| Failure::document(format!("{} is no profile file", path.display())))
    }

    /// Writes the file, for this user alone, and whole or not at all.
    ///
    /// # Errors
    /// The folder cannot be written to.
    pub(crate) fn write(&self) -> Result<PathBuf, Failure> {
        let path = path()?;
        let folder = path.parent().context("the file of profiles lies in a folder")?;
        fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
        let text = toml::to_string(self).map_err(anyhow::Error::from)?;
        let new = path.with_extension("new");
        let _ = fs::remove_file(&new);
        let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&new)?;
        file.write_all(text.as_bytes())?;
        file.sync_all()?;
        fs::rename(&new, &path)?;
        Ok(path)
    }

    /// Keeps a profile and makes it the current one.
    pub(crate) fn keep(&mut self, name: &str, profile: &Profile) {
        self.renew(name, profile);
        self.current = name.to_owned();
    }

    /// Keeps a profile as it is now.
    pub(crate) fn renew(&mut self, name: &str, profile: &Profile) {
        let (address, key) = (profile.address.clone(), profile.key.expose_secret().to_owned());
        self.profiles.insert(name.to_owned(), Stored { address, key, session: profile.session.clone() });
    }

    /// Forgets a profile. Whether there was one.
    pub(crate) fn forget(&mut self, name: &str) -> bool {
        if self.current == name {
            self.current.clear();
        }
        self.profiles.remove(name).is_some()
    }

    /// The profile of this name.
    pub(crate) fn get(&self, name: &str) -> Option<Profile> {
        let stored = self.profiles.get(name)?;
        let (address, key) = (stored.address.clone(), stored.key.clone().into());
        Some(Profile { address, key, session: stored.session.clone() })
    }

    /// Names and addresses.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.profiles.iter().map(|(name, stored)| (name.as_str(), stored.address.as_str()))
    }
}

/// Where the profiles are.
fn path() -> Result<PathBuf, Failure> {
    if let Some(path) = std::env::var_os(FILE) {
        return Ok(path.into());
    }
    let home = || std::env::var_os("HOME").map(|home| Path::new(&home).join(".config"));
    let base = std::env::var_os("XDG_CONFIG_HOME").map(PathBuf::from).or_else(home);
    let base = base.ok_or_else(|| Failure::usage(format!("neither {FILE} nor HOME says where profiles are kept")))?;
    Ok(base.join("legation/profiles.toml"))
}

//! Where a cluster's data and sockets lie, and as whom its servers run.
//!
//! PostgreSQL refuses to run as root, so root hands its folder to an account that may enter it. If a parent folder
//! bars that account, or a socket's path would be too long, another folder takes its place.

use crate::process::is_root;
use anyhow::{Context as _, Result, bail, ensure};
use std::ffi::OsStr;
use std::fs::{self, DirBuilder, Permissions};
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, PermissionsExt as _, chown};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// The longest path of a unix socket, in bytes, without the closing NUL (`sockaddr_un`).
const SOCKET_PATH_LIMIT: usize = 107;
/// The longest name of a socket we make.
const SOCKET_NAME: &str = ".s.PGSQL.5432";
/// Where the data lies if not in the folder that was asked for.
const POINTER: &str = "elsewhere";

/// Folders of one cluster, and who owns them.
#[derive(Clone, Debug)]
pub(crate) struct Place {
    /// The folder that was asked for.
    pub(crate) dir: PathBuf,
    /// Where data, logs and locks are: `dir`, unless the account cannot reach it.
    pub(crate) base: PathBuf,
    /// Where the sockets are.
    pub(crate) sockets: PathBuf,
    /// As whom the servers run; ourselves if none.
    pub(crate) account: Option<Account>,
    /// A word that no other cluster of this machine has: the servers' processes carry it in their titles.
    pub(crate) key: String,
}

/// An account of the machine that owns the servers when root starts them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Account {
    name: String,
    uid: u32,
    gid: u32,
}

impl Place {
    /// Chooses and makes the folders.
    pub(crate) fn choose(dir: &Path) -> Result<Self> {
        let Reachable { dir, base, account, key } = reachable(dir)?;
        let mut sockets = base.join("run");
        if sockets.join(SOCKET_NAME).as_os_str().len() > SOCKET_PATH_LIMIT {
            sockets = PathBuf::from("/tmp").join(&key);
        }
        own(&sockets, account.as_ref())?;
        Ok(Self { dir, base, sockets, account, key })
    }

    /// A command that runs as the owner of the cluster, in its folder, and inherits nothing of our environment.
    pub(crate) fn command(&self, program: &Path) -> Command {
        let mut command = command(program, self.account.as_ref());
        command.current_dir(&self.base);
        command
    }
}

/// A folder of ours that the account can reach.
pub(crate) struct Reachable {
    dir: PathBuf,
    /// The folder, or the one that takes its place.
    pub(crate) base: PathBuf,
    /// Whom it belongs to; ourselves if none.
    pub(crate) account: Option<Account>,
    key: String,
}

/// Makes the folder, or one in its place if its parents bar the account that runs the servers.
pub(crate) fn reachable(dir: &Path) -> Result<Reachable> {
    fs::create_dir_all(dir).with_context(|| format!("make {}", dir.display()))?;
    let dir = dir.canonicalize()?;
    let account = is_root().then(Account::unprivileged).transpose()?;
    let key = key_of(&dir);
    let base = base(&dir, &key, account.as_ref())?;
    Ok(Reachable { dir, base, account, key })
}

impl Account {
    /// `postgres` if there is one, else `nobody`.
    fn unprivileged() -> Result<Self> {
        let accounts = fs::read_to_string("/etc/passwd").context("read /etc/passwd")?;
        let find = |wanted: &str| accounts.lines().find_map(|line| Self::parse(line).filter(|one| one.name == wanted));
        find("postgres").or_else(|| find("nobody")).context(
            "PostgreSQL does not run as root, and there is no account `postgres` or `nobody` to run it as: \
             create one, or run this as another user",
        )
    }

    fn parse(line: &str) -> Option<Self> {
        let mut parts = line.split(':');
        let name = parts.next()?.to_owned();
        let uid = parts.nth(1)?.parse().ok()?;
        let gid = parts.next()?.parse().ok()?;
        Some(Self { name, uid, gid })
    }
}

/// A command run as the account, with a clean environment.
pub(crate) fn command(program: &Path, account: Option<&Account>) -> Command {
    let mut command = Command::new(program);
    command.env_clear().env("PATH", "/usr/local/bin:/usr/bin:/bin").env("LC_ALL", "C").stdin(Stdio::null());
    if let Some(account) = account {
        command.uid(account.uid).gid(account.gid);
    }
    command
}

fn base(dir: &Path, key: &str, account: Option<&Account>) -> Result<PathBuf> {
    let Some(account) = account else {
        own(dir, None)?;
        return Ok(dir.to_owned());
    };
    let pointer = dir.join(POINTER);
    if let Ok(place) = fs::read(&pointer) {
        let base = PathBuf::from(OsStr::from_bytes(&place));
        own(&base, Some(account))?;
        return Ok(base);
    }
    if account.can_reach(dir) {
        own(dir, Some(account))?;
        return Ok(dir.to_owned());
    }
    let base = PathBuf::from("/var/tmp").join(key);
    own(&base, Some(account))?;
    ensure!(account.can_reach(&base), "the account `{}` cannot use {}", account.name, base.display());
    fs::write(&pointer, base.as_os_str().as_bytes()).with_context(|| format!("write {}", pointer.display()))?;
    Ok(base)
}

impl Account {
    /// Whether the account can enter the folder's parents; found by trying, since no permission bit tells all.
    fn can_reach(&self, dir: &Path) -> bool {
        let Some(parent) = dir.parent() else { return false };
        let mut attempt = command(Path::new("/bin/sh"), Some(self));
        attempt.args(["-c", "cd \"$1\"", "sh"]).arg(parent).current_dir("/");
        attempt.stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok_and(|status| status.success())
    }
}

/// Makes the folder private to its owner. One that a stranger made first, in a folder open to all, is refused.
fn own(folder: &Path, account: Option<&Account>) -> Result<()> {
    let made = DirBuilder::new().mode(0o700).create(folder);
    let found = fs::symlink_metadata(folder).with_context(|| format!("make {}", folder.display()))?;
    ensure!(found.is_dir(), "{} is not a folder", folder.display());
    let me = rustix::process::geteuid().as_raw();
    let owner = account.map_or(me, |account| account.uid);
    if made.is_err() && found.uid() != me && found.uid() != owner {
        bail!(
            "{} belongs to user {} and not to us: delete it, or run this as that user",
            folder.display(),
            found.uid()
        );
    }
    if let Some(account) = account
        && found.uid() != account.uid
    {
        give(folder, account)?;
    }
    fs::set_permissions(folder, Permissions::from_mode(0o700)).with_context(|| format!("close {}", folder.display()))
}

/// Gives a folder and all that is in it to the account.
pub(crate) fn give(path: &Path, account: &Account) -> Result<()> {
    let kind = fs::symlink_metadata(path)?.file_type();
    if kind.is_symlink() {
        return Ok(());
    }
    if kind.is_dir() {
        for entry in fs::read_dir(path)? {
            give(&entry?.path(), account)?;
        }
    }
    chown(path, Some(account.uid), Some(account.gid))
        .with_context(|| format!("give {} to `{}`", path.display(), account.name))
}

fn key_of(dir: &Path) -> String {
    let mut hasher = DefaultHasher::new();
    dir.hash(&mut hasher);
    format!("legation-{:016x}", hasher.finish())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_account_is_read_from_its_line() {
        let account = Account::parse("postgres:x:103:110:PostgreSQL administrator,,,:/var/lib/postgresql:/bin/bash");
        assert_eq!(account, Some(Account { name: "postgres".to_owned(), uid: 103, gid: 110 }));
        assert_eq!(Account::parse("# a comment"), None);
    }

    #[test]
    fn a_folder_too_deep_for_sockets_gets_them_elsewhere() {
        let dir = std::env::temp_dir().join(format!("legation-place-{}", std::process::id())).join("deep".repeat(30));
        let place = Place::choose(&dir).unwrap();
        assert!(place.sockets.starts_with("/tmp/"));
        assert!(place.sockets.join(SOCKET_NAME).as_os_str().len() <= SOCKET_PATH_LIMIT);
        crate::purge(&dir).unwrap();
        assert!(!place.sockets.exists());
        fs::remove_dir_all(dir.parent().unwrap()).unwrap();
    }
}

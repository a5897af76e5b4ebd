//! Redis: started, found again if an earlier run left it, stopped.

use crate::place::Place;
use crate::process::{self, Ending, alive, read_pid, wait};
use anyhow::{Context as _, Result, bail};
use std::fs::{self, File};
use std::io::{Read as _, Write as _};
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::Child;
use std::time::Duration;

/// Reading back a long append-only file may take its time.
const START_LIMIT: Duration = Duration::from_secs(60);

/// A running Redis.
#[derive(Debug)]
pub struct Redis {
    socket: PathBuf,
    pid: i32,
    child: Option<Child>,
}

impl Redis {
    pub(crate) fn start(place: &Place, program: &Path, durable: bool) -> Result<Self> {
        let mut this = Self { socket: socket(place), pid: 0, child: None };
        if let Some(pid) = running(place) {
            this.pid = pid;
        } else {
            let child = spawn(place, program, durable)?;
            this.pid = i32::try_from(child.id()).context("a process number is out of range")?;
            this.child = Some(child);
        }
        this.wait_ready(place)?;
        Ok(this)
    }

    /// The URL of one of its numbered databases.
    pub fn url(&self, database: u32) -> String {
        format!("redis+unix://{}?db={database}", self.socket.display())
    }

    /// The socket.
    pub fn socket(&self) -> &Path {
        &self.socket
    }

    /// The server's process, for tests that kill it.
    pub fn pid(&self) -> i32 {
        self.pid
    }

    fn wait_ready(&mut self, place: &Place) -> Result<()> {
        let socket = self.socket.clone();
        let ready = wait(START_LIMIT, || {
            if let Some(Ok(Some(status))) = self.child.as_mut().map(Child::try_wait) {
                let log = fs::read_to_string(place.base.join("redis.log")).unwrap_or_default();
                return Some(Err(anyhow::anyhow!("Redis ended at once ({status}):\n{log}")));
            }
            answers(&socket).then_some(Ok(()))
        });
        ready.unwrap_or_else(|| bail!("Redis is not ready after {START_LIMIT:?}"))
    }

    pub(crate) fn stop(&mut self) -> Result<()> {
        process::end(self.pid, &mark(&self.socket), Ending::Terminate).context("stop Redis")?;
        if let Some(child) = &mut self.child {
            child.wait().context("wait for Redis")?;
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
    process::end(pid, &mark(&socket(place)), Ending::Terminate).context("stop Redis")
}

/// The file with the server's process number, and what its command line contains.
pub(crate) fn pid_file(place: &Place) -> (PathBuf, String) {
    (place.base.join("redis.pid"), mark(&socket(place)))
}

fn socket(place: &Place) -> PathBuf {
    place.sockets.join("redis.sock")
}

/// Redis shows where it listens as its command line.
fn mark(socket: &Path) -> String {
    socket.display().to_string()
}

fn running(place: &Place) -> Option<i32> {
    let (file, mark) = pid_file(place);
    read_pid(&file).filter(|pid| alive(*pid, &mark))
}

fn spawn(place: &Place, program: &Path, durable: bool) -> Result<Child> {
    let socket = socket(place);
    if socket.exists() {
        fs::remove_file(&socket).with_context(|| format!("delete {}", socket.display()))?;
    }
    let log = place.base.join("redis.log");
    let log_file = File::create(&log).with_context(|| format!("write {}", log.display()))?;
    let mut server = place.command(program);
    server.args(["--port", "0", "--unixsocketperm", "700", "--save", ""]);
    // Each test has a database of its own.
    let (appendonly, databases) = if durable { ("yes", "16") } else { ("no", "4096") };
    server.args(["--appendonly", appendonly, "--databases", databases]);
    server.arg("--unixsocket").arg(&socket);
    server.arg("--pidfile").arg(pid_file(place).0);
    server.arg("--dir").arg(&place.base);
    server.process_group(0).stdout(log_file.try_clone()?).stderr(log_file);
    server.spawn().context("start Redis")
}

fn answers(socket: &Path) -> bool {
    let ask = || {
        let mut stream = UnixStream::connect(socket)?;
        stream.set_read_timeout(Some(Duration::from_secs(1)))?;
        stream.write_all(b"PING\r\n")?;
        let mut answer = [0; 5];
        stream.read_exact(&mut answer)?;
        std::io::Result::Ok(answer)
    };
    ask().is_ok_and(|answer| &answer == b"+PONG")
}

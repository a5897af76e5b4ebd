//! Processes of ours and of an earlier run: whether they live, and how they end.

use anyhow::{Result, ensure};
use rustix::process::{Pid, Signal, geteuid, kill_process};
use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

/// How a server is asked to end.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Ending {
    /// Ends at once and in order: PostgreSQL's fast shutdown.
    Interrupt,
    /// Ends in order: Redis writes what it must keep.
    Terminate,
    /// Ends at once, to recover at the next start.
    Quit,
}

impl Ending {
    fn signal(self) -> Signal {
        match self {
            Self::Interrupt => Signal::INT,
            Self::Terminate => Signal::TERM,
            Self::Quit => Signal::QUIT,
        }
    }
}

/// Whether we are root.
pub fn is_root() -> bool {
    geteuid().is_root()
}

/// Whether the process lives and `mark` stands in its command line. A number alone proves nothing: another program
/// may have it by now. A zombie has no command line and counts as dead.
pub fn alive(pid: i32, mark: &str) -> bool {
    fs::read(format!("/proc/{pid}/cmdline")).is_ok_and(|line| String::from_utf8_lossy(&line).contains(mark))
}

/// Ends a process in order (SIGTERM), if it is the one with the mark, and waits for its end.
pub fn stop(pid: i32, mark: &str) -> Result<bool> {
    end(pid, mark, Ending::Terminate)
}

/// The number on the first line of a file.
pub(crate) fn read_pid(file: &Path) -> Option<i32> {
    fs::read_to_string(file).ok()?.lines().next()?.trim().parse().ok()
}

/// Every process with the mark in its command line.
pub(crate) fn all_with(mark: &str) -> Vec<i32> {
    let Ok(entries) = fs::read_dir("/proc") else { return Vec::new() };
    let pids = entries.flatten().filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    pids.filter(|pid| alive(*pid, mark)).collect()
}

/// Ends a process, if it is the one with the mark, and waits for its end. True if it lived.
pub(crate) fn end(pid: i32, mark: &str, how: Ending) -> Result<bool> {
    if !alive(pid, mark) {
        return Ok(false);
    }
    send(pid, how);
    ensure!(
        wait(Duration::from_secs(60), || (!alive(pid, mark)).then_some(())).is_some(),
        "process {pid} did not end within a minute of being told to"
    );
    Ok(true)
}

/// Sends the signal; a process that has gone meanwhile needs none.
pub(crate) fn send(pid: i32, how: Ending) {
    let Some(pid) = Pid::from_raw(pid) else { return };
    let _ = kill_process(pid, how.signal());
}

/// Asks until there is an answer or the time is up.
#[expect(clippy::disallowed_methods, reason = "another process's state can only be asked for, not waited for")]
pub(crate) fn wait<T>(limit: Duration, mut ask: impl FnMut() -> Option<T>) -> Option<T> {
    let begun = Instant::now();
    loop {
        if let Some(answer) = ask() {
            return Some(answer);
        }
        if begun.elapsed() > limit {
            return None;
        }
        std::thread::sleep(Duration::from_millis(3));
    }
}

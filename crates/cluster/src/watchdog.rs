//! Stops the servers when the last process that holds the cluster is gone, however it went.
//!
//! A holder has a shared lock on a file, which the kernel takes from it at its end. The watchdog waits for the
//! exclusive lock: it gets it when nobody holds the cluster, and keeps whoever comes next waiting until all is down.

use crate::place::Place;
use crate::{postgres, redis};
use anyhow::{Context as _, Result};
use std::os::unix::process::CommandExt as _;
use std::process::{Command, Stdio};

/// `stop <file with the process number> <its mark> <signal>`: the number alone may be another program's by now.
const SCRIPT: &str = r#"
lives() { tr '\0' ' ' < "/proc/$1/cmdline" 2>/dev/null | grep -qF -- "$2"; }
stop() {
    read -r pid < "$1" || return 0
    lives "$pid" "$2" || return 0
    kill -s "$3" "$pid"
    while lives "$pid" "$2"; do sleep 0.05; done
}
stop "$1" "$2" TERM
stop "$3" "$4" INT
"#;

/// Starts the watchdog, unless the one of an earlier holder still waits.
pub(crate) fn watch(place: &Place) -> Result<()> {
    let mut command = Command::new("flock");
    // Servers that run have their watchdog, unless it was killed. Servers yet to be started may meet the one that
    // stopped their predecessors, on its way out: then the new one waits its turn.
    if postgres::runs(place) && redis::runs(place) {
        command.arg("--nonblock");
    }
    command.arg(place.base.join("watchdog.lock")).arg("flock").arg(place.base.join("users.lock"));
    command.args(["sh", "-c", SCRIPT, "watchdog"]);
    for (file, mark) in [redis::pid_file(place), postgres::pid_file(place)] {
        command.arg(file).arg(mark);
    }
    command.env_clear().env("PATH", "/usr/local/bin:/usr/bin:/bin").current_dir("/");
    command.process_group(0).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command.spawn().map(drop).context("start the watchdog: `flock` of util-linux is needed")
}

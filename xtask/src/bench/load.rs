//! Load from outside: h2load for reads over HTTP/1.1 and HTTP/2, wrk for writes that need a new key each time.

use anyhow::{Context, Result, bail, ensure};
use std::path::{Path, PathBuf};
use std::process::Command;

/// Callers at once, unless a case says otherwise.
pub(super) const CALLERS: u32 = 32;

/// What one run of load measured.
#[derive(Clone, Debug)]
pub(super) struct Measured {
    /// Requests answered well, per second.
    pub(super) rate: f64,
    /// Half of the answers came within this, in microseconds.
    pub(super) p50: f64,
    /// All but one in a hundred came within this, in microseconds.
    pub(super) p99: f64,
}

/// One kind of request.
#[derive(Clone, Debug)]
pub(super) struct Shot {
    /// Where to.
    pub(super) url: String,
    /// Names and values.
    pub(super) headers: Vec<(String, String)>,
    /// A file with the body of a POST; none for a GET.
    pub(super) body: Option<PathBuf>,
    /// HTTP/1.1 rather than HTTP/2.
    pub(super) http1: bool,
    /// More URLs of the same host; requests take turns among them and the first.
    pub(super) more: Vec<String>,
}

/// Puts h2load and wrk in place, with apt-get where that is possible.
pub(super) fn tools() -> Result<()> {
    let missing: Vec<_> =
        [("h2load", "nghttp2-client"), ("wrk", "wrk")].into_iter().filter(|(tool, _)| !runs(tool)).collect();
    if missing.is_empty() {
        return Ok(());
    }
    let packages: Vec<_> = missing.iter().map(|(_, package)| *package).collect();
    println!("installing {}", packages.join(" and "));
    let installed = Command::new("apt-get").args(["install", "-y", "-q"]).args(&packages).output();
    let done = installed.is_ok_and(|output| output.status.success()) && missing.iter().all(|(tool, _)| runs(tool));
    ensure!(done, "the bench needs {}: install the Debian packages {}", missing[0].0, packages.join(" and "));
    Ok(())
}

fn runs(tool: &str) -> bool {
    Command::new(tool).arg("--version").output().is_ok()
}

/// Fires one kind of request for some seconds after a second of warming up.
pub(super) fn fire(shot: &Shot, callers: u32, seconds: u32, folder: &Path) -> Result<Measured> {
    let log = folder.join("h2load.log");
    let _ = std::fs::remove_file(&log);
    let mut command = Command::new("h2load");
    // HTTP/2 multiplexes: a connection for every eight callers, as a client library would hold.
    let (connections, streams) = if shot.http1 { (callers, 1) } else { (callers.div_ceil(8), callers.min(8)) };
    command.args(["-t1", &format!("-c{connections}"), &format!("-m{streams}"), &format!("-D{seconds}")]);
    command.args(["--warm-up-time=1", &format!("--log-file={}", log.display())]);
    if shot.http1 {
        command.arg("--h1");
    }
    for (name, value) in &shot.headers {
        command.args(["-H", &format!("{name}: {value}")]);
    }
    if let Some(body) = &shot.body {
        command.arg("-d").arg(body);
    }
    let output = command.arg(&shot.url).args(&shot.more).output().context("h2load does not start")?;
    let text = String::from_utf8_lossy(&output.stdout);
    let good = number_before(&text, " 2xx").context("h2load printed no status codes")?;
    let total = number_before(&text, " total,").unwrap_or(0.0);
    ensure!(good > 0.0 && good >= total * 0.999, "{} answered {good} of {total} well:\n{text}", shot.url);
    let mut micros: Vec<f64> =
        std::fs::read_to_string(&log)?.lines().filter_map(|line| line.rsplit('\t').next()?.parse().ok()).collect();
    if micros.is_empty() {
        bail!("h2load logged no request");
    }
    micros.sort_by(f64::total_cmp);
    Ok(Measured { rate: good / f64::from(seconds), p50: at(&micros, 0.50), p99: at(&micros, 0.99) })
}

/// Where a create says the key under which a repeated request has one effect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Key {
    /// `Idempotency-Key`, as our door reads it.
    Header,
    /// The message's own field, for doors that know nothing of the header.
    Query,
}

/// Fires POSTs, each under an idempotency key of its own.
pub(super) fn fire_creates(shot: &Shot, key: Key, callers: u32, seconds: u32, folder: &Path) -> Result<Measured> {
    let body = std::fs::read_to_string(shot.body.as_ref().context("a create has a body")?)?;
    let script = folder.join("create.lua");
    let headers: String =
        shot.headers.iter().map(|(name, value)| format!("wrk.headers[{name:?}] = {value:?}\n")).collect();
    let (run, stamp) = (std::process::id(), chrono::Utc::now().timestamp_micros());
    let fresh = format!("\"bench-{run}-{stamp}-\" .. n");
    let format = match key {
        Key::Header => format!("wrk.headers[\"Idempotency-Key\"] = {fresh}\n  return wrk.format()"),
        Key::Query => format!("return wrk.format(nil, wrk.path .. \"?request_id=\" .. {fresh})"),
    };
    let lua = format!(
        "wrk.method = \"POST\"\nwrk.body = [==[{body}]==]\n{headers}local n = 0\n\
         request = function()\n  n = n + 1\n  {format}\nend\n",
    );
    std::fs::write(&script, lua)?;
    let output = Command::new("wrk")
        .args(["-t1", &format!("-c{callers}"), &format!("-d{seconds}s"), "--latency", "-s"])
        .arg(&script)
        .arg(&shot.url)
        .output()
        .context("wrk does not start")?;
    let text = String::from_utf8_lossy(&output.stdout);
    ensure!(!text.contains("Non-2xx"), "creates were refused:\n{text}");
    let rate = text.lines().find_map(|line| line.trim().strip_prefix("Requests/sec:")?.trim().parse().ok());
    let percentile =
        |name: &str| text.lines().find_map(|line| micros(line.trim().strip_prefix(name)?.trim())).unwrap_or(f64::NAN);
    Ok(Measured { rate: rate.context("wrk printed no rate")?, p50: percentile("50%"), p99: percentile("99%") })
}

fn at(sorted: &[f64], share: f64) -> f64 {
    sorted[((sorted.len() - 1) as f64 * share).round() as usize]
}

/// The number that stands right before a word.
fn number_before(text: &str, word: &str) -> Option<f64> {
    let before = &text[..text.find(word)?];
    before.rsplit(|c: char| !c.is_ascii_digit()).next()?.parse().ok()
}

/// `1.23ms` in microseconds.
fn micros(text: &str) -> Option<f64> {
    let split = text.find(|c: char| c.is_ascii_alphabetic())?;
    let number: f64 = text[..split].parse().ok()?;
    match &text[split..] {
        "us" => Some(number),
        "ms" => Some(number * 1_000.0),
        "s" => Some(number * 1_000_000.0),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_read_as_the_tools_print_them() {
        let text = "requests: 1560 total, 1560 started\nstatus codes: 1558 2xx, 0 3xx, 2 4xx, 0 5xx\n";
        assert_eq!(number_before(text, " 2xx"), Some(1558.0));
        assert_eq!(number_before(text, " total,"), Some(1560.0));
        assert_eq!(micros("7.20ms"), Some(7200.0));
        assert_eq!(micros("850.00us"), Some(850.0));
    }
}

//! Runs one command of the checks, and shows what it said if it failed.

use super::results::{Tally, worth_showing};
use crate::progress::Step;
use std::io::{BufRead as _, BufReader, Read};
use std::process::{Command, Stdio};
use std::sync::mpsc::{Sender, channel};
use std::thread;

/// How a command ended.
pub(crate) struct Outcome {
    /// Whether it says it succeeded.
    pub(crate) success: bool,
    /// What it wrote to both of its outputs.
    pub(crate) output: String,
}

/// Runs a command as one check.
pub(crate) fn check(what: &str, command: &mut Command) -> Tally {
    let step = Step::begin(what);
    let outcome = run(command, &step);
    let tally = if outcome.success { Tally::PASSED } else { Tally::FAILED };
    step.end(tally.mark());
    if !outcome.success {
        println!("{}", worth_showing(&outcome.output));
    }
    tally
}

/// Runs a command; shows its last line in passing, and which test program it runs.
pub(crate) fn run(command: &mut Command, step: &Step) -> Outcome {
    let spawned = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
    let mut child = match spawned {
        Ok(child) => child,
        Err(error) => {
            let program = command.get_program().to_string_lossy();
            return Outcome { success: false, output: format!("cannot run {program}: {error}") };
        }
    };
    let (lines, received) = channel();
    let readers =
        [child.stdout.take().map(|out| read(out, lines.clone())), child.stderr.take().map(|err| read(err, lines))];
    let mut output = String::new();
    for line in received {
        match line.trim_start().split_once(' ') {
            Some(("Running" | "Doc-tests", _)) => step.say(line.trim()),
            _ => step.say_in_passing(line.trim()),
        }
        output.push_str(&line);
        output.push('\n');
    }
    readers.into_iter().flatten().for_each(|reader| reader.join().expect("a reader of lines does not panic"));
    let success = child.wait().is_ok_and(|status| status.success());
    Outcome { success, output }
}

fn read(from: impl Read + Send + 'static, lines: Sender<String>) -> thread::JoinHandle<()> {
    thread::spawn(move || {
        // A test may write what is not UTF-8; the line is shown as far as it can be.
        for line in BufReader::new(from).split(b'\n').map_while(Result::ok) {
            if lines.send(String::from_utf8_lossy(&line).into_owned()).is_err() {
                break;
            }
        }
    })
}

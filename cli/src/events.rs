//! Streams: changes followed from cursor to cursor over every lost connection, and whole collections sent at once.

use crate::catalogue::Entry;
use crate::client::{self, Client, SILENCE};
use crate::failure::Failure;
use crate::output::{Form, Output};
use crate::request::{Outgoing, outgoing};
use clap::ArgMatches;
use reqwest::Response;
use reqwest::header::HeaderName;
use serde_json::{Map, Value};
use std::io::Write as _;
use tokio::time::timeout;

const LAST_EVENT_ID: HeaderName = HeaderName::from_static("last-event-id");

/// One server-sent event (WHATWG HTML, 9.2).
#[derive(Debug, Default, PartialEq, Eq)]
struct Event {
    id: String,
    kind: String,
    data: String,
}

/// Cuts a stream of bytes into lines, and lines into events.
#[derive(Debug, Default)]
pub(crate) struct Lines {
    rest: Vec<u8>,
}

impl Lines {
    /// The lines that these bytes complete.
    pub(crate) fn push(&mut self, bytes: &[u8]) -> Vec<String> {
        self.rest.extend_from_slice(bytes);
        let Some(end) = self.rest.iter().rposition(|byte| *byte == b'\n') else { return Vec::new() };
        let after = self.rest.split_off(end + 1);
        let whole = std::mem::replace(&mut self.rest, after);
        String::from_utf8_lossy(&whole).lines().map(str::to_owned).collect()
    }

    /// What is left at the end.
    pub(crate) fn end(self) -> Option<String> {
        (!self.rest.is_empty()).then(|| String::from_utf8_lossy(&self.rest).into_owned())
    }
}

impl Event {
    /// Takes one line in; the event, if the line completes one.
    fn take(&mut self, line: &str) -> Option<Self> {
        let (field, value) = line.split_once(':').unwrap_or((line, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        match field {
            "" if line.is_empty() => {
                let event = std::mem::take(self);
                return (!event.data.is_empty()).then_some(event);
            }
            "id" => self.id = value.to_owned(),
            "event" => self.kind = value.to_owned(),
            "data" => {
                if !self.data.is_empty() {
                    self.data.push('\n');
                }
                self.data.push_str(value);
            }
            _ => {}
        }
        None
    }
}

/// Why a stream ended.
enum End {
    /// As many changes as were asked for.
    Enough,
    /// The connection was lost, or the service stopped: others go on.
    Lost(String),
}

/// Follows changes until Ctrl-C or `--limit`; a lost connection is made again behind the last change.
pub(crate) async fn watch(
    client: &Client,
    entry: &Entry,
    request: &Map<String, Value>,
    matches: &ArgMatches,
    output: Output,
) -> Result<(), Failure> {
    let outgoing = outgoing(entry, request.clone())?;
    let left = matches.get_one::<usize>("limit").copied().unwrap_or(usize::MAX);
    let cursor = matches.get_one::<String>("from").cloned();
    let mut watch = Watch { client, entry, outgoing, output, left, cursor, tries: 0 };
    let mut answer = watch.open().await?;
    loop {
        let why = match watch.follow(answer).await? {
            End::Enough => return Ok(()),
            End::Lost(why) => why,
        };
        let missed = if watch.cursor.is_none() { "; changes in between are missed" } else { "" };
        eprintln!("the connection is lost ({why}); trying again{missed}");
        answer = loop {
            watch.tries += 1;
            tokio::time::sleep(client::backoff(watch.tries)).await;
            match watch.open().await {
                Ok(answer) => break answer,
                Err(failure) if failure.exit_code() == 9 => {}
                Err(failure) => return Err(failure),
            }
        };
    }
}

struct Watch<'w> {
    client: &'w Client,
    entry: &'w Entry,
    outgoing: Outgoing,
    output: Output,
    left: usize,
    cursor: Option<String>,
    tries: u32,
}

impl Watch<'_> {
    async fn open(&self) -> Result<Response, Failure> {
        let headers: Vec<_> = self.cursor.iter().map(|cursor| (LAST_EVENT_ID, cursor.clone())).collect();
        self.client.stream(&self.outgoing, "text/event-stream", &headers).await
    }

    async fn follow(&mut self, mut answer: Response) -> Result<End, Failure> {
        let (mut lines, mut event) = (Lines::default(), Event::default());
        let message = self.entry.method.descriptor().output();
        while self.left > 0 {
            let chunk = match timeout(SILENCE, answer.chunk()).await {
                Ok(Ok(Some(chunk))) => chunk,
                Ok(Ok(None)) => return Ok(End::Lost("the stream ended".to_owned())),
                Ok(Err(error)) => return Ok(End::Lost(client::unreachable(error).to_string())),
                Err(_) => return Ok(End::Lost("nothing was heard for long".to_owned())),
            };
            for line in lines.push(&chunk) {
                let Some(event) = event.take(&line) else { continue };
                if event.kind == "problem" {
                    return ended(&event.data);
                }
                let change = serde_json::from_str(&event.data).map_err(anyhow::Error::from)?;
                self.output.next(&message, &change)?;
                self.tries = 0;
                if !event.id.is_empty() {
                    self.cursor = Some(event.id);
                }
                self.left -= 1;
                if self.left == 0 {
                    break;
                }
            }
        }
        Ok(End::Enough)
    }
}

/// What a stream's last word means: gone on from elsewhere if the service stops, and otherwise over.
fn ended(problem: &str) -> Result<End, Failure> {
    let problem: Value = serde_json::from_str(problem).unwrap_or_default();
    let status = problem["status"].as_u64().and_then(|status| u16::try_from(status).ok()).unwrap_or(500);
    let failure = Failure::Problem { status, problem: Box::new(problem) };
    if failure.exit_code() == 9 { Ok(End::Lost(failure.reason().unwrap_or_default().to_owned())) } else { Err(failure) }
}

/// Sends a whole collection to the standard output or a file, one record a line.
pub(crate) async fn export(
    client: &Client,
    entry: &Entry,
    request: &Map<String, Value>,
    matches: &ArgMatches,
    mut output: Output,
) -> Result<(), Failure> {
    // Lines are what exports are for; other forms are to be asked for.
    if matches.value_source("output").is_none_or(|source| source == clap::parser::ValueSource::DefaultValue) {
        output.form = Form::Json;
    }
    let mut file = match matches.get_one::<String>("file") {
        Some(path) => Some(Whole::new(path)?),
        None => None,
    };
    let message = entry.method.descriptor().output();
    let mut answer = client.stream(&outgoing(entry, request.clone())?, "application/x-ndjson", &[]).await?;
    let mut lines = Lines::default();
    let mut count = 0_u64;
    loop {
        let chunk = answer.chunk().await.map_err(client::unreachable)?;
        let ready = match &chunk {
            Some(chunk) => lines.push(chunk),
            None => std::mem::take(&mut lines).end().into_iter().collect(),
        };
        for line in ready.iter().filter(|line| !line.is_empty()) {
            let record: Value = serde_json::from_str(line).map_err(anyhow::Error::from)?;
            if let Some(problem) = record.get("problem") {
                return Err(lost(problem));
            }
            count += 1;
            match &mut file {
                Some(file) => file.line(line)?,
                None => output.next(&message, &record)?,
            }
        }
        if chunk.is_none() {
            break;
        }
    }
    if let Some(file) = file {
        let path = file.done()?;
        eprintln!("{count} records in {path}");
    }
    Ok(())
}

pub(crate) fn lost(problem: &Value) -> Failure {
    let status = problem["status"].as_u64().and_then(|status| u16::try_from(status).ok()).unwrap_or(500);
    Failure::Problem { status, problem: Box::new(problem.clone()) }
}

/// A file that appears when it is whole: half an export would look like a small register.
pub(crate) struct Whole {
    path: String,
    file: std::io::BufWriter<std::fs::File>,
}

impl Whole {
    pub(crate) fn new(path: &str) -> Result<Self, Failure> {
        let file = std::fs::File::create(format!("{path}.part"))?;
        Ok(Self { path: path.to_owned(), file: std::io::BufWriter::new(file) })
    }

    pub(crate) fn line(&mut self, line: &str) -> Result<(), Failure> {
        Ok(writeln!(self.file, "{line}")?)
    }

    pub(crate) fn done(mut self) -> Result<String, Failure> {
        self.file.flush()?;
        self.file.get_ref().sync_all()?;
        std::fs::rename(format!("{}.part", self.path), &self.path)?;
        Ok(self.path)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_are_cut_wherever_the_bytes_are() {
        let text = ":\n\nid: 7-1\ndata: {\"a\":\ndata: 1}\n\nevent: problem\ndata: {}\n\ndata: cut";
        for size in [1, 3, 7, text.len()] {
            let (mut lines, mut event, mut found) = (Lines::default(), Event::default(), Vec::new());
            for chunk in text.as_bytes().chunks(size) {
                lines.push(chunk).iter().for_each(|line| found.extend(event.take(line)));
            }
            let told = |id: &str, kind: &str, data: &str| Event { id: id.into(), kind: kind.into(), data: data.into() };
            assert_eq!(found, [told("7-1", "", "{\"a\":\n1}"), told("", "problem", "{}")], "{size}");
        }
    }
}

//! `import`: a file of lines to the service, and what became of each.

use crate::catalogue::Entry;
use crate::client::{self, Client};
use crate::events::Lines;
use crate::failure::{self, Failure};
use crate::output::{Form, Output, print};
use crate::request::outgoing;
use crate::shape::{as_request, carried};
use bytes::Bytes;
use clap::ArgMatches;
use futures::Stream;
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use tokio::io::{AsyncBufReadExt as _, AsyncRead, BufReader};

/// Sends the lines and tells what became of them.
///
/// # Errors
/// `Partly` if any line was refused; the others are done then.
pub(crate) async fn import(
    client: &Client,
    entry: &Entry,
    matches: &ArgMatches,
    output: &Output,
) -> Result<(), Failure> {
    let path = matches.get_one::<String>("file").expect("clap has made sure of it");
    let input: Box<dyn AsyncRead + Send + Unpin> = match path.as_str() {
        "-" => Box::new(tokio::io::stdin()),
        path => {
            let file = tokio::fs::File::open(path).await;
            Box::new(file.map_err(|error| Failure::document(format!("{path} cannot be read: {error}")))?)
        }
    };
    let carried = carried(entry).ok_or_else(|| Failure::usage("this import has no records"))?;
    let body = reqwest::Body::wrap_stream(lines(input, carried));
    let mut answer = client.lines(&outgoing(entry, Map::new())?, body).await?;
    let (mut lines, mut counts) = (Lines::default(), BTreeMap::<String, u64>::new());
    while let Some(chunk) = answer.chunk().await.map_err(client::unreachable)? {
        for line in lines.push(&chunk).iter().filter(|line| !line.is_empty()) {
            let told: Value = serde_json::from_str(line).map_err(anyhow::Error::from)?;
            if let Some(problem) = told.get("problem") {
                let status = problem["status"].as_u64().and_then(|status| u16::try_from(status).ok());
                return Err(Failure::Problem { status: status.unwrap_or(500), problem: Box::new(problem.clone()) });
            }
            tell(&told, output)?;
            *counts.entry(told["outcome"].as_str().unwrap_or_default().to_owned()).or_default() += 1;
        }
    }
    let words: Vec<_> = counts.iter().map(|(outcome, count)| format!("{count} {}", outcome.to_lowercase())).collect();
    eprintln!("{path}: {}", if words.is_empty() { "no lines".to_owned() } else { words.join(", ") });
    match counts.get("REJECTED") {
        Some(count) => Err(Failure::Partly(format!("{count} lines were refused; mend them and send the file again"))),
        None => Ok(()),
    }
}

/// The file's lines as the import takes them: a record alone becomes the request it stands for. A line that is no JSON
/// goes as it is: the service counts it and says what is wrong.
fn lines(
    input: impl AsyncRead + Send + Unpin + 'static,
    carried: (String, Vec<String>),
) -> impl Stream<Item = std::io::Result<Bytes>> + Send {
    let reader = BufReader::with_capacity(1 << 16, input);
    futures::stream::try_unfold((reader, carried), async |(mut reader, carried)| {
        let mut line = Vec::new();
        if reader.read_until(b'\n', &mut line).await? == 0 {
            return Ok(None);
        }
        if let Ok(Value::Object(record)) = serde_json::from_slice(&line) {
            line = serde_json::to_vec(&as_request(&carried.0, &carried.1, record))?;
            line.push(b'\n');
        }
        Ok(Some((Bytes::from(line), (reader, carried))))
    })
}

fn tell(told: &Value, output: &Output) -> Result<(), Failure> {
    match output.form {
        Form::Json => print(&format!("{told}\n"))?,
        Form::Name => {
            if let Some(name) = told["name"].as_str().filter(|name| !name.is_empty()) {
                print(&format!("{name}\n"))?;
            }
        }
        Form::Table | Form::Yaml => {}
    }
    let wrong = &told["failure"];
    if wrong.is_object() {
        let reason = wrong["reason"].as_str().unwrap_or_default();
        let words = wrong["message"].as_str().unwrap_or_default();
        eprintln!("line {}: {words} ({reason})", told["line"].as_str().unwrap_or_default());
        for violation in wrong["violations"].as_array().into_iter().flatten() {
            let text = |member: &str| violation[member].as_str().unwrap_or_default().to_owned();
            eprintln!("  {}: {}", text("field"), text("description"));
        }
        if let Some(remedy) = failure::remedy("legation.policy.v1", reason) {
            eprintln!("  remedy: {remedy}");
        }
    }
    Ok(())
}

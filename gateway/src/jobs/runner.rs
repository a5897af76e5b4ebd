//! Runs jobs step by step: a page of an export, a part of an import. Each step is written with its results before the
//! next begins, so that whoever takes the job over goes on behind it.

use super::book::{Book, Task};
use super::records::of;
use crate::door::{frames, wire};
use crate::errand::{Bearer, Errands};
use bytes::Bytes;
use fault::{Code, Fault};
use http_body_util::Full;
use proto::contract;
use proto::gateway::v1::job;
use proto::policy::v1::Reason;
use serde_json::{Value, json};
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio_util::sync::CancellationToken;
use tonic::body::Body;
use transcode::Message;

/// How often it is looked for a job.
const LOOK: Duration = Duration::from_millis(500);
/// How long a job waits for a service that is away.
const AWAY: Duration = Duration::from_secs(2);
/// The longest that a job waits before it is looked at again, whatever it waits for.
const LONGEST: Duration = Duration::from_mins(5);
/// How long a step may take: less than a job is held for.
const PATIENCE: Duration = Duration::from_secs(20);
/// How long a job is worked for before others have their turn.
const SLICE: Duration = Duration::from_secs(5);
/// Records of a page of an export.
const PAGE: u64 = 500;

/// Runs jobs.
pub(super) struct Runner {
    book: Book,
    errands: Errands,
    /// How many times in a row a service may answer too late.
    most_late: NonZeroU32,
}

/// How a step ended.
enum Step {
    /// There is more.
    On,
    /// That was all.
    Done,
    /// The job is another's now, or cancelled.
    Lost,
}

impl Runner {
    pub(super) fn new(book: Book, errands: Errands, most_late: NonZeroU32) -> Self {
        Self { book, errands, most_late }
    }

    /// Runs one job after the other until shutdown; the step in hand is finished first.
    pub(super) async fn run(self: Arc<Self>, shutdown: CancellationToken) {
        let book = self.book.another();
        let mut is_away = false;
        while !shutdown.is_cancelled() {
            let pause = match book.claim().await {
                Ok(Some(task)) => {
                    is_away = false;
                    if let Err(error) = self.work(&book, task, &shutdown).await {
                        tracing::warn!(%error, "a job cannot be written on; it is taken up again later");
                    }
                    continue;
                }
                Ok(None) => {
                    is_away = false;
                    LOOK
                }
                Err(error) => {
                    // Told once for each outage.
                    if !is_away {
                        tracing::warn!(%error, "jobs cannot be read; trying again until they can");
                    }
                    is_away = true;
                    AWAY
                }
            };
            shutdown.run_until_cancelled(tokio::time::sleep(pause)).await;
        }
    }

    async fn work(&self, book: &Book, mut task: Task, shutdown: &CancellationToken) -> Result<(), sqlx::Error> {
        let begun = Instant::now();
        while !shutdown.is_cancelled() && begun.elapsed() < SLICE {
            match self.step(book, &mut task).await {
                Ok(Ok(Step::On)) => {}
                Ok(Ok(Step::Done)) => return book.end(&task, None).await,
                Ok(Ok(Step::Lost)) => return Ok(()),
                Ok(Err(fault)) => return self.fail(book, task, &fault).await,
                Err(error) => return Err(error),
            }
        }
        // The house stops, or it is another's turn: whoever comes to it goes on at once.
        book.release(&task, Duration::ZERO).await
    }

    /// Ends a job with why it cannot go on, or lets it go until it can. A service that is away comes back; one that answers too
    /// late again and again will do so for ever, and each time costs it as much as an answer.
    async fn fail(&self, book: &Book, mut task: Task, fault: &Fault) -> Result<(), sqlx::Error> {
        let mut words = format!("{} ({})", fault.message(), fault.reason());
        if fault.code() == Code::DeadlineExceeded {
            task.late += 1;
            if i64::from(task.late) < i64::from(self.most_late.get()) {
                return book.release(&task, AWAY).await;
            }
            words = format!("{words}, {} times in a row", task.late);
        } else if is_passing(fault) {
            let pause = fault.pause().unwrap_or(AWAY).clamp(AWAY, LONGEST);
            return book.release(&task, pause).await;
        }
        book.end(&task, Some(&words)).await
    }

    async fn step(&self, book: &Book, task: &mut Task) -> Result<Result<Step, Fault>, sqlx::Error> {
        let kind = if task.kind == "IMPORT" { job::Kind::Import } else { job::Kind::Export };
        let denied =
            || Fault::new(Reason::PermissionDenied, "the key of the job is not in force, or may do this no longer");
        let bearer = match self.errands.bearer(&task.key).await {
            Ok(bearer) => bearer,
            Err(fault) => return Ok(Err(fault)),
        };
        let method = of(kind, &task.collection);
        let (Some(bearer), Some(method)) = (bearer, method) else { return Ok(Err(denied())) };
        if !bearer.may(method) {
            return Ok(Err(denied()));
        }
        if let Err(fault) = bearer.count().await {
            return Ok(Err(fault));
        }
        match kind {
            job::Kind::Import => self.part(book, task, &bearer, method).await,
            _ => self.page(book, task, &bearer, method).await,
        }
    }

    /// One page of an export.
    async fn page(
        &self,
        book: &Book,
        task: &mut Task,
        bearer: &Bearer,
        list: &contract::Method,
    ) -> Result<Result<Step, Fault>, sqlx::Error> {
        let answer = match self.listed(task, bearer, list).await {
            Ok(answer) => answer,
            Err(fault) => return Ok(Err(fault)),
        };
        task.late = 0;
        let items = answer.as_object().into_iter().flat_map(|answer| answer.values()).find_map(Value::as_array);
        let lines: Vec<String> = items.into_iter().flatten().map(Value::to_string).collect();
        let first = i64::from(task.lines) + 1;
        task.lines += count(&lines);
        answer["nextPageToken"].as_str().unwrap_or_default().clone_into(&mut task.place);
        let ours = book.step(task, first, &lines).await?;
        Ok(Ok(match (ours, task.place.is_empty()) {
            (false, _) => Step::Lost,
            (true, true) => Step::Done,
            (true, false) => Step::On,
        }))
    }

    async fn listed(&self, task: &Task, bearer: &Bearer, list: &contract::Method) -> Result<Value, Fault> {
        let input = list.descriptor().input();
        let number = |name: &str| input.get_field_by_name(name).map(|field| field.number());
        let mut request = Vec::new();
        if let Some(number) = number("page_size") {
            wire::add_number(&mut request, number, PAGE);
        }
        for (field, text) in [("page_token", &task.place), ("filter", &task.filter)] {
            if let Some(number) = number(field) {
                wire::add_bytes(&mut request, number, text.as_bytes());
            }
        }
        let body = frames::one(&request);
        let message = self.errands.call(bearer, list, body, PATIENCE).await?.only().await?;
        to_json(&list.descriptor().output(), &message)
    }

    /// One part of an import.
    async fn part(
        &self,
        book: &Book,
        task: &mut Task,
        bearer: &Bearer,
        import: &contract::Method,
    ) -> Result<Result<Step, Fault>, sqlx::Error> {
        let done: i32 = task.place.parse().unwrap_or(0);
        if done >= task.parts {
            return Ok(Ok(Step::Done));
        }
        let lines = book.part(&task.name, done + 1).await?;
        let first = i64::from(task.lines) + 1;
        let answers = match self.imported(&lines, first, bearer, import).await {
            Ok(answers) => answers,
            Err(fault) => return Ok(Err(fault)),
        };
        task.late = 0;
        for answer in &answers {
            match answer["outcome"].as_str() {
                Some("CREATED") => task.created += 1,
                Some("UPDATED") => task.updated += 1,
                Some("UNCHANGED") => task.unchanged += 1,
                _ => task.rejected += 1,
            }
        }
        let results: Vec<String> = answers.iter().map(Value::to_string).collect();
        task.lines += count(&results);
        task.place = (done + 1).to_string();
        let ours = book.step(task, first, &results).await?;
        Ok(Ok(if ours { Step::On } else { Step::Lost }))
    }

    /// What became of each line, in their order; a line that is no message is refused here.
    async fn imported(
        &self,
        lines: &[String],
        first: i64,
        bearer: &Bearer,
        import: &contract::Method,
    ) -> Result<Vec<Value>, Fault> {
        let input = table(import.descriptor().input().full_name())?;
        let mut answers: Vec<Value> = vec![Value::Null; lines.len()];
        let (mut sent, mut body) = (Vec::new(), Vec::new());
        for (at, line) in lines.iter().enumerate() {
            let mut message = Vec::new();
            match input.to_wire(line.as_bytes(), &mut message) {
                Ok(()) => {
                    sent.push(at);
                    body.extend_from_slice(&frames::frame(&message));
                }
                Err(refusal) => {
                    let fault = Fault::from(refusal);
                    let failure = json!({"reason": fault.reason(), "message": fault.message(), "violations": []});
                    answers[at] = json!({"line": "", "name": "", "outcome": "REJECTED", "failure": failure});
                }
            }
        }
        if !sent.is_empty() {
            let body = Body::new(Full::new(Bytes::from(body)));
            let mut messages = self.errands.call(bearer, import, body, PATIENCE).await?;
            while let Some(message) = messages.next().await? {
                let answer = to_json(&import.descriptor().output(), &message)?;
                let line = answer["line"].as_str().and_then(|line| line.parse::<usize>().ok()).unwrap_or(0);
                if let Some(at) = line.checked_sub(1).and_then(|n| sent.get(n)) {
                    answers[*at] = answer;
                }
            }
        }
        let unanswered = answers.iter().any(Value::is_null);
        let words = "the service did not answer every line";
        fault::refuse_if(unanswered, Reason::Unavailable, words)?;
        for (answer, number) in answers.iter_mut().zip(first..) {
            answer["line"] = number.to_string().into();
        }
        Ok(answers)
    }
}

/// Whether the same step may succeed later.
fn is_passing(fault: &Fault) -> bool {
    matches!(fault.code(), Code::Unavailable | Code::ResourceExhausted | Code::Aborted)
}

fn count(lines: &[String]) -> i32 {
    i32::try_from(lines.len()).expect("a step has at most some thousand lines")
}

fn table(message: &str) -> Result<Message<'static>, Fault> {
    let missing = || Fault::new(Reason::Internal, "the contract has no such message");
    transcode::tables().message(message).ok_or_else(missing)
}

fn to_json(message: &prost_reflect::MessageDescriptor, wire: &[u8]) -> Result<Value, Fault> {
    let mut text = Vec::new();
    let broken = |error: Box<dyn std::error::Error + Send + Sync>| {
        Fault::new(Reason::Internal, "a service answered with what is no answer").caused_by(error)
    };
    table(message.full_name())?.to_json(wire, &mut text).map_err(|error| broken(error.into()))?;
    serde_json::from_slice(&text).map_err(|error| broken(error.into()))
}

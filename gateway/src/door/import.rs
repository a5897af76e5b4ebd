//! Imports: lines of JSON go to the service one by one, and what became of each comes back as a line.
//!
//! A line that is no message is answered here and the rest goes on; lines are numbered as the client sent them.

use super::access::Visit;
use super::frames::{Messages, frame};
use super::outgoing::outgoing;
use super::rest::Call;
use super::stream::{self, LINES, Source};
use super::{input, wire, within};
use bytes::{Buf as _, Bytes, BytesMut};
use fault::Fault;
use futures::{Stream, stream as streams};
use http::Response;
use http_body::Frame;
use http_body_util::{BodyExt as _, StreamBody};
use prost::Message as _;
use prost_reflect::MessageDescriptor;
use proto::policy::v1::Reason;
use proto::registry::v1::{FieldViolation, ImportFailure, ImportOutcome};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::sync::mpsc::{self, Receiver, Sender};
use tokio::time::timeout;
use tonic::Status;
use tonic::body::Body;
use transcode::Message;

/// The most bytes of a line.
const MOST_LINE: usize = 256 * 1024;
/// How long a client may take for the next piece.
const IDLE: Duration = Duration::from_secs(30);
/// How many answers may wait for the client to read them. Many clients send everything before they read anything, and
/// would otherwise wait for us while we wait for them.
const WAITING: usize = 65_536;

/// Answers an import.
pub(super) async fn answer(call: &Call<'_>, visit: &mut Visit, body: Body) -> Result<Response<Body>, Fault> {
    input::must_be(&call.head.headers, &[LINES, "application/json"])?;
    let answers = Answers::of(&call.target.method.descriptor().output())?;
    visit.becomes_stream(call.caller)?;
    let deadline = call.target.deadline(call.door.0.deadline, input::patience(&call.head.headers)?);
    let (results, waiting) = mpsc::channel(WAITING);
    let numbers = Arc::new(Mutex::new(Numbers::default()));
    let lines = Lines {
        body,
        held: BytesMut::new(),
        ended: false,
        input: call.target.input,
        answers,
        numbers: Arc::clone(&numbers),
        results: results.clone(),
    };
    let outgoing = outgoing(call.door, &visit.trace, call.caller, call.target, deadline, lines.into_body());
    let answered = within(deadline, call.target.upstream()?.call(outgoing)).await?;
    tokio::spawn(collect(Messages::of(answered)?, answers, numbers, results));
    Ok(stream::answer(call, visit, Results(waiting)))
}

/// What is to be sent to the client: an answer, or why there are no more.
type Outcome = Result<Bytes, Fault>;

struct Results(Receiver<Outcome>);

impl Source for Results {
    async fn next(&mut self) -> Result<Option<Bytes>, Fault> {
        self.0.recv().await.transpose()
    }
}

/// Takes the service's answers and gives each the number of the client's line.
async fn collect(mut messages: Messages, answers: Answers, numbers: Arc<Mutex<Numbers>>, results: Sender<Outcome>) {
    loop {
        let outcome = match messages.next().await {
            Ok(Some(message)) => Ok(answers.renumber(&message, &numbers)),
            Ok(None) => return,
            Err(fault) => Err(fault),
        };
        let over = outcome.is_err();
        // An error here means that the client is gone, and with it whoever wants to know.
        if results.send(outcome).await.is_err() || over {
            return;
        }
    }
}

/// The client's lines on their way to the service.
struct Lines {
    body: Body,
    held: BytesMut,
    ended: bool,
    input: Message<'static>,
    answers: Answers,
    numbers: Arc<Mutex<Numbers>>,
    results: Sender<Outcome>,
}

impl Lines {
    fn into_body(self) -> Body {
        Body::new(StreamBody::new(self.frames()))
    }

    fn frames(self) -> impl Stream<Item = Result<Frame<Bytes>, Status>> + Send {
        streams::unfold(Some(self), |lines| async {
            let mut lines = lines?;
            match lines.next().await {
                Ok(Some(message)) => Some((Ok(Frame::data(message)), Some(lines))),
                Ok(None) => None,
                Err(fault) => Some((Err(Status::from(fault)), None)),
            }
        })
    }

    /// The next line that is a message, framed. Lines before it that are none have been answered by then.
    async fn next(&mut self) -> Result<Option<Bytes>, Fault> {
        while let Some(line) = self.line().await? {
            if line.trim_ascii().is_empty() {
                self.numbers().skip();
                continue;
            }
            let mut message = Vec::with_capacity(line.len());
            match self.input.to_wire(&line, &mut message) {
                Ok(()) => {
                    self.numbers().pass();
                    return Ok(Some(frame(&message)));
                }
                Err(refusal) => {
                    let number = self.numbers().skip();
                    let answer = self.answers.rejected(number, &Fault::from(refusal));
                    let gone = || Fault::new(Reason::Cancelled, "the client is gone");
                    self.results.send(Ok(answer)).await.map_err(|_| gone())?;
                }
            }
        }
        Ok(None)
    }

    fn numbers(&self) -> std::sync::MutexGuard<'_, Numbers> {
        self.numbers.lock().expect("nothing panics while it is held")
    }

    /// The next line without its end; `None` after the last.
    async fn line(&mut self) -> Result<Option<Bytes>, Fault> {
        let mut looked = 0;
        loop {
            if let Some(at) = self.held[looked..].iter().position(|byte| *byte == b'\n') {
                let line = self.held.split_to(looked + at).freeze();
                self.held.advance(1);
                return within_limit(line).map(Some);
            }
            looked = self.held.len();
            if looked > MOST_LINE {
                return Err(too_long());
            }
            if self.ended {
                let rest = self.held.split().freeze();
                return if rest.is_empty() { Ok(None) } else { within_limit(rest).map(Some) };
            }
            let Ok(frame) = timeout(IDLE, self.body.frame()).await else {
                return Err(Fault::new(Reason::MalformedRequest, "the next line did not come in time"));
            };
            match frame {
                None => self.ended = true,
                Some(Err(_)) => return Err(Fault::new(Reason::MalformedRequest, "the lines broke off")),
                Some(Ok(frame)) => {
                    if let Ok(data) = frame.into_data() {
                        self.held.extend_from_slice(&data);
                    }
                }
            }
        }
    }
}

fn within_limit(line: Bytes) -> Result<Bytes, Fault> {
    if line.len() > MOST_LINE { Err(too_long()) } else { Ok(line) }
}

fn too_long() -> Fault {
    Fault::new(Reason::RequestTooLarge, "a line is larger than 256 KiB")
}

/// Which of the client's lines the service's n-th message was.
#[derive(Debug, Default)]
struct Numbers {
    /// Lines so far.
    lines: u64,
    /// Messages so far.
    messages: u64,
    /// For each line that was none: how many messages went before it.
    skipped: Vec<u64>,
}

impl Numbers {
    /// The next line is a message.
    fn pass(&mut self) {
        self.lines += 1;
        self.messages += 1;
    }

    /// The next line is none. Its number.
    fn skip(&mut self) -> u64 {
        self.lines += 1;
        self.skipped.push(self.messages);
        self.lines
    }

    /// The number of the line that was the n-th message, from 1.
    fn line_of(&self, message: u64) -> u64 {
        message + self.skipped.partition_point(|before| *before < message) as u64
    }
}

/// The fields of an import's answer, which are alike for every resource.
#[derive(Clone, Copy, Debug)]
struct Answers {
    line: u32,
    outcome: u32,
    failure: u32,
}

impl Answers {
    fn of(output: &MessageDescriptor) -> Result<Self, Fault> {
        let number = |name: &str| {
            let field = output.get_field_by_name(name).map(|field| field.number());
            field.ok_or_else(|| Fault::new(Reason::Internal, "this import does not answer as imports do"))
        };
        Ok(Self { line: number("line")?, outcome: number("outcome")?, failure: number("failure")? })
    }

    /// The service's answer with the number of the client's line.
    fn renumber(self, answer: &[u8], numbers: &Mutex<Numbers>) -> Bytes {
        let mut renumbered = answer.to_vec();
        if let Some(message) = wire::number(answer, self.line) {
            let line = numbers.lock().expect("nothing panics while it is held").line_of(message);
            wire::add_number(&mut renumbered, self.line, line);
        }
        renumbered.into()
    }

    /// What became of a line that is no message.
    fn rejected(self, line: u64, fault: &Fault) -> Bytes {
        let violation = |violation: &fault::Violation| FieldViolation {
            field: violation.field.clone(),
            description: violation.description.clone(),
        };
        let failure = ImportFailure {
            reason: fault.reason().to_owned(),
            message: fault.message().to_owned(),
            violations: fault.violations().iter().map(violation).collect(),
        };
        let mut answer = Vec::new();
        wire::add_number(&mut answer, self.line, line);
        wire::add_number(&mut answer, self.outcome, ImportOutcome::Rejected as u64);
        wire::add_message(&mut answer, self.failure, &failure.encode_to_vec());
        answer.into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_knows_its_line_whatever_was_skipped() {
        let mut numbers = Numbers::default();
        // Lines 1 and 5 to 6 are messages, 2 to 4 and 7 are none.
        numbers.pass();
        assert_eq!([numbers.skip(), numbers.skip(), numbers.skip()], [2, 3, 4]);
        numbers.pass();
        numbers.pass();
        assert_eq!(numbers.skip(), 7);
        assert_eq!([1, 2, 3].map(|message| numbers.line_of(message)), [1, 5, 6]);
    }
}

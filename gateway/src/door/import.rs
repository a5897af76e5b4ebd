//! Imports: lines of JSON go to the service one by one, and what became of each comes back as a line.
//!
//! A line that is no message is answered here and the rest goes on; lines are numbered as the client sent them.

use super::access::Visit;
use super::frames::{Messages, frame};
use super::rest::Call;
use super::stream::{self, LINES as NDJSON, Source};
use super::{input, wire};
use bytes::Bytes;
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
use transcode::{Line, Lines, Message, TooLong};

/// How long a client may take for the next piece.
const IDLE: Duration = Duration::from_secs(30);
/// How many answers may wait for the client to read them. Many clients send everything before they read anything, and
/// would otherwise wait for us while we wait for them.
const WAITING: usize = 65_536;

/// Answers an import.
pub(super) async fn answer(call: &Call<'_>, visit: &mut Visit, body: Body) -> Result<Response<Body>, Fault> {
    input::must_be(&call.head.headers, &[NDJSON, "application/json"])?;
    let answers = Answers::of(&call.target.method.descriptor().output())?;
    visit.becomes_stream(call.caller)?;
    let (results, waiting) = mpsc::channel(WAITING);
    let numbers = Arc::new(Mutex::new(Numbers::default()));
    let sending = Sending {
        body,
        lines: Lines::default(),
        ended: false,
        input: call.target.input,
        answers,
        numbers: Arc::clone(&numbers),
        results: results.clone(),
    };
    let answered = call.send(visit, sending.into_body()).await?;
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
struct Sending {
    body: Body,
    lines: Lines,
    ended: bool,
    input: Message<'static>,
    answers: Answers,
    numbers: Arc<Mutex<Numbers>>,
    results: Sender<Outcome>,
}

impl Sending {
    fn into_body(self) -> Body {
        Body::new(StreamBody::new(self.frames()))
    }

    fn frames(self) -> impl Stream<Item = Result<Frame<Bytes>, Status>> + Send {
        streams::unfold(Some(self), |sending| async {
            let mut sending = sending?;
            match sending.next().await {
                Ok(Some(message)) => Some((Ok(Frame::data(message)), Some(sending))),
                Ok(None) => None,
                Err(fault) => {
                    // The client learns this, and the service only that there is no more.
                    let _ = sending.results.send(Err(fault)).await;
                    Some((Err(Status::cancelled("the lines broke off")), None))
                }
            }
        })
    }

    /// The next line that is a message, framed. Lines before it that are none have been answered by then.
    async fn next(&mut self) -> Result<Option<Bytes>, Fault> {
        while let Some(Line { number, text }) = self.line().await? {
            let mut message = Vec::new();
            let read = text.map_err(|TooLong| too_long());
            match read.and_then(|text| Ok(self.input.to_wire(&text, &mut message)?)) {
                Ok(()) => {
                    self.numbers.lock().expect("nothing panics while it is held").sent(number);
                    return Ok(Some(frame(&message)));
                }
                Err(fault) => {
                    let gone = |_| Fault::new(Reason::Cancelled, "the client is gone");
                    self.results.send(Ok(self.answers.rejected(number, &fault))).await.map_err(gone)?;
                }
            }
        }
        Ok(None)
    }

    /// The next line that is not blank; `None` after the last.
    async fn line(&mut self) -> Result<Option<Line>, Fault> {
        loop {
            if let Some(line) = self.lines.next_line() {
                return Ok(Some(line));
            }
            if self.ended {
                return Ok(None);
            }
            let Ok(frame) = timeout(IDLE, self.body.frame()).await else {
                return Err(Fault::new(Reason::MalformedRequest, "the next line did not come in time"));
            };
            match frame {
                Some(Ok(frame)) => frame.into_data().iter().for_each(|data| self.lines.push(data)),
                Some(Err(_)) => return Err(Fault::new(Reason::MalformedRequest, "the lines broke off")),
                None => {
                    self.ended = true;
                    return Ok(self.lines.end());
                }
            }
        }
    }
}

fn too_long() -> Fault {
    Fault::new(Reason::RequestTooLarge, "the line is larger than 256 KiB")
}

/// Which of the client's lines the service's n-th message was. Only the gaps are kept, and they are few.
#[derive(Debug, Default)]
struct Numbers {
    /// Messages so far.
    messages: u64,
    /// Where lines were passed over: the message that came after, and how many lines had been passed over by then.
    gaps: Vec<(u64, u64)>,
}

impl Numbers {
    /// The line of this number was sent.
    fn sent(&mut self, line: u64) {
        self.messages += 1;
        let passed_over = line - self.messages;
        if passed_over > self.gaps.last().map_or(0, |(_, before)| *before) {
            self.gaps.push((self.messages, passed_over));
        }
    }

    /// The number of the line that was the n-th message, from 1.
    fn line_of(&self, message: u64) -> u64 {
        let gaps = self.gaps.partition_point(|(from, _)| *from <= message);
        message + gaps.checked_sub(1).map_or(0, |last| self.gaps[last].1)
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
        wire::add_bytes(&mut answer, self.failure, &failure.encode_to_vec());
        answer.into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_knows_its_line_whatever_was_skipped() {
        let mut numbers = Numbers::default();
        let lines = [1, 2, 5, 6, 9];
        lines.into_iter().for_each(|line| numbers.sent(line));
        assert_eq!([1, 2, 3, 4, 5].map(|message| numbers.line_of(message)), lines);
        assert_eq!(numbers.gaps.len(), 2);
    }
}

//! gRPC's length-prefixed messages in HTTP bodies: written, read one by one, or only counted as they pass.

use bytes::{Buf as _, Bytes, BytesMut};
use fault::Fault;
use http::{HeaderMap, Response};
use http_body::{Frame, SizeHint};
use http_body_util::{BodyExt as _, Full};
use proto::policy::v1::Reason;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::task::{Context, Poll, ready};
use tonic::body::Body;
use tonic::{Code, Status};

/// Bytes before each message: one flag, four of length.
const PREFIX: usize = 5;
/// The most bytes of one message of an answer; more than any service sends, and an end to what is held in memory.
const MOST_ANSWER: usize = 64 << 20;

/// A message with its prefix.
pub(crate) fn frame(message: &[u8]) -> Bytes {
    let mut framed = BytesMut::with_capacity(PREFIX + message.len());
    let length = u32::try_from(message.len()).expect("a request is limited to far less than 4 GiB");
    framed.extend_from_slice(&[0]);
    framed.extend_from_slice(&length.to_be_bytes());
    framed.extend_from_slice(message);
    framed.freeze()
}

/// A body of one message.
pub(crate) fn one(message: &[u8]) -> Body {
    Body::new(Full::new(frame(message)))
}

/// The messages of an answer, and what became of the call.
pub(crate) struct Messages {
    body: Body,
    held: BytesMut,
    ended: bool,
}

impl Messages {
    /// The messages of an answer whose head has arrived.
    ///
    /// # Errors
    /// The call failed before it had a message.
    pub(crate) fn of(answer: Response<Body>) -> Result<Self, Fault> {
        let (head, body) = answer.into_parts();
        let ended = outcome(&head.headers)?;
        if !ended && !head.status.is_success() {
            return Err(broken(format!("an upstream answered with HTTP status {}", head.status)));
        }
        Ok(Self { body, held: BytesMut::new(), ended })
    }

    /// The next message; `None` after the last of a call that succeeded.
    ///
    /// # Errors
    /// The call failed.
    pub(crate) async fn next(&mut self) -> Result<Option<Bytes>, Fault> {
        loop {
            if let Some(message) = self.split()? {
                return Ok(Some(message));
            }
            if self.ended {
                return if self.held.is_empty() { Ok(None) } else { Err(broken("an upstream's message is cut short")) };
            }
            let frame = match self.body.frame().await {
                Some(frame) => frame.map_err(|status| Fault::from(&status))?,
                None => return Err(broken("an upstream ended without a status")),
            };
            match frame.into_data() {
                Ok(data) if self.held.is_empty() => self.held = data.into(),
                Ok(data) => self.held.extend_from_slice(&data),
                Err(frame) => self.ended = outcome(frame.trailers_ref().unwrap_or(&HeaderMap::new()))?,
            }
        }
    }

    /// The only message of a call that has one.
    ///
    /// # Errors
    /// The call failed, or there was none.
    pub(crate) async fn only(mut self) -> Result<Bytes, Fault> {
        let message = self.next().await?;
        match (message, self.next().await?) {
            (Some(message), None) => Ok(message),
            (None, _) => Err(broken("an upstream succeeded without an answer")),
            (Some(_), Some(_)) => Err(broken("an upstream gave more than one answer")),
        }
    }

    fn split(&mut self) -> Result<Option<Bytes>, Fault> {
        let Some((&[flag, a, b, c, d], rest)) = self.held.split_first_chunk::<PREFIX>() else { return Ok(None) };
        let length = u32::from_be_bytes([a, b, c, d]) as usize;
        if flag != 0 {
            return Err(broken("an upstream compressed its answer unasked"));
        }
        if length > MOST_ANSWER {
            return Err(broken("an upstream's message is too long"));
        }
        if rest.len() < length {
            self.held.reserve(length - rest.len());
            return Ok(None);
        }
        self.held.advance(PREFIX);
        Ok(Some(self.held.split_to(length).freeze()))
    }
}

/// Whether these headers or trailers end the call.
fn outcome(headers: &HeaderMap) -> Result<bool, Fault> {
    match Status::from_header_map(headers) {
        None => Ok(false),
        Some(status) if status.code() == Code::Ok => Ok(true),
        Some(status) => Err(Fault::from(&status)),
    }
}

fn broken(words: impl Into<String>) -> Fault {
    Fault::new(Reason::Internal, "a service behind the gateway did not answer properly").caused_by(words.into())
}

/// A request's body that passes through unread; only the lengths of its messages are looked at.
pub(super) struct Limited<B> {
    body: B,
    most: usize,
    /// Bytes of the present message still to come.
    left: usize,
    prefix: [u8; PREFIX],
    have: usize,
    refused: Refused,
}

/// Why a body was not let through; known to the body and to whoever sent it on.
#[derive(Clone, Debug, Default)]
pub(super) struct Refused(Arc<AtomicU8>);

/// A message was longer than we let through.
const TOO_LONG: u8 = 1;
/// A message said that it is compressed: how much it becomes, nobody can tell.
const COMPRESSED: u8 = 2;

impl Refused {
    /// The fault of whoever sent the body, if it was not let through.
    pub(super) fn fault(&self) -> Option<Fault> {
        match self.0.load(Ordering::Relaxed) {
            TOO_LONG => Some(super::input::too_large()),
            COMPRESSED => Some(Fault::new(Reason::MalformedRequest, "messages must not be compressed")),
            _ => None,
        }
    }
}

impl<B> Limited<B> {
    /// Lets plain messages of at most so many bytes through. When another is met the body fails, and why is told.
    pub(super) fn new(body: B, most: usize) -> (Self, Refused) {
        let refused = Refused::default();
        let limited = Self { body, most, left: 0, prefix: [0; PREFIX], have: 0, refused: refused.clone() };
        (limited, refused)
    }

    /// Follows the prefixes through a piece of the body; 0 if there is nothing to refuse.
    fn follow(&mut self, mut data: &[u8]) -> u8 {
        while !data.is_empty() {
            let passed = self.left.min(data.len());
            self.left -= passed;
            data = &data[passed..];
            let taken = data.len().min(PREFIX - self.have);
            self.prefix[self.have..self.have + taken].copy_from_slice(&data[..taken]);
            self.have += taken;
            data = &data[taken..];
            if self.have == PREFIX {
                let [flag, a, b, c, d] = self.prefix;
                self.left = u32::from_be_bytes([a, b, c, d]) as usize;
                self.have = 0;
                if flag != 0 {
                    return COMPRESSED;
                }
                if self.left > self.most {
                    return TOO_LONG;
                }
            }
        }
        0
    }
}

impl<B> http_body::Body for Limited<B>
where
    B: http_body::Body<Data = Bytes> + Unpin,
    B::Error: Into<tonic::codegen::StdError>,
{
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        let Some(frame) = ready!(Pin::new(&mut self.body).poll_frame(cx)) else { return Poll::Ready(None) };
        let frame = frame.map_err(|error| Status::from_error(error.into()))?;
        let refused = frame.data_ref().map_or(0, |data| self.follow(data));
        if refused != 0 {
            self.refused.0.store(refused, Ordering::Relaxed);
            return Poll::Ready(Some(Err(Status::cancelled("a message is not let through"))));
        }
        Poll::Ready(Some(Ok(frame)))
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures::stream;
    use http_body_util::StreamBody;

    fn answer(pieces: Vec<Bytes>, trailers: Option<HeaderMap>) -> Response<Body> {
        let data = pieces.into_iter().map(|piece| Ok::<_, Status>(Frame::data(piece)));
        let frames: Vec<_> = data.chain(trailers.map(|trailers| Ok(Frame::trailers(trailers)))).collect();
        Response::new(Body::new(StreamBody::new(stream::iter(frames))))
    }

    fn status(code: &'static str) -> Option<HeaderMap> {
        Some(HeaderMap::from_iter([(http::HeaderName::from_static("grpc-status"), code.parse().unwrap())]))
    }

    #[tokio::test]
    async fn messages_are_read_however_the_bytes_are_cut() {
        let whole = [frame(b"one"), frame(b""), frame(&[7; 300])].concat();
        for size in [1, 4, 5, 6, 64, 1_000] {
            let pieces = whole.chunks(size).map(Bytes::copy_from_slice).collect();
            let mut messages = Messages::of(answer(pieces, status("0"))).unwrap();
            assert_eq!(messages.next().await.unwrap().unwrap(), "one");
            assert_eq!(messages.next().await.unwrap().unwrap(), "");
            assert_eq!(messages.next().await.unwrap().unwrap(), vec![7; 300]);
            assert!(messages.next().await.unwrap().is_none());
        }
    }

    #[tokio::test]
    async fn an_answer_that_is_no_answer_is_a_fault_of_ours() {
        let one = frame(b"one");
        let cases = [
            answer(vec![one.clone()], None),
            answer(vec![one.slice(..6)], status("0")),
            answer(vec![], status("0")),
            answer(vec![one.clone(), one.clone()], status("0")),
            answer(vec![Bytes::from_static(&[1, 0, 0, 0, 0])], status("0")),
            answer(vec![Bytes::from_static(&[0, 255, 255, 255, 255])], status("0")),
        ];
        for case in cases {
            assert_eq!(Messages::of(case).unwrap().only().await.unwrap_err().reason(), "INTERNAL");
        }
    }

    #[tokio::test]
    async fn a_failure_in_head_or_trailers_is_the_callers_to_read() {
        let failed = Messages::of(answer(vec![], status("5"))).unwrap().only().await.unwrap_err();
        assert_eq!(failed.http(), 404);
        let mut head = answer(vec![], None);
        *head.headers_mut() = status("16").unwrap();
        assert_eq!(Messages::of(head).err().unwrap().http(), 401);
    }

    #[tokio::test]
    async fn a_message_too_long_is_stopped_at_its_prefix() {
        let pass = |most: usize, size: usize| async move {
            let whole = [frame(&[1; 10]), frame(&[2; 20])].concat();
            let pieces = whole.chunks(size).map(Bytes::copy_from_slice).collect();
            let (limited, refused) = Limited::new(answer(pieces, None).into_body(), most);
            let passed = limited.collect().await;
            assert_eq!(passed.is_err(), refused.fault().is_some());
            passed.is_ok()
        };
        for size in [1, 3, 7, 100] {
            assert!(pass(20, size).await, "{size}");
            assert!(!pass(19, size).await, "{size}");
        }
    }
}

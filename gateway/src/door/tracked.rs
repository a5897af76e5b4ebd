//! Bodies that pass through: how the call ended is noted, and a stream ends when its caller may go on no longer.

use super::access::{Ending, Visit};
use super::reading::Reading;
use bytes::Bytes;
use fault::Fault;
use http::{HeaderMap, Response};
use http_body::{Frame, SizeHint};
use std::pin::Pin;
use std::task::{Context, Poll};
use tonic::Status;
use tonic::body::Body;

/// Ends a stream, with the reason.
pub(super) type Over = Pin<Box<dyn Future<Output = Fault> + Send>>;

/// What a gRPC answer is led through.
pub(super) struct Track {
    ending: Ending,
    over: Option<Over>,
}

impl Track {
    pub(super) fn new(ending: Ending, over: Option<Over>) -> Self {
        Self { ending, over }
    }

    /// Leads an answer through.
    pub(super) fn through(self, response: Response<Body>) -> Response<Body> {
        self.ending.read(response.headers());
        response.map(|body| Body::new(Tracked { body, track: self, ended: false }))
    }
}

/// A gRPC answer's body on its way through.
struct Tracked {
    body: Body,
    track: Track,
    ended: bool,
}

impl http_body::Body for Tracked {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        if self.ended {
            return Poll::Ready(None);
        }
        if let Some(Poll::Ready(fault)) = self.track.over.as_mut().map(|over| over.as_mut().poll(cx)) {
            self.ended = true;
            let trailers = trailers(fault);
            self.track.ending.read(&trailers);
            return Poll::Ready(Some(Ok(Frame::trailers(trailers))));
        }
        let frame = Pin::new(&mut self.body).poll_frame(cx);
        if let Poll::Ready(Some(Ok(frame))) = &frame
            && let Some(trailers) = frame.trailers_ref()
        {
            self.track.ending.read(trailers);
        }
        frame
    }

    fn is_end_stream(&self) -> bool {
        self.ended || self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

fn trailers(fault: Fault) -> HeaderMap {
    let mut headers = HeaderMap::new();
    // A status that cannot be written leaves the trailers empty, which every client takes for a failure.
    let _ = Status::from(fault).add_header(&mut headers);
    headers
}

/// How much of an answer is handed over at a time; what is larger waits here until the client has taken what came before.
pub(super) const PORTION: usize = 64 << 10;

/// An answer's body that keeps its request's record until the client has taken it, so that a client who asks for much and
/// reads nothing has its places full and not our memory.
pub(super) struct Kept {
    body: Body,
    /// What is left of a piece that was larger than a portion.
    rest: Bytes,
    /// Whether the client takes it.
    reading: Option<Reading>,
    _visit: Visit,
}

impl Kept {
    pub(super) fn new(body: Body, visit: Visit, reading: Option<Reading>) -> Self {
        Self { body, rest: Bytes::new(), reading, _visit: visit }
    }

    fn portion(&mut self) -> Frame<Bytes> {
        if let Some(reading) = &self.reading {
            reading.handed();
        }
        Frame::data(self.rest.split_to(self.rest.len().min(PORTION)))
    }
}

impl http_body::Body for Kept {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        if !self.rest.is_empty() {
            return Poll::Ready(Some(Ok(self.portion())));
        }
        let polled = Pin::new(&mut self.body).poll_frame(cx);
        match polled {
            Poll::Ready(Some(Ok(frame))) => Poll::Ready(Some(Ok(match frame.into_data() {
                Ok(data) => {
                    self.rest = data;
                    self.portion()
                }
                Err(other) => other,
            }))),
            other => {
                if let Some(reading) = &self.reading {
                    reading.wanted();
                }
                other
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        self.rest.is_empty() && self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        let (hint, rest) = (self.body.size_hint(), self.rest.len() as u64);
        let mut whole = SizeHint::new();
        whole.set_lower(hint.lower() + rest);
        if let Some(upper) = hint.upper() {
            whole.set_upper(upper + rest);
        }
        whole
    }
}

//! Streams of answers over HTTP: server-sent events (WHATWG HTML, 9.2), or one JSON object a line.

use super::access::{Ending, Visit};
use super::frames::Messages;
use super::method::Target;
use super::over::{Opened, until_over};
use super::rest::{Call, to_json};
use super::tracked::Over;
use super::wire;
use bytes::Bytes;
use fault::{Fault, Problem};
use futures::stream;
use http::Response;
use http::header::{self, HeaderMap, HeaderName, HeaderValue};
use http_body::Frame;
use http_body_util::StreamBody;
use std::sync::Arc;
use std::time::Duration;
use telemetry::Trace;
use tokio::time::timeout;
use tonic::body::Body;
use tonic::{Code, Status};

const EVENTS: HeaderValue = HeaderValue::from_static("text/event-stream");
pub(super) const LINES: &str = "application/x-ndjson";
/// Proxies that gather answers before they pass them on would gather a stream for ever.
const BUFFERING: HeaderName = HeaderName::from_static("x-accel-buffering");
/// After so long without an event a comment is sent, so that nobody between takes the connection for dead.
const HEARTBEAT: Duration = Duration::from_secs(15);

/// The form of a stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    Events,
    Lines,
}

impl Form {
    /// Lines if the method is for bulk or the client asks for them, events otherwise.
    pub(super) fn of(target: &Target, headers: &HeaderMap) -> Self {
        let accepted = headers.get_all(header::ACCEPT).iter().filter_map(|value| value.to_str().ok());
        let lines = accepted
            .flat_map(|value| value.split(','))
            .any(|media| media.split(';').next().is_some_and(|media| media.trim().eq_ignore_ascii_case(LINES)));
        if lines || target.is_bulk() { Self::Lines } else { Self::Events }
    }

    /// One answer: `cursor` becomes the event's id, which a browser sends back in `Last-Event-ID`.
    fn answer(self, json: &[u8], cursor: Option<&str>) -> Bytes {
        match (self, cursor) {
            (Self::Lines, _) => [json, b"\n"].concat().into(),
            (Self::Events, None) => [b"data: ", json, b"\n\n"].concat().into(),
            (Self::Events, Some(id)) => [b"id: ", id.as_bytes(), b"\ndata: ", json, b"\n\n"].concat().into(),
        }
    }

    /// The last thing of a stream that failed, since its status has long been sent.
    fn problem(self, fault: &Fault, trace: &Trace) -> Bytes {
        let json = Problem::new(fault, Some(trace.id())).to_json();
        match self {
            Self::Lines => [b"{\"problem\":", json.as_slice(), b"}\n"].concat().into(),
            Self::Events => [b"event: problem\ndata: ", json.as_slice(), b"\n\n"].concat().into(),
        }
    }

    fn heartbeat(self) -> Option<Bytes> {
        (self == Self::Events).then_some(Bytes::from_static(b":\n\n"))
    }
}

/// Where a stream's answers come from.
pub(super) trait Source: Send + 'static {
    /// The next answer; `None` at the end.
    fn next(&mut self) -> impl Future<Output = Result<Option<Bytes>, Fault>> + Send;
}

impl Source for Messages {
    fn next(&mut self) -> impl Future<Output = Result<Option<Bytes>, Fault>> + Send {
        Self::next(self)
    }
}

/// A stream on its way to the client.
struct Stream<S> {
    source: S,
    form: Form,
    target: Arc<Target>,
    trace: Trace,
    ending: Ending,
    over: Over,
    done: bool,
}

/// The answer that streams what the source gives, until it ends, the caller may read no longer, or the gateway stops.
pub(super) fn answer(call: &Call<'_>, visit: &mut Visit, source: impl Source) -> Response<Body> {
    let headers = &call.head.headers;
    let form = Form::of(call.target, headers);
    let opened = Opened::of(&call.head.extensions, headers, call.from, call.caller, call.target);
    let stream = Stream {
        source,
        form,
        target: Arc::clone(call.target),
        trace: visit.trace,
        ending: visit.ending(),
        over: Box::pin(until_over(call.door.clone(), opened)),
        done: false,
    };
    let frames = stream::unfold(stream, |mut stream| async {
        let piece = stream.piece().await?;
        Some((Ok::<_, Status>(Frame::data(piece)), stream))
    });
    let mut response = Response::new(Body::new(StreamBody::new(frames)));
    let media = if form == Form::Lines { HeaderValue::from_static(LINES) } else { EVENTS };
    response.headers_mut().insert(header::CONTENT_TYPE, media);
    response.headers_mut().insert(BUFFERING, HeaderValue::from_static("no"));
    response
}

impl<S: Source> Stream<S> {
    /// The next piece of the body; `None` at its end.
    async fn piece(&mut self) -> Option<Bytes> {
        if self.done {
            return None;
        }
        let next = loop {
            tokio::select! {
                biased;
                fault = &mut self.over => break Err(fault),
                next = timeout(HEARTBEAT, self.source.next()) => match (next, self.form.heartbeat()) {
                    (Ok(next), _) => break next,
                    (Err(_), Some(heartbeat)) => return Some(heartbeat),
                    (Err(_), None) => {}
                },
            }
        };
        let piece = next.and_then(|message| message.map(|message| self.write(&message)).transpose());
        self.done = !matches!(piece, Ok(Some(_)));
        match piece {
            Ok(Some(piece)) => Some(piece),
            Ok(None) => {
                self.ending.note(Code::Ok);
                None
            }
            Err(fault) => {
                self.ending.note(fault.code().grpc());
                Some(self.form.problem(&fault, &self.trace))
            }
        }
    }

    fn write(&self, message: &[u8]) -> Result<Bytes, Fault> {
        let json = to_json(&self.target, message)?;
        let cursor = self.target.answer_cursor.and_then(|number| wire::text(message, number));
        Ok(self.form.answer(&json, cursor.filter(|cursor| !cursor.is_empty())))
    }
}

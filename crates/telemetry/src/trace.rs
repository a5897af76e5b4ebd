//! Where a call stands in a trace (W3C Trace Context, level 2): read from a caller, given to whom we call.
//!
//! Traces are followed whether or not spans are sent anywhere, since answers, logs and events name them. What vendors
//! add in `tracestate` is not carried on.

use crate::init;
use http::{HeaderMap, HeaderName, HeaderValue};
use opentelemetry::Context;
use opentelemetry::trace::{SpanContext, SpanId, TraceContextExt as _, TraceFlags, TraceId, TraceState};
use opentelemetry_sdk::trace::{IdGenerator as _, RandomIdGenerator};
use std::fmt::Write as _;
use tracing::{Dispatch, Span};
use tracing_opentelemetry::OpenTelemetrySpanExt as _;
use tracing_subscriber::registry::{LookupSpan, Registry, SpanRef};

/// The header it travels in.
pub const TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");

/// One step of a trace: the trace's id, and the id of the span that stands for this step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Trace {
    trace: TraceId,
    span: SpanId,
    flags: TraceFlags,
}

impl Trace {
    /// The first step of a new trace.
    pub fn begin() -> Self {
        let ids = RandomIdGenerator::default();
        Self { trace: ids.new_trace_id(), span: ids.new_span_id(), flags: TraceFlags::SAMPLED }
    }

    /// The caller's step, if the caller named one properly.
    pub fn read(headers: &HeaderMap) -> Option<Self> {
        Self::parse(headers.get(TRACEPARENT)?.to_str().ok()?)
    }

    /// The step in a `traceparent`: `00-<32 hex>-<16 hex>-<2 hex>`; later versions may add parts.
    pub fn parse(text: &str) -> Option<Self> {
        let lower_hex = |part: &&str| part.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
        let mut parts = text.split('-');
        let mut part = |length: usize| parts.next().filter(|part| part.len() == length).filter(lower_hex);
        let (version, trace, span, flags) = (part(2)?, part(32)?, part(16)?, part(2)?);
        let rest = parts.next();
        if version == "ff" || version == "00" && rest.is_some() {
            return None;
        }
        let trace = TraceId::from_hex(trace).ok().filter(|id| *id != TraceId::INVALID)?;
        let span = SpanId::from_hex(span).ok().filter(|id| *id != SpanId::INVALID)?;
        let flags = TraceFlags::new(u8::from_str_radix(flags, 16).ok()?) & TraceFlags::SAMPLED;
        Some(Self { trace, span, flags })
    }

    /// The step of the span that is current here, if a call is being served.
    pub fn current() -> Option<Self> {
        Span::current().with_subscriber(|(id, dispatch)| Self::of(&registry(dispatch)?.span(id)?)).flatten()
    }

    /// The step of a span or of the nearest one around it.
    pub(crate) fn of<'r, R: LookupSpan<'r>>(span: &SpanRef<'r, R>) -> Option<Self> {
        span.scope().find_map(|span| span.extensions().get::<Self>().copied())
    }

    /// The step that a span stands for, after the caller's or as the first. From here on, [`Trace::current`] within
    /// the span, and every line logged there, know it.
    pub fn enter(span: &Span, caller: Option<Self>) -> Self {
        let own = if init::sends_spans() { Self::sent(span, caller) } else { None };
        own.unwrap_or_else(|| caller.map_or_else(Self::begin, Self::next)).told(span)
    }

    /// The first step of a new trace, with a link to the step of someone we do not know: whoever looks for it finds it, and
    /// neither its trace nor its wish to be sampled is taken over.
    pub fn enter_beside(span: &Span, stranger: Self) -> Self {
        let sent = init::sends_spans().then(|| {
            span.add_link(SpanContext::new(stranger.trace, stranger.span, stranger.flags, true, TraceState::NONE));
            Self::sent(span, None)
        });
        sent.flatten().unwrap_or_else(Self::begin).told(span)
    }

    /// Lets the span know that it stands for this step.
    fn told(self, span: &Span) -> Self {
        span.with_subscriber(|(id, dispatch)| {
            if let Some(span) = registry(dispatch).and_then(|registry| registry.span(id)) {
                span.extensions_mut().replace(self);
            }
        });
        self
    }

    /// The step as OpenTelemetry made it for a span that is to be sent.
    fn sent(span: &Span, caller: Option<Self>) -> Option<Self> {
        if let Some(caller) = caller {
            let remote = SpanContext::new(caller.trace, caller.span, caller.flags, true, TraceState::NONE);
            span.set_parent(Context::new().with_remote_span_context(remote)).ok()?;
        }
        let context = span.context();
        let own = context.span().span_context().clone();
        let flags = own.trace_flags() & TraceFlags::SAMPLED;
        own.is_valid().then_some(Self { trace: own.trace_id(), span: own.span_id(), flags })
    }

    /// The next step of the same trace.
    #[must_use]
    pub fn next(self) -> Self {
        Self { span: RandomIdGenerator::default().new_span_id(), ..self }
    }

    /// The trace's id as a number.
    pub fn number(&self) -> u128 {
        u128::from_be_bytes(self.trace.to_bytes())
    }

    /// The trace's id, 32 hexadecimal digits: what a caller reports.
    pub fn id(&self) -> String {
        self.trace.to_string()
    }

    /// The step's own id, 16 hexadecimal digits.
    pub fn span_id(&self) -> String {
        self.span.to_string()
    }

    /// The step as it travels: `00-<trace>-<span>-<flags>`.
    pub fn traceparent(&self) -> String {
        let mut text = String::with_capacity(55);
        write!(text, "00-{:032x}-{:016x}-{:02x}", self.trace, self.span, self.flags).expect("a String takes any text");
        text
    }

    /// Gives the step to whom a request goes.
    pub fn write(&self, headers: &mut HeaderMap) {
        let value = HeaderValue::try_from(self.traceparent()).expect("digits and hyphens are good in a header");
        headers.insert(TRACEPARENT, value);
    }
}

fn registry(dispatch: &Dispatch) -> Option<&Registry> {
    dispatch.downcast_ref::<Registry>()
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

    #[test]
    fn a_traceparent_reads_back_as_it_was() {
        let trace = Trace::parse(GOOD).unwrap();
        assert_eq!(trace.traceparent(), GOOD);
        assert_eq!(trace.id(), "0af7651916cd43dd8448eb211c80319c");
        assert_eq!(Trace::parse(&Trace::begin().traceparent()).unwrap().traceparent().len(), 55);
    }

    #[test]
    fn a_later_version_is_read_as_far_as_we_know_it() {
        assert!(Trace::parse(&GOOD.replacen("00", "cc", 1)).is_some());
        assert!(Trace::parse(&(GOOD.replacen("00", "cc", 1) + "-what-comes")).is_some());
    }

    #[test]
    fn what_is_no_traceparent_is_none() {
        for bad in [
            "",
            "00",
            &GOOD.replacen("00", "ff", 1),
            &GOOD.to_uppercase(),
            &(GOOD.to_owned() + "-more"),
            &GOOD[..GOOD.len() - 1],
            "00-00000000000000000000000000000000-b7ad6b7169203331-01",
            "00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01",
            "00-0af7651916cd43dd8448eb211c80319c-b7ad6b716920333é-01",
        ] {
            assert!(Trace::parse(bad).is_none(), "{bad}");
        }
    }

    #[test]
    fn the_next_step_is_of_the_same_trace() {
        let (one, two) = (Trace::parse(GOOD).unwrap(), Trace::parse(GOOD).unwrap().next());
        assert_eq!(one.id(), two.id());
        assert_ne!(one.span_id(), two.span_id());
    }
}

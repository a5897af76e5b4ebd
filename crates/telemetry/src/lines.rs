//! The log as one JSON object a line, each naming the trace it belongs to.

use crate::Trace;
use chrono::{SecondsFormat, Utc};
use serde::ser::{SerializeMap as _, Serializer as _};
use std::fmt;
use tracing::{Event, Subscriber};
use tracing_serde::{AsSerde as _, SerdeMapVisitor};
use tracing_subscriber::field::RecordFields;
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields};
use tracing_subscriber::registry::LookupSpan;

/// Writes an event as JSON: time, level, target, trace, then the message and the event's own fields.
pub(crate) struct JsonLines;

impl<S, N> FormatEvent<S, N> for JsonLines
where
    S: Subscriber + for<'r> LookupSpan<'r>,
    N: for<'w> FormatFields<'w> + 'static,
{
    fn format_event(&self, context: &FmtContext<'_, S, N>, mut to: Writer<'_>, event: &Event<'_>) -> fmt::Result {
        let mut line = Vec::with_capacity(256);
        let trace = context.event_scope().and_then(|mut scope| Trace::of(&scope.next()?));
        write_line(&mut line, event, trace).map_err(|_| fmt::Error)?;
        line.push(b'\n');
        to.write_str(str::from_utf8(&line).map_err(|_| fmt::Error)?)
    }
}

fn write_line(line: &mut Vec<u8>, event: &Event<'_>, trace: Option<Trace>) -> Result<(), serde_json::Error> {
    let metadata = event.metadata();
    let mut serializer = serde_json::Serializer::new(line);
    let mut map = serializer.serialize_map(None)?;
    map.serialize_entry("time", &Utc::now().to_rfc3339_opts(SecondsFormat::Micros, true))?;
    map.serialize_entry("level", &metadata.level().as_serde())?;
    map.serialize_entry("target", metadata.target())?;
    // An event may name the trace itself, when it is told outside of the span.
    let names_it = metadata.fields().field("trace_id").is_some();
    if let Some(trace) = trace.filter(|_| !names_it) {
        map.serialize_entry("trace_id", &trace.id())?;
        map.serialize_entry("span_id", &trace.span_id())?;
    }
    let mut fields = SerdeMapVisitor::new(map);
    event.record(&mut fields);
    fields.finish()
}

/// Writes nothing: the fields of spans are for OTLP, and formatting them would cost every call.
pub(crate) struct NoFields;

impl<'w> FormatFields<'w> for NoFields {
    fn format_fields<R: RecordFields>(&self, _: Writer<'w>, _: R) -> fmt::Result {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io;
    use std::sync::{Arc, Mutex};
    use tracing_subscriber::layer::SubscriberExt as _;

    #[derive(Clone, Default)]
    struct Page(Arc<Mutex<Vec<u8>>>);

    impl io::Write for Page {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn logged(what: impl FnOnce()) -> Vec<serde_json::Value> {
        let page = Page::default();
        let to = page.clone();
        let layer = tracing_subscriber::fmt::layer();
        let layer = layer.event_format(JsonLines).fmt_fields(NoFields).with_writer(move || to.clone());
        tracing::subscriber::with_default(tracing_subscriber::registry().with(layer), what);
        let text = String::from_utf8(page.0.lock().unwrap().clone()).unwrap();
        text.lines().map(|line| serde_json::from_str(line).expect("a line is one JSON object")).collect()
    }

    #[test]
    fn a_line_names_the_trace_of_the_call_it_was_logged_in_however_deep() {
        let caller = Trace::begin();
        let lines = logged(|| {
            let call = tracing::error_span!("call");
            let own = Trace::enter(&call, Some(caller));
            let _call = call.enter();
            assert_eq!(Trace::current(), Some(own));
            let _step = tracing::info_span!("step", secret = "hunter2").entered();
            assert_eq!(Trace::current(), Some(own));
            tracing::warn!(record = "missions/fra", tries = 2, "the line\nbreaks");
        });
        let [line] = lines.as_slice() else { panic!("{lines:?}") };
        assert_eq!(line["trace_id"], caller.id());
        assert_ne!(line["span_id"], caller.span_id());
        assert_eq!((&line["level"], &line["message"]), (&"WARN".into(), &"the line\nbreaks".into()));
        assert_eq!((&line["record"], &line["tries"]), (&"missions/fra".into(), &2.into()));
        assert!(!line.to_string().contains("hunter2"));
    }

    #[test]
    fn a_line_outside_of_a_call_names_no_trace() {
        let lines = logged(|| tracing::info!("started"));
        assert_eq!(lines.len(), 1);
        assert!(lines[0].get("trace_id").is_none());
        assert!(Trace::current().is_none());
    }
}

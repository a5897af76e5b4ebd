//! What the relay and the consumers count.

use opentelemetry::KeyValue;
use opentelemetry::metrics::{Counter, Gauge};
use telemetry::metric;

/// What the relay of one service counts.
#[derive(Debug)]
pub(crate) struct RelayMetrics {
    service: [KeyValue; 1],
    published: Counter<u64>,
    failures: Counter<u64>,
    waiting: Gauge<i64>,
    sealed: Counter<u64>,
}

impl RelayMetrics {
    pub(crate) fn new(service: &str) -> Self {
        let meter = metric::meter();
        Self {
            service: [KeyValue::new(metric::SERVICE, service.to_owned())],
            published: meter.u64_counter(metric::OUTBOX_PUBLISHED).with_description("events published").build(),
            failures: meter
                .u64_counter(metric::OUTBOX_FAILURES)
                .with_description("tries to publish that Redis did not take")
                .build(),
            waiting: meter
                .i64_gauge(metric::OUTBOX_WAITING)
                .with_description("events committed and not yet published")
                .build(),
            sealed: meter.u64_counter(metric::AUDIT_SEALED).with_description("audit rows sealed").build(),
        }
    }

    pub(crate) fn published(&self, events: usize) {
        self.published.add(events as u64, &self.service);
    }

    pub(crate) fn failed(&self) {
        self.failures.add(1, &self.service);
    }

    pub(crate) fn waiting(&self, events: i64) {
        self.waiting.record(events, &self.service);
    }

    pub(crate) fn sealed(&self, rows: usize) {
        self.sealed.add(rows as u64, &self.service);
    }
}

/// What one consumer group counts.
#[derive(Debug)]
pub(crate) struct ConsumerMetrics {
    group: [KeyValue; 1],
    taken: Counter<u64>,
    known: Counter<u64>,
    failed: Counter<u64>,
    dead: Counter<u64>,
}

impl ConsumerMetrics {
    pub(crate) fn new(group: &str) -> Self {
        let meter = metric::meter();
        Self {
            group: [KeyValue::new(metric::CONSUMER_GROUP, group.to_owned())],
            taken: meter.u64_counter(metric::INBOX_TAKEN).with_description("events that had their effect").build(),
            known: meter.u64_counter(metric::INBOX_KNOWN).with_description("events that came again").build(),
            failed: meter.u64_counter(metric::INBOX_FAILED).with_description("tries that a handler failed").build(),
            dead: meter.u64_counter(metric::INBOX_DEAD).with_description("events put in the dead letters").build(),
        }
    }

    pub(crate) fn taken(&self) {
        self.taken.add(1, &self.group);
    }

    pub(crate) fn known(&self) {
        self.known.add(1, &self.group);
    }

    pub(crate) fn failed(&self) {
        self.failed.add(1, &self.group);
    }

    pub(crate) fn dead(&self) {
        self.dead.add(1, &self.group);
    }
}

//! What the relay and the consumers count.

use opentelemetry::metrics::{Counter, Gauge};
use opentelemetry::{KeyValue, global};

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
        let meter = global::meter("legation.events");
        Self {
            service: [KeyValue::new("service", service.to_owned())],
            published: meter.u64_counter("legation.outbox.published").with_description("events published").build(),
            failures: meter
                .u64_counter("legation.outbox.failures")
                .with_description("tries to publish that Redis did not take")
                .build(),
            waiting: meter
                .i64_gauge("legation.outbox.waiting")
                .with_description("events committed and not yet published")
                .build(),
            sealed: meter.u64_counter("legation.audit.sealed").with_description("audit rows sealed").build(),
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
        let meter = global::meter("legation.events");
        Self {
            group: [KeyValue::new("group", group.to_owned())],
            taken: meter.u64_counter("legation.inbox.taken").with_description("events that had their effect").build(),
            known: meter.u64_counter("legation.inbox.known").with_description("events that came again").build(),
            failed: meter.u64_counter("legation.inbox.failed").with_description("tries that a handler failed").build(),
            dead: meter.u64_counter("legation.inbox.dead").with_description("events put in the dead letters").build(),
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

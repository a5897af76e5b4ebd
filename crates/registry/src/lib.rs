//! Keeps records: current state, whole history, audit, idempotency, search, timers; in one transaction.

//! Traces over OTLP, JSON logs, W3C propagation, and the names of metrics.

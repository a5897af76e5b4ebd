//! Stories, chaos, conformance and benchmarks against the real thing.

//! The pool, the one cancel-safe begin, retry on serialization failure, named constraints to meaning, the migration gate.

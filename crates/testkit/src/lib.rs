//! Tests against the real thing: databases from a template, services in process, tokens, a proxy that cuts connections, the conformance suite.

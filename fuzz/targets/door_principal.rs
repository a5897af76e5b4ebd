//! What calls a service past the gateway with a token of its own making is nobody.
#![no_main]

use identity::{Signer, Verifier};
use libfuzzer_sys::fuzz_target;
use std::sync::LazyLock;

static VERIFIER: LazyLock<Verifier> = LazyLock::new(|| Signer::generate().verifier());

fuzz_target!(|token: &str| {
    let now = "2026-05-01T00:00:00Z".parse().expect("an instant");
    assert!(VERIFIER.check(token, now).is_err());
});

//! Sealed JSON is read or refused; the canonical form of what is JSON is its own canonical form.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let _ = seal::SealedJson::read(text);
    if let Some(form) = seal::canonical(text) {
        assert_eq!(seal::canonical(&form).as_ref(), Some(&form));
    }
});

//! A text is an API key or none; what is one says the same text again, and is no other key's.
#![no_main]

use identity::ApiKeyText;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let Some(key) = ApiKeyText::parse(text) else { return };
    assert_eq!(key.expose(), text);
    assert!(text[3..].starts_with(key.id()));
    assert!(key.matches(&key.sha256_hex()) && !key.matches(""));
});

//! The bytes of a barcode are a seal or none; no seal of these bytes is believed by a key that did not make it.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(sealed) = seal::read(bytes) {
        let _ = (seal::Visa::of(&sealed), seal::Emergency::of(&sealed), seal::Passport::of(&sealed));
        let trust = seal::Trust::default();
        assert!(trust.judge(&sealed, sealed.seal.header.signed).is_err());
    }
});

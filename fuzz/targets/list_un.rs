//! A publication of the Security Council is read whole or refused with the line.
#![no_main]

use screening::lists::read_un;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|xml: &str| {
    if let Err(broken) = read_un("list", xml) {
        assert!(broken.line > 0);
    }
});

//! A publication of OFAC is read whole or refused with the line.
#![no_main]

use screening::lists::{OfacFiles, read_ofac};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|files: (&[u8], &[u8], &[u8])| {
    let (sdn, alt, add) = files;
    match read_ofac("list", OfacFiles { sdn, alt, add }) {
        Ok(entries) => assert!(!entries.is_empty()),
        Err(broken) => assert!(broken.line > 0),
    }
});

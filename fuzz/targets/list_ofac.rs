//! A publication of OFAC is read whole or refused with the line. Its three files are told apart by the byte 0x1C.
#![no_main]

use libfuzzer_sys::fuzz_target;
use screening::lists::{OfacFiles, read_ofac};

fuzz_target!(|bytes: &[u8]| {
    let mut files = bytes.splitn(3, |byte| *byte == 0x1c);
    let [sdn, alt, add] = std::array::from_fn(|_| files.next().unwrap_or_default());
    match read_ofac("list", OfacFiles { sdn, alt, add }) {
        Ok(entries) => assert!(!entries.is_empty()),
        Err(broken) => assert!(broken.line > 0),
    }
});

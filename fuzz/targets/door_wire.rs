//! The bytes of a message, as a service or a native client sends them, become JSON or are refused.
#![no_main]

use libfuzzer_sys::fuzz_target;
use proto::contract::contract;
use transcode::tables;

fuzz_target!(|input: (u16, &[u8])| {
    let (which, wire) = input;
    let methods = contract().methods();
    let method = &methods[usize::from(which) % methods.len()];
    for descriptor in [method.descriptor().input(), method.descriptor().output()] {
        let message = tables().message(descriptor.full_name()).expect("every message is in the tables");
        drop(message.check(wire));
        let mut json = Vec::new();
        if message.to_json(wire, &mut json).is_ok() {
            serde_json::from_slice::<serde_json::Value>(&json).expect("what was written is JSON");
        }
    }
});

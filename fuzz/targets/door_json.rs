//! JSON becomes a message or is refused; what became one is written as JSON, and that reads the same again.
#![no_main]

use libfuzzer_sys::fuzz_target;
use proto::contract::contract;
use transcode::tables;

fuzz_target!(|input: (u16, &[u8])| {
    let (which, json) = input;
    let methods = contract().methods();
    let name = methods[usize::from(which) % methods.len()].descriptor().input().full_name().to_owned();
    let message = tables().message(&name).expect("every request is in the tables");
    let (mut wire, mut text, mut again) = (Vec::new(), Vec::new(), Vec::new());
    if message.to_wire(json, &mut wire).is_err() {
        assert!(wire.is_empty(), "what was refused left something behind");
        return;
    }
    drop(message.check(&wire));
    message.to_json(&wire, &mut text).expect("what was read can be written");
    message.to_wire(&text, &mut again).expect("what was written can be read");
    let mut text_again = Vec::new();
    message.to_json(&again, &mut text_again).expect("what was read can be written");
    assert_eq!(text, text_again);
});

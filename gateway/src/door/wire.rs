//! Two things done to protobuf without decoding it: a text field is found, and one is added.

use prost::encoding::{WireType, decode_key, decode_varint, encode_key, encode_varint};

/// The text of a field of the outermost message; the last, if it is there more than once, as protobuf has it.
pub(super) fn text(mut wire: &[u8], wanted: u32) -> Option<&str> {
    let mut found = None;
    while !wire.is_empty() {
        let (number, kind) = decode_key(&mut wire).ok()?;
        let length = match kind {
            WireType::Varint => {
                decode_varint(&mut wire).ok()?;
                0
            }
            WireType::ThirtyTwoBit => 4,
            WireType::SixtyFourBit => 8,
            WireType::LengthDelimited => usize::try_from(decode_varint(&mut wire).ok()?).ok()?,
            WireType::StartGroup | WireType::EndGroup => return None,
        };
        let (value, rest) = wire.split_at_checked(length)?;
        if number == wanted && kind == WireType::LengthDelimited {
            found = Some(value);
        }
        wire = rest;
    }
    std::str::from_utf8(found?).ok()
}

/// Adds a text field. It stands over one that is there already.
pub(super) fn add_text(wire: &mut Vec<u8>, number: u32, text: &str) {
    encode_key(number, WireType::LengthDelimited, wire);
    encode_varint(text.len() as u64, wire);
    wire.extend_from_slice(text.as_bytes());
}

/// Adds a number field. It stands over one that is there already.
pub(super) fn add_number(wire: &mut Vec<u8>, number: u32, value: u64) {
    encode_key(number, WireType::Varint, wire);
    encode_varint(value, wire);
}

/// Adds a message field.
pub(super) fn add_message(wire: &mut Vec<u8>, number: u32, message: &[u8]) {
    encode_key(number, WireType::LengthDelimited, wire);
    encode_varint(message.len() as u64, wire);
    wire.extend_from_slice(message);
}

#[cfg(test)]
mod tests {
    use super::*;
    use prost::Message as _;
    use proto::gateway::v1::ApiKey;

    #[test]
    fn a_text_is_found_among_fields_of_every_kind() {
        let key = ApiKey {
            name: "apiKeys/a".into(),
            permissions: vec!["x".into(), "y".into()],
            expire_time: Some(prost_types::Timestamp { seconds: 1, nanos: 2 }),
            internal: true,
            etag: "7".into(),
            ..ApiKey::default()
        };
        let mut wire = key.encode_to_vec();
        assert_eq!(text(&wire, 31), Some("7"));
        assert_eq!(text(&wire, 30), None);
        assert_eq!(text(&wire, 7), None, "it is a bool");
        add_text(&mut wire, 31, "8");
        assert_eq!(text(&wire, 31), Some("8"));
        assert_eq!(ApiKey::decode(wire.as_slice()).unwrap().etag, "8");
        assert_eq!(text(&wire[..wire.len() - 1], 31), None, "it is cut short");
    }
}

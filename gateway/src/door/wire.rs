//! What is done to protobuf without decoding it: a field is found, or added.

use prost::encoding::{WireType, decode_key, decode_varint, encode_key, encode_varint};

/// The text of a field of the outermost message; the last, if it is there more than once, as protobuf has it.
pub(super) fn text(wire: &[u8], wanted: u32) -> Option<&str> {
    match find(wire, wanted)? {
        Found::Bytes(bytes) => std::str::from_utf8(bytes).ok(),
        Found::Number(_) => None,
    }
}

/// The bytes of a field of the outermost message; the last, if it is there more than once.
pub(super) fn bytes(wire: &[u8], wanted: u32) -> Option<&[u8]> {
    match find(wire, wanted)? {
        Found::Bytes(bytes) => Some(bytes),
        Found::Number(_) => None,
    }
}

/// The number in a field of the outermost message; the last, if it is there more than once.
pub(super) fn number(wire: &[u8], wanted: u32) -> Option<u64> {
    match find(wire, wanted)? {
        Found::Number(number) => Some(number),
        Found::Bytes(_) => None,
    }
}

enum Found<'w> {
    Number(u64),
    Bytes(&'w [u8]),
}

fn find(mut wire: &[u8], wanted: u32) -> Option<Found<'_>> {
    let mut last = None;
    while !wire.is_empty() {
        let (number, kind) = decode_key(&mut wire).ok()?;
        let found = match kind {
            WireType::Varint => Some(Found::Number(decode_varint(&mut wire).ok()?)),
            WireType::LengthDelimited => {
                let length = usize::try_from(decode_varint(&mut wire).ok()?).ok()?;
                Some(Found::Bytes(wire.split_off(..length)?))
            }
            WireType::ThirtyTwoBit => wire.split_off(..4).map(|_| None)?,
            WireType::SixtyFourBit => wire.split_off(..8).map(|_| None)?,
            WireType::StartGroup | WireType::EndGroup => return None,
        };
        if number == wanted {
            last = found.or(last);
        }
    }
    last
}

/// Adds a number field. It stands over one that is there already.
pub(crate) fn add_number(wire: &mut Vec<u8>, number: u32, value: u64) {
    encode_key(number, WireType::Varint, wire);
    encode_varint(value, wire);
}

/// Adds a field of bytes: a message, or text, which then stands over one that is there already.
pub(crate) fn add_bytes(wire: &mut Vec<u8>, number: u32, bytes: &[u8]) {
    encode_key(number, WireType::LengthDelimited, wire);
    encode_varint(bytes.len() as u64, wire);
    wire.extend_from_slice(bytes);
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
        assert_eq!(number(&wire, 7), Some(1));
        assert_eq!((bytes(&wire, 31), bytes(&wire, 7)), (Some(b"7".as_slice()), None));
        add_bytes(&mut wire, 31, b"8");
        add_number(&mut wire, 7, 0);
        assert_eq!((text(&wire, 31), number(&wire, 7)), (Some("8"), Some(0)));
        let read = ApiKey::decode(wire.as_slice()).unwrap();
        assert_eq!((read.etag.as_str(), read.internal), ("8", false));
        assert_eq!(text(&wire[..wire.len() - 1], 31), None, "it is cut short");
    }
}

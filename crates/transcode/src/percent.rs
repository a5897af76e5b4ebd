//! Percent-encoding undone, once (RFC 3986, section 2.1).

use std::borrow::Cow;

/// The text behind percent-encoding; none if an escape is incomplete or the bytes are no UTF-8.
pub(crate) fn decode(text: &str) -> Option<Cow<'_, str>> {
    if !text.contains('%') {
        return Some(Cow::Borrowed(text));
    }
    let hex = |byte: u8| char::from(byte).to_digit(16);
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, after @ ..] = rest {
        rest = after;
        if *first != b'%' {
            bytes.push(*first);
            continue;
        }
        let [high, low, after @ ..] = rest else { return None };
        bytes.push((hex(*high)? * 16 + hex(*low)?) as u8);
        rest = after;
    }
    String::from_utf8(bytes).ok().map(Cow::Owned)
}

/// As [`decode`], for a query, where a plus sign stands for a space.
pub(crate) fn decode_query(text: &str) -> Option<Cow<'_, str>> {
    if !text.contains('+') {
        return decode(text);
    }
    decode(&text.replace('+', " ")).map(|text| Cow::Owned(text.into_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_are_undone_once() {
        assert_eq!(decode("a%2Fb%252F%C3%A9+").as_deref(), Some("a/b%2Fé+"));
        assert_eq!(decode_query("a+b%2B").as_deref(), Some("a b+"));
        for wrong in ["%", "%2", "%zz", "%+1", "%ff", "%C3"] {
            assert_eq!(decode(wrong), None, "{wrong}");
        }
    }
}

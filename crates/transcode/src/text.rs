//! Writes JSON's scalars: text with escapes, numbers, base64.

use crate::wire::Broken;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

const ONES: u64 = 0x0101_0101_0101_0101;
const HIGHS: u64 = 0x8080_8080_8080_8080;

/// Has its lowest set bit in the first byte that JSON text cannot hold as it is: a control, a quote, a backslash.
#[inline]
pub(crate) fn special(word: u64) -> u64 {
    let zero = |word: u64| word.wrapping_sub(ONES) & !word;
    let control = word.wrapping_sub(ONES * 0x20) & !word;
    (control | zero(word ^ (ONES * b'"' as u64)) | zero(word ^ (ONES * b'\\' as u64))) & HIGHS
}

/// Whether the bytes are ASCII that JSON can hold as it is: valid UTF-8, no control, no NUL, nothing to escape.
#[inline]
pub(crate) fn is_plain(bytes: &[u8]) -> bool {
    let (words, tail) = bytes.as_chunks::<8>();
    let odd = |word: u64| special(word) | (word & HIGHS);
    let odd_words = words.iter().fold(0, |all, word| all | odd(u64::from_le_bytes(*word)));
    let odd_tail = tail.iter().any(|&byte| !(0x20..0x80).contains(&byte) || byte == b'"' || byte == b'\\');
    odd_words == 0 && !odd_tail
}

/// Writes wire bytes of a string field as JSON text.
#[inline]
pub(crate) fn put_text(out: &mut Vec<u8>, bytes: &[u8]) -> Result<(), Broken> {
    out.push(b'"');
    if is_plain(bytes) {
        out.extend_from_slice(bytes);
    } else {
        put_escaped(out, bytes)?;
    }
    out.push(b'"');
    Ok(())
}

fn put_escaped(out: &mut Vec<u8>, bytes: &[u8]) -> Result<(), Broken> {
    if std::str::from_utf8(bytes).is_err() {
        return Err(Broken("a text is not UTF-8"));
    }
    let mut written = 0;
    for (at, &byte) in bytes.iter().enumerate() {
        if byte >= 0x20 && byte != b'"' && byte != b'\\' {
            continue;
        }
        out.extend_from_slice(&bytes[written..at]);
        written = at + 1;
        match byte {
            b'"' | b'\\' => out.extend_from_slice(&[b'\\', byte]),
            b'\n' => out.extend_from_slice(b"\\n"),
            b'\r' => out.extend_from_slice(b"\\r"),
            b'\t' => out.extend_from_slice(b"\\t"),
            _ => {
                let hex = |digit: u8| b"0123456789abcdef"[usize::from(digit)];
                out.extend_from_slice(&[b'\\', b'u', b'0', b'0', hex(byte >> 4), hex(byte & 15)]);
            }
        }
    }
    out.extend_from_slice(&bytes[written..]);
    Ok(())
}

/// Writes bytes as base64 text.
pub(crate) fn put_base64(out: &mut Vec<u8>, bytes: &[u8]) {
    out.push(b'"');
    let start = out.len();
    out.resize(start + bytes.len().div_ceil(3) * 4, 0);
    STANDARD.encode_slice(bytes, &mut out[start..]).expect("four characters were made room for per three bytes");
    out.push(b'"');
}

/// Writes an integer.
#[inline]
pub(crate) fn put_integer(out: &mut Vec<u8>, value: impl itoa::Integer) {
    out.extend_from_slice(itoa::Buffer::new().format(value).as_bytes());
}

/// Writes a 64-bit integer, as text since JSON's readers keep 53 bits.
#[inline]
pub(crate) fn put_quoted(out: &mut Vec<u8>, value: impl itoa::Integer) {
    out.push(b'"');
    put_integer(out, value);
    out.push(b'"');
}

/// Writes a floating-point number with as few digits as tell it from its neighbours; what is not finite as text.
pub(crate) fn put_double(out: &mut Vec<u8>, value: f64) {
    match not_finite(value) {
        Some(name) => out.extend_from_slice(name),
        None => serde_json::to_writer(out, &value).expect("a Vec takes every byte"),
    }
}

/// As [`put_double`], for 32 bits.
pub(crate) fn put_float(out: &mut Vec<u8>, value: f32) {
    match not_finite(value.into()) {
        Some(name) => out.extend_from_slice(name),
        None => serde_json::to_writer(out, &value).expect("a Vec takes every byte"),
    }
}

fn not_finite(value: f64) -> Option<&'static [u8]> {
    if value.is_finite() {
        None
    } else if value.is_nan() {
        Some(b"\"NaN\"")
    } else if value > 0.0 {
        Some(b"\"Infinity\"")
    } else {
        Some(b"\"-Infinity\"")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_escaped_as_serde_json_does() {
        let mut texts: Vec<_> =
            (0..0x250_u32).filter_map(char::from_u32).map(|c| format!("{c}abcdefg{c}{c}hi")).collect();
        texts.extend(["", "plain", "seven77", "eight888", "nine99999", "é\u{1F600}\u{7f}"].map(str::to_owned));
        for text in texts {
            let mut out = Vec::new();
            put_text(&mut out, text.as_bytes()).unwrap();
            assert_eq!(serde_json::from_slice::<String>(&out).unwrap(), text);
            let needs_none = serde_json::to_string(&text).unwrap().len() == text.len() + 2 && text.is_ascii();
            assert_eq!(is_plain(text.as_bytes()), needs_none, "{text:?}");
        }
        assert!(put_text(&mut Vec::new(), b"abc\xff").is_err());
    }
}

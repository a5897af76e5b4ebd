//! The grammar of JSON's numbers (RFC 8259, section 6).

/// How many bytes the number at the front takes, by JSON's grammar.
pub(crate) fn number_length(text: &[u8]) -> Option<usize> {
    let digits = |from: usize| text[from..].iter().take_while(|byte| byte.is_ascii_digit()).count();
    let mut at = usize::from(text.first() == Some(&b'-'));
    at += match (text.get(at)?, digits(at)) {
        (_, 0) => return None,
        (b'0', _) => 1,
        (_, whole) => whole,
    };
    if text.get(at) == Some(&b'.') {
        let fraction = digits(at + 1);
        if fraction == 0 {
            return None;
        }
        at += 1 + fraction;
    }
    if let Some(b'e' | b'E') = text.get(at) {
        let sign = usize::from(matches!(text.get(at + 1), Some(b'+' | b'-')));
        let exponent = digits((at + 1 + sign).min(text.len()));
        if exponent == 0 {
            return None;
        }
        at += 1 + sign + exponent;
    }
    Some(at)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_as_long_as_the_grammar_has_it() {
        for (text, length) in
            [("0", 1), ("-0", 2), ("10,", 2), ("01", 1), ("1.50]", 4), ("1e5", 3), ("-1.5E-07 ", 8), ("0.0", 3)]
        {
            assert_eq!(number_length(text.as_bytes()), Some(length), "{text}");
        }
        for wrong in ["", "-", "+1", ".5", "1.", "1.e5", "1e", "1e+", "-x", "NaN"] {
            assert_eq!(number_length(wrong.as_bytes()), None, "{wrong}");
        }
    }
}

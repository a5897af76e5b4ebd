//! Canonical JSON (RFC 8785): the one form of a text, so that what was signed is what is verified.

use serde::de::{Deserializer, Error, MapAccess, Visitor};
use serde_json::value::RawValue;
use std::collections::HashSet;
use std::fmt;
use std::fmt::Write as _;

/// How deep JSON may be nested.
const DEEPEST: usize = 64;

/// JSON in its canonical form; none if it is no I-JSON (RFC 7493): a name stands twice in an object, or a number is none
/// that a double can be. Numbers are read exactly, which readers of values do not promise.
///
/// ```
/// let form = seal::canonical("{ \"b\": [1.0, 1e21, \"\\u00e9\\n\"], \"a\": null }").expect("it is I-JSON");
/// assert_eq!(form, r#"{"a":null,"b":[1,1e+21,"é\n"]}"#);
/// assert_eq!(seal::canonical(r#"{"a":1,"a":2}"#), None);
/// ```
pub fn canonical(json: &str) -> Option<String> {
    let mut text = String::new();
    write(serde_json::from_str(json).ok()?, 0, &mut text)?;
    Some(text)
}

fn write(value: &RawValue, depth: usize, text: &mut String) -> Option<()> {
    let json = value.get();
    if depth > DEEPEST {
        return None;
    }
    match json.as_bytes().first()? {
        b'"' => quoted(&serde_json::from_str::<String>(json).ok()?, text),
        b'[' => {
            text.push('[');
            for (index, item) in serde_json::from_str::<Vec<&RawValue>>(json).ok()?.into_iter().enumerate() {
                if index > 0 {
                    text.push(',');
                }
                write(item, depth + 1, text)?;
            }
            text.push(']');
        }
        b'{' => {
            let mut fields = serde_json::Deserializer::from_str(json).deserialize_map(Fields).ok()?;
            // By their UTF-16 code units (RFC 8785, 3.2.3), which is not the order of their bytes.
            fields.sort_by(|(one, _), (other, _)| one.encode_utf16().cmp(other.encode_utf16()));
            text.push('{');
            for (index, (name, value)) in fields.into_iter().enumerate() {
                if index > 0 {
                    text.push(',');
                }
                quoted(&name, text);
                text.push(':');
                write(value, depth + 1, text)?;
            }
            text.push('}');
        }
        b't' | b'f' | b'n' => text.push_str(json),
        _ => text.push_str(&written(json.parse().ok().filter(|number: &f64| number.is_finite())?)),
    }
    Some(())
}

/// Reads an object whose names stand once.
struct Fields;

impl<'de> Visitor<'de> for Fields {
    type Value = Vec<(String, &'de RawValue)>;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let (mut fields, mut seen) = (Vec::new(), HashSet::new());
        while let Some((name, value)) = map.next_entry::<String, &RawValue>()? {
            if !seen.insert(name.clone()) {
                return Err(A::Error::custom("a name stands twice"));
            }
            fields.push((name, value));
        }
        Ok(fields)
    }
}

fn quoted(string: &str, text: &mut String) {
    text.push('"');
    for character in string.chars() {
        match character {
            '"' => text.push_str("\\\""),
            '\\' => text.push_str("\\\\"),
            '\u{8}' => text.push_str("\\b"),
            '\t' => text.push_str("\\t"),
            '\n' => text.push_str("\\n"),
            '\u{c}' => text.push_str("\\f"),
            '\r' => text.push_str("\\r"),
            control if control < ' ' => {
                write!(text, "\\u{:04x}", u32::from(control)).expect("a String takes any text");
            }
            other => text.push(other),
        }
    }
    text.push('"');
}

/// A number as ECMAScript writes it (ECMA-262, Number::toString), from the fewest digits that say which it is.
fn written(number: f64) -> String {
    if number == 0.0 {
        return "0".to_owned();
    }
    // Rust's own form has so many digits; of two that are as near, ECMAScript takes the even one, as exact rounding does.
    let shortest = format!("{:e}", number.abs());
    let count = shortest.bytes().take_while(|byte| *byte != b'e').filter(u8::is_ascii_digit).count();
    let even = format!("{:.*e}", count - 1, number.abs());
    let scientific = if even.parse() == Ok(number.abs()) { even } else { shortest };
    let (mantissa, exponent) = scientific.split_once('e').expect("the form has an exponent");
    let digits = mantissa.replace('.', "");
    let exponent: i32 = exponent.parse().expect("the exponent is a number");
    let count = i32::try_from(digits.len()).expect("a double has few digits");
    // The decimal point stands after so many digits.
    let point = exponent + 1;
    let zeros = |count: i32| "0".repeat(usize::try_from(count).unwrap_or(0));
    let place = usize::try_from(point).unwrap_or(0);
    let plain = match point {
        1..=21 if point >= count => format!("{digits}{}", zeros(point - count)),
        1..=21 => format!("{}.{}", &digits[..place], &digits[place..]),
        -5..=0 => format!("0.{}{digits}", zeros(-point)),
        _ => {
            let (first, rest) = digits.split_at(1);
            let sign = if exponent < 0 { '-' } else { '+' };
            let point = if rest.is_empty() { "" } else { "." };
            format!("{first}{point}{rest}e{sign}{}", exponent.abs())
        }
    };
    if number < 0.0 { format!("-{plain}") } else { plain }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    /// The samples of RFC 8785, appendix B.
    #[test]
    fn numbers_of_the_standard() {
        for (bits, text) in [
            (0x0000000000000000, "0"),
            (0x8000000000000000, "0"),
            (0x0000000000000001, "5e-324"),
            (0x8000000000000001, "-5e-324"),
            (0x7fefffffffffffff, "1.7976931348623157e+308"),
            (0xffefffffffffffff, "-1.7976931348623157e+308"),
            (0x4340000000000000, "9007199254740992"),
            (0xc340000000000000, "-9007199254740992"),
            (0x4430000000000000, "295147905179352830000"),
            (0x44b52d02c7e14af5, "9.999999999999997e+22"),
            (0x44b52d02c7e14af6, "1e+23"),
            (0x44b52d02c7e14af7, "1.0000000000000001e+23"),
            (0x444b1ae4d6e2ef4e, "999999999999999700000"),
            (0x444b1ae4d6e2ef4f, "999999999999999900000"),
            (0x444b1ae4d6e2ef50, "1e+21"),
            (0x3eb0c6f7a0b5ed8c, "9.999999999999997e-7"),
            (0x3eb0c6f7a0b5ed8d, "0.000001"),
            (0x41b3de4355555553, "333333333.3333332"),
            (0x41b3de4355555554, "333333333.33333325"),
            (0x41b3de4355555555, "333333333.3333333"),
            (0xbecbf647612f3696, "-0.0000033333333333333333"),
            (0x43143ff3c1cb0959, "1424953923781206.2"),
        ] {
            assert_eq!(written(f64::from_bits(bits)), text, "{bits:016x}");
        }
    }

    /// The sample of RFC 8785, 3.2.3, and of 3.2.2.
    #[test]
    fn names_are_sorted_and_texts_escaped() {
        let value = json!({
            "\u{20ac}": "Euro Sign",
            "\r": "Carriage Return",
            "\u{fb33}": "Hebrew Letter Dalet With Dagesh",
            "1": "One",
            "\u{1f600}": "Emoji: Grinning Face",
            "\u{80}": "Control",
            "\u{f6}": "Latin Small Letter O With Diaeresis",
        });
        let expected = "{\"\\r\":\"Carriage Return\",\"1\":\"One\",\"\u{80}\":\"Control\",\"\u{f6}\":\"Latin Small Letter O With Diaeresis\",\"\u{20ac}\":\"Euro Sign\",\"\u{1f600}\":\"Emoji: Grinning Face\",\"\u{fb33}\":\"Hebrew Letter Dalet With Dagesh\"}";
        assert_eq!(canonical(&value.to_string()).unwrap(), expected);
        let text = r#"{
            "numbers": [333333333.33333329, 1E30, 4.50, 2e-3, 0.000000000000000000000000001],
            "string": "\u20ac$\u000F\u000aA'\u0042\u0022\u005c\\\"\/",
            "literals": [null, true, false]
        }"#;
        let expected = r#"{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],"string":"€$\u000f\nA'B\"\\\\\"/"}"#;
        assert_eq!(canonical(text).unwrap(), expected);
    }

    #[test]
    fn what_is_no_i_json_has_no_form() {
        let deep = |depth| "[".repeat(depth) + &"]".repeat(depth);
        assert_eq!(canonical(&deep(65)), Some(deep(65)));
        for wrong in ["", "{", r#"{"a":1,"a":1}"#, "1e999", "01", deep(66).as_str(), r#""\ud800""#] {
            assert_eq!(canonical(wrong), None, "{wrong}");
        }
    }
}

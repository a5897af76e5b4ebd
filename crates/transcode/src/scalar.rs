//! One value that is not a message: from JSON, a query or a path to the wire.

use crate::number::number_length;
use crate::table::{Kind, Tables};
use crate::wire::{put_bytes, put_varint, zigzag};
use base64::Engine as _;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use std::borrow::Cow;

const PADDING: GeneralPurposeConfig =
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
const STANDARD: GeneralPurpose = GeneralPurpose::new(&base64::alphabet::STANDARD, PADDING);
const URL_SAFE: GeneralPurpose = GeneralPurpose::new(&base64::alphabet::URL_SAFE, PADDING);

/// What is wrong with a value, a sentence without subject and full stop.
pub(crate) type Complaint = Cow<'static, str>;

/// A value as it goes on the wire.
#[derive(Debug, PartialEq)]
pub(crate) enum Scalar<'a> {
    Varint(u64),
    Fixed64(u64),
    Fixed32(u32),
    Text(Cow<'a, str>),
    Bytes(Vec<u8>),
}

impl Scalar<'_> {
    /// Whether it is the default, which a field without presence does not send.
    pub(crate) fn is_zero(&self) -> bool {
        match self {
            Self::Varint(value) | Self::Fixed64(value) => *value == 0,
            Self::Fixed32(value) => *value == 0,
            Self::Text(text) => text.is_empty(),
            Self::Bytes(bytes) => bytes.is_empty(),
        }
    }

    /// Appends it with its tag.
    #[inline]
    pub(crate) fn put(&self, tag: &[u8], out: &mut Vec<u8>) {
        match self {
            Self::Text(text) => put_bytes(out, tag, text.as_bytes()),
            Self::Bytes(bytes) => put_bytes(out, tag, bytes),
            number => {
                out.extend_from_slice(tag);
                number.put_bare(out);
            }
        }
    }

    /// Appends it alone, as an item of a packed list.
    pub(crate) fn put_bare(&self, out: &mut Vec<u8>) {
        match self {
            Self::Varint(value) => put_varint(out, *value),
            Self::Fixed64(value) => out.extend_from_slice(&value.to_le_bytes()),
            Self::Fixed32(value) => out.extend_from_slice(&value.to_le_bytes()),
            Self::Text(_) | Self::Bytes(_) => unreachable!("only numbers are packed"),
        }
    }

    pub(crate) fn boolean(value: bool) -> Self {
        Self::Varint(u64::from(value))
    }
}

/// From a number of JSON.
pub(crate) fn from_number(tables: &Tables, kind: Kind, text: &str) -> Result<Scalar<'static>, Complaint> {
    Ok(match kind {
        Kind::Double => {
            let value = text.parse::<f64>().ok().filter(|value| value.is_finite());
            Scalar::Fixed64(value.ok_or("is out of the range of a double")?.to_bits())
        }
        Kind::Float => {
            let value = text.parse::<f32>().ok().filter(|value| value.is_finite());
            Scalar::Fixed32(value.ok_or("is out of the range of a float")?.to_bits())
        }
        Kind::Enum(values) => {
            let number = whole(text, i32::MIN.into(), i32::MAX.into())? as i32;
            if !tables.values(values).knows(number) {
                return Err(format!("has no value {number}").into());
            }
            Scalar::Varint(i64::from(number).cast_unsigned())
        }
        Kind::Bool | Kind::String | Kind::Bytes | Kind::Message(_) => return Err(wrong(kind, "a number")),
        kind => integer(kind, text)?,
    })
}

/// From text of JSON.
pub(crate) fn from_text<'a>(tables: &Tables, kind: Kind, text: Cow<'a, str>) -> Result<Scalar<'a>, Complaint> {
    Ok(match kind {
        Kind::String if text.contains('\0') => return Err("must not contain the character NUL".into()),
        Kind::String => Scalar::Text(text),
        Kind::Bytes => Scalar::Bytes(base64(&text).ok_or("must be base64")?),
        Kind::Enum(values) => match tables.values(values).number(&text) {
            Some(number) => Scalar::Varint(i64::from(number).cast_unsigned()),
            None => return Err(tables.values(values).unknown(&text).into()),
        },
        Kind::Bool | Kind::Message(_) => return Err(wrong(kind, "text")),
        Kind::Double | Kind::Float => {
            let value = match &*text {
                "NaN" => f64::NAN,
                "Infinity" => f64::INFINITY,
                "-Infinity" => f64::NEG_INFINITY,
                number if number_length(number.as_bytes()) == Some(number.len()) => {
                    return from_number(tables, kind, number);
                }
                _ => return Err("must be a number".into()),
            };
            match kind {
                Kind::Double => Scalar::Fixed64(value.to_bits()),
                _ => Scalar::Fixed32((value as f32).to_bits()),
            }
        }
        kind => match number_length(text.as_bytes()) {
            Some(length) if length == text.len() && !text.contains(['.', 'e', 'E']) => integer(kind, &text)?,
            _ => return Err("must be a whole number".into()),
        },
    })
}

/// From a path, a query or a map's key, where everything is text.
pub(crate) fn from_words<'a>(tables: &Tables, kind: Kind, text: Cow<'a, str>) -> Result<Scalar<'a>, Complaint> {
    match kind {
        Kind::Bool => match &*text {
            "true" => Ok(Scalar::boolean(true)),
            "false" => Ok(Scalar::boolean(false)),
            _ => Err("must be true or false".into()),
        },
        Kind::Enum(_) if number_length(text.as_bytes()) == Some(text.len()) => from_number(tables, kind, &text),
        _ => from_text(tables, kind, text),
    }
}

/// What to say of a value of a wrong type.
pub(crate) fn wrong(kind: Kind, found: &str) -> Complaint {
    let wanted = match kind {
        Kind::Bool => "true or false",
        Kind::String => "text",
        Kind::Bytes => "base64 text",
        Kind::Enum(_) => "the name of a value",
        Kind::Message(_) => "an object",
        Kind::Double | Kind::Float => "a number",
        _ => "a whole number",
    };
    format!("must be {wanted}, not {found}").into()
}

fn integer(kind: Kind, text: &str) -> Result<Scalar<'static>, Complaint> {
    let signed = |low, high| whole(text, low, high).map(|value| value as i64);
    let unsigned = |high| whole(text, 0, high).map(|value| value as u64);
    let (low_32, high_32) = (i32::MIN.into(), i32::MAX.into());
    let (low_64, high_64) = (i64::MIN.into(), i64::MAX.into());
    Ok(match kind {
        Kind::Int32 => Scalar::Varint(signed(low_32, high_32)?.cast_unsigned()),
        // The sign is folded within 32 bits, which is what folding within 64 gives.
        Kind::Sint32 => Scalar::Varint(zigzag(signed(low_32, high_32)?)),
        Kind::Sfixed32 => Scalar::Fixed32((signed(low_32, high_32)? as i32).cast_unsigned()),
        Kind::Int64 => Scalar::Varint(signed(low_64, high_64)?.cast_unsigned()),
        Kind::Sint64 => Scalar::Varint(zigzag(signed(low_64, high_64)?)),
        Kind::Sfixed64 => Scalar::Fixed64(signed(low_64, high_64)?.cast_unsigned()),
        Kind::Uint32 => Scalar::Varint(unsigned(u32::MAX.into())?),
        Kind::Fixed32 => Scalar::Fixed32(unsigned(u32::MAX.into())? as u32),
        Kind::Uint64 => Scalar::Varint(unsigned(u64::MAX.into())?),
        _ => Scalar::Fixed64(unsigned(u64::MAX.into())?),
    })
}

/// A whole number, also one written as `1e3` or `2.0`.
fn whole(text: &str, low: i128, high: i128) -> Result<i128, Complaint> {
    let value = match text.parse::<i64>() {
        Ok(value) => i128::from(value),
        Err(_) if text.contains(['.', 'e', 'E']) => {
            let value = text.parse::<f64>().map_err(|_| "must be a whole number")?;
            if value.is_finite() && value.fract() != 0.0 {
                return Err("must be a whole number".into());
            }
            // Saturates, and then is out of range.
            value as i128
        }
        Err(_) => text.parse::<i128>().unwrap_or(i128::MAX),
    };
    if (low..=high).contains(&value) { Ok(value) } else { Err(format!("must be from {low} to {high}").into()) }
}

/// Base64 in either alphabet, padded or not.
fn base64(text: &str) -> Option<Vec<u8>> {
    let engine = if text.contains(['-', '_']) { &URL_SAFE } else { &STANDARD };
    engine.decode(text).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tables;

    fn number(kind: Kind, text: &str) -> Result<Scalar<'static>, Complaint> {
        from_number(tables(), kind, text)
    }

    #[test]
    fn whole_numbers_keep_to_their_range() {
        assert_eq!(number(Kind::Int32, "-2147483648"), Ok(Scalar::Varint((-2_147_483_648_i64).cast_unsigned())));
        assert_eq!(number(Kind::Int32, "2147483648"), Err("must be from -2147483648 to 2147483647".into()));
        assert_eq!(number(Kind::Uint64, "18446744073709551615"), Ok(Scalar::Varint(u64::MAX)));
        assert!(number(Kind::Uint64, "18446744073709551616").is_err());
        assert!(number(Kind::Uint64, "1e30").is_err() && number(Kind::Uint64, "1e400").is_err());
        assert!(number(Kind::Uint32, "-1").is_err());
        assert_eq!(number(Kind::Int64, "9223372036854775807"), Ok(Scalar::Varint(i64::MAX.cast_unsigned())));
        assert!(
            number(Kind::Int64, "9223372036854775808").is_err()
                && number(Kind::Int64, "9223372036854775808.0").is_err()
        );
        assert_eq!(number(Kind::Int32, "1e3"), Ok(Scalar::Varint(1_000)));
        assert_eq!(number(Kind::Int32, "2.0"), Ok(Scalar::Varint(2)));
        assert_eq!(number(Kind::Int32, "2.5"), Err("must be a whole number".into()));
        assert_eq!(number(Kind::Sint32, "-2147483648"), Ok(Scalar::Varint(u64::from(u32::MAX))));
        assert!(number(Kind::Float, "1e39").is_err() && number(Kind::Double, "1e309").is_err());
    }

    #[test]
    fn numbers_may_be_text_if_they_are_plain() {
        let text = |kind, text: &'static str| from_text(tables(), kind, text.into());
        assert_eq!(text(Kind::Int64, "-5"), Ok(Scalar::Varint((-5_i64).cast_unsigned())));
        for wrong in ["+5", "05", "1e3", "1.0", " 1", "", "0x1", "٣"] {
            assert!(text(Kind::Int64, wrong).is_err(), "{wrong}");
        }
        assert_eq!(text(Kind::Double, "-Infinity"), Ok(Scalar::Fixed64(f64::NEG_INFINITY.to_bits())));
        for wrong in ["inf", "nan", "infinity", "1.", ".5", ""] {
            assert!(text(Kind::Double, wrong).is_err(), "{wrong}");
        }
        assert!(text(Kind::Bool, "true").is_err());
        assert_eq!(from_words(tables(), Kind::Bool, "true".into()), Ok(Scalar::Varint(1)));
    }

    #[test]
    fn base64_comes_in_two_alphabets() {
        assert_eq!(base64("-_8="), Some(vec![0xfb, 0xff]));
        assert_eq!(base64("+/8"), Some(vec![0xfb, 0xff]));
        assert_eq!(base64(""), Some(vec![]));
        assert!(base64("+_8=").is_none() && base64("a").is_none() && base64("a b=").is_none());
    }
}

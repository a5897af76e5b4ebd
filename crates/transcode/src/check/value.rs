//! One value against the rules of its field.

use super::required::Required;
use super::{Pass, Stop};
use crate::mask;
use crate::path::Path;
use crate::rule::Rule;
use crate::table::{Field, Kind, Known, Label};
use crate::time;
use crate::to_json::{last, parts, zero};
use crate::wire::{Broken, Payload, unzigzag};

impl Pass<'_> {
    /// Says whether the value counts as set: text and bytes that are not empty, numbers that are not 0, any message.
    pub(super) fn value(
        &mut self,
        field: &Field,
        kind: Kind,
        payload: Payload<'_>,
        path: &Path<'_>,
        required: Required<'_>,
        depth: usize,
    ) -> Result<bool, Stop> {
        let rule = &field.rule;
        match (kind, payload) {
            (Kind::String, Payload::Bytes(text)) => {
                if !text.is_empty() || !(field.label == Label::Implicit || rule.required) {
                    self.text(rule, text, path);
                }
                Ok(!text.is_empty())
            }
            (Kind::Bytes, Payload::Bytes(bytes)) => {
                if let Some(most) = rule.most_bytes.filter(|most| bytes.len() > *most) {
                    self.found.add(path, format_args!("is longer than {most} bytes"));
                }
                Ok(!bytes.is_empty())
            }
            (Kind::Enum(values), Payload::Varint(value)) => {
                let number = value as i32;
                if !self.tables.values(values).knows(number) {
                    self.found.add(path, format_args!("has no value {number}"));
                }
                Ok(number != 0)
            }
            (Kind::Message(child), Payload::Bytes(bytes)) => {
                let table = self.tables.table(child);
                match table.known {
                    Known::Plain | Known::Dynamic => self.message(table, bytes, path, required, depth)?,
                    Known::Wrapper => {
                        let inner = table.first();
                        let value = last(bytes, inner.number)?.unwrap_or(zero(inner.kind));
                        self.value(field, inner.kind, value, path, required, depth)?;
                    }
                    known => self.known(known, bytes, path)?,
                }
                Ok(true)
            }
            (kind, payload) => {
                let number = number(kind, payload).ok_or(Broken("a field has a wrong wire type"))?;
                if number != 0.0 || field.label != Label::Implicit {
                    self.range(rule, number, path);
                }
                Ok(payload != zero(kind))
            }
        }
    }

    fn text(&mut self, rule: &Rule, bytes: &[u8], path: &Path<'_>) {
        let Ok(text) = std::str::from_utf8(bytes) else { return self.found.add(path, "is not UTF-8") };
        if bytes.contains(&0) {
            return self.found.add(path, "must not contain the character NUL");
        }
        // A character takes one to four bytes, so most texts need no counting.
        if bytes.len() > rule.most && text.chars().count() > rule.most {
            return self.found.add(path, format_args!("is longer than {} characters", rule.most));
        }
        if bytes.len() < rule.least * 4 && text.chars().count() < rule.least {
            self.found.add(path, format_args!("is shorter than {} characters", rule.least));
        }
        for complaint in rule.forms.iter().filter_map(|form| form.complaint(text)) {
            self.found.add(path, complaint);
        }
    }

    /// Messages whose JSON form is text: what has none could not be shown again.
    fn known(&mut self, known: Known, bytes: &[u8], path: &Path<'_>) -> Result<(), Broken> {
        let wrong = match known {
            Known::FieldMask => {
                let written = |path: &str| mask::camel(&mut Vec::new(), path).is_some();
                (!mask::paths(bytes)?.into_iter().all(written)).then_some("has a path that is no field's name")
            }
            known => {
                let (seconds, nanos) = parts(bytes)?;
                match known {
                    Known::Timestamp if time::is_instant(seconds, nanos) => None,
                    Known::Timestamp => Some("must be an instant of the years 1 to 9999"),
                    _ if time::is_span(seconds, nanos) => None,
                    _ => Some("must be a duration of at most 315576000000 seconds, its parts of one sign"),
                }
            }
        };
        if let Some(wrong) = wrong {
            self.found.add(path, wrong);
        }
        Ok(())
    }

    fn range(&mut self, rule: &Rule, number: f64, path: &Path<'_>) {
        let Some(range) = rule.range.as_ref().filter(|range| !range.contains(&number)) else { return };
        match (range.start(), range.end()) {
            (least, most) if most.is_infinite() => self.found.add(path, format_args!("must be at least {least}")),
            (least, most) if least.is_infinite() => self.found.add(path, format_args!("must be at most {most}")),
            (least, most) => self.found.add(path, format_args!("must be from {least} to {most}")),
        }
    }
}

/// A number of any kind as a double, which is exact enough for a range; none for another wire type.
fn number(kind: Kind, payload: Payload<'_>) -> Option<f64> {
    Some(match (kind, payload) {
        (Kind::Bool | Kind::Uint64, Payload::Varint(value)) => value as f64,
        (Kind::Int32, Payload::Varint(value)) => f64::from(value as i32),
        (Kind::Int64, Payload::Varint(value)) => value.cast_signed() as f64,
        (Kind::Uint32, Payload::Varint(value)) => f64::from(value as u32),
        (Kind::Sint32 | Kind::Sint64, Payload::Varint(value)) => unzigzag(value) as f64,
        (Kind::Fixed32, Payload::Fixed32(value)) => f64::from(value),
        (Kind::Sfixed32, Payload::Fixed32(value)) => f64::from(value.cast_signed()),
        (Kind::Fixed64, Payload::Fixed64(value)) => value as f64,
        (Kind::Sfixed64, Payload::Fixed64(value)) => value.cast_signed() as f64,
        (Kind::Float, Payload::Fixed32(value)) => f64::from(f32::from_bits(value)),
        (Kind::Double, Payload::Fixed64(value)) => f64::from_bits(value),
        _ => return None,
    })
}

/// A map's key as a path shows it.
pub(super) fn key_text(key: Payload<'_>) -> String {
    match key {
        Payload::Bytes(text) => String::from_utf8_lossy(text).into_owned(),
        Payload::Varint(value) | Payload::Fixed64(value) => value.cast_signed().to_string(),
        Payload::Fixed32(value) => value.cast_signed().to_string(),
        Payload::Group => String::new(),
    }
}

//! Reads and writes the protobuf wire format: varints, tags, lengths; knows nothing of messages.

use std::fmt;

/// Wire bytes that are no message of the type asked for, or that JSON cannot say. Our fault or a gRPC caller's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Broken(pub(crate) &'static str);

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the message cannot be read: {}", self.0)
    }
}

impl std::error::Error for Broken {}

const CUT: Broken = Broken("it is cut off");
const VARINT: Broken = Broken("a varint is too long");

/// What stands after a tag.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Payload<'w> {
    /// Wire type 0.
    Varint(u64),
    /// Wire type 1.
    Fixed64(u64),
    /// Wire type 2.
    Bytes(&'w [u8]),
    /// Wire type 5.
    Fixed32(u32),
    /// Wire types 3 and 4: a whole group, skipped.
    Group,
}

/// Wire bytes being read from front to back.
#[derive(Clone, Copy)]
pub(crate) struct Wire<'w> {
    rest: &'w [u8],
}

impl<'w> Wire<'w> {
    pub(crate) fn new(bytes: &'w [u8]) -> Self {
        Self { rest: bytes }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }

    /// How many bytes are still to be read.
    pub(crate) fn left(&self) -> usize {
        self.rest.len()
    }

    /// The next field's number and payload; none at the end.
    #[inline]
    pub(crate) fn record(&mut self) -> Result<Option<(u32, Payload<'w>)>, Broken> {
        if self.rest.is_empty() {
            return Ok(None);
        }
        let (number, wire_type) = self.tag()?;
        let payload = match wire_type {
            0 => Payload::Varint(self.varint()?),
            1 => Payload::Fixed64(self.fixed64()?),
            2 => Payload::Bytes(self.bytes()?),
            3 => {
                self.skip_group(number)?;
                Payload::Group
            }
            5 => Payload::Fixed32(self.fixed32()?),
            _ => return Err(Broken("a wire type is unknown")),
        };
        Ok(Some((number, payload)))
    }

    fn tag(&mut self) -> Result<(u32, u8), Broken> {
        let tag = u32::try_from(self.varint()?).map_err(|_| Broken("a tag is too large"))?;
        let number = tag >> 3;
        if number == 0 {
            return Err(Broken("a field has the number 0"));
        }
        Ok((number, (tag & 7) as u8))
    }

    #[inline]
    pub(crate) fn varint(&mut self) -> Result<u64, Broken> {
        let (&first, rest) = self.rest.split_first().ok_or(CUT)?;
        if first < 0x80 {
            self.rest = rest;
            return Ok(u64::from(first));
        }
        self.long_varint()
    }

    fn long_varint(&mut self) -> Result<u64, Broken> {
        let mut value = 0_u64;
        for (n, &byte) in self.rest.iter().enumerate().take(10) {
            if n == 9 && byte > 1 {
                return Err(VARINT);
            }
            value |= u64::from(byte & 0x7f) << (7 * n);
            if byte < 0x80 {
                self.rest = &self.rest[n + 1..];
                return Ok(value);
            }
        }
        Err(if self.rest.len() < 10 { CUT } else { VARINT })
    }

    #[inline]
    pub(crate) fn fixed64(&mut self) -> Result<u64, Broken> {
        let (bytes, rest) = self.rest.split_first_chunk().ok_or(CUT)?;
        self.rest = rest;
        Ok(u64::from_le_bytes(*bytes))
    }

    #[inline]
    pub(crate) fn fixed32(&mut self) -> Result<u32, Broken> {
        let (bytes, rest) = self.rest.split_first_chunk().ok_or(CUT)?;
        self.rest = rest;
        Ok(u32::from_le_bytes(*bytes))
    }

    #[inline]
    fn bytes(&mut self) -> Result<&'w [u8], Broken> {
        let length = usize::try_from(self.varint()?).map_err(|_| CUT)?;
        let (bytes, rest) = self.rest.split_at_checked(length).ok_or(CUT)?;
        self.rest = rest;
        Ok(bytes)
    }

    /// Skips to the end of a group of an older or foreign contract, groups inside it included.
    fn skip_group(&mut self, number: u32) -> Result<(), Broken> {
        let mut open = vec![number];
        while let Some(&innermost) = open.last() {
            let (number, wire_type) = self.tag()?;
            match wire_type {
                0 => drop(self.varint()?),
                1 => drop(self.fixed64()?),
                2 => drop(self.bytes()?),
                3 => open.push(number),
                4 if number == innermost => drop(open.pop()),
                5 => drop(self.fixed32()?),
                _ => return Err(Broken("a group does not end")),
            }
        }
        Ok(())
    }
}

/// Appends a varint.
#[inline]
pub(crate) fn put_varint(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

/// How many bytes a varint takes.
pub(crate) fn varint_len(value: u64) -> usize {
    // One byte per begun seven bits; zero takes one too.
    (70 - (value | 1).leading_zeros() as usize) / 7
}

/// Appends a tag and room for a length; what is written until [`close`] is the field's content.
#[inline]
pub(crate) fn open(out: &mut Vec<u8>, tag: &[u8]) -> usize {
    out.extend_from_slice(tag);
    out.push(0);
    out.len()
}

/// Puts the length of what was written since `start` before it, making room if one byte does not hold it.
#[inline]
pub(crate) fn close(out: &mut Vec<u8>, start: usize) {
    let length = out.len() - start;
    if length < 0x80 {
        out[start - 1] = length as u8;
        return;
    }
    let more = varint_len(length as u64) - 1;
    out.resize(start + length + more, 0);
    out.copy_within(start..start + length, start + more);
    let mut value = length;
    for byte in &mut out[start - 1..start + more - 1] {
        *byte = value as u8 | 0x80;
        value >>= 7;
    }
    out[start + more - 1] = value as u8;
}

/// Appends a length-delimited field.
pub(crate) fn put_bytes(out: &mut Vec<u8>, tag: &[u8], content: &[u8]) {
    out.extend_from_slice(tag);
    put_varint(out, content.len() as u64);
    out.extend_from_slice(content);
}

/// The bytes of a tag.
pub(crate) fn tag(number: u32, wire_type: u8) -> Box<[u8]> {
    let mut bytes = Vec::new();
    put_varint(&mut bytes, u64::from(number << 3) | u64::from(wire_type));
    bytes.into_boxed_slice()
}

/// Folds a signed number so that small ones of either sign stay small.
pub(crate) fn zigzag(value: i64) -> u64 {
    ((value << 1) ^ (value >> 63)).cast_unsigned()
}

/// Unfolds what [`zigzag`] folded.
pub(crate) fn unzigzag(value: u64) -> i64 {
    (value >> 1).cast_signed() ^ -(value & 1).cast_signed()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_are_patched_whatever_their_size() {
        for length in [0_usize, 1, 127, 128, 129, 16_383, 16_384, 2_097_151, 2_097_152] {
            let mut out = b"before".to_vec();
            let start = open(&mut out, &tag(1, 2));
            out.extend(std::iter::repeat_n(7, length));
            close(&mut out, start);
            out.extend_from_slice(&[16, 5]);
            let mut wire = Wire::new(&out[6..]);
            assert_eq!(wire.record().unwrap(), Some((1, Payload::Bytes(&vec![7; length]))));
            assert_eq!(wire.record().unwrap(), Some((2, Payload::Varint(5))));
            assert_eq!(wire.record().unwrap(), None);
        }
    }

    #[test]
    fn varints_survive_and_overlong_ones_are_refused() {
        for value in [0, 1, 127, 128, 300, u64::from(u32::MAX), u64::MAX] {
            let mut out = Vec::new();
            put_varint(&mut out, value);
            assert_eq!(out.len(), varint_len(value));
            assert_eq!(Wire::new(&out).varint(), Ok(value));
        }
        assert_eq!(Wire::new(&[0xff; 11]).varint(), Err(VARINT));
        assert_eq!(Wire::new(&[0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2]).varint(), Err(VARINT));
        assert_eq!(Wire::new(&[0xff; 3]).varint(), Err(CUT));
        for value in [0, -1, 1, i64::MIN, i64::MAX] {
            assert_eq!(unzigzag(zigzag(value)), value);
        }
    }

    #[test]
    fn groups_are_skipped_whole() {
        // group 3 { 1: 5, group 4 { } } then field 2: 9
        let bytes = [0x1b, 0x08, 5, 0x23, 0x24, 0x1c, 0x10, 9];
        let mut wire = Wire::new(&bytes);
        assert_eq!(wire.record().unwrap(), Some((3, Payload::Group)));
        assert_eq!(wire.record().unwrap(), Some((2, Payload::Varint(9))));
        assert!(Wire::new(&[0x1b, 0x24]).record().is_err());
        assert!(Wire::new(&[0x1b]).record().is_err());
        assert!(Wire::new(&[0x1c]).record().is_err());
    }
}

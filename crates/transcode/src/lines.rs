//! Splits a stream of bytes into the lines of NDJSON, counting them and holding each to a bound.

use bytes::{Bytes, BytesMut};

/// The most bytes of one line.
pub const MOST_LINE_BYTES: usize = 256 * 1024;

/// The lines of a stream that comes in pieces of any size.
///
/// Lines end with a line feed, or a carriage return and a line feed, or the stream. Blank lines are counted and passed
/// over. No more is held than one line and one piece, however long a line is.
#[derive(Debug, Default)]
pub struct Lines {
    held: BytesMut,
    /// How much of what is held is known to have no line feed in it.
    searched: usize,
    /// The number of the last line that began.
    number: u64,
    /// Whether what is held belongs to a line that was given up.
    skipping: bool,
}

/// One line.
#[derive(Debug, PartialEq, Eq)]
pub struct Line {
    /// Its number, from 1.
    pub number: u64,
    /// What stands in it, without its end.
    pub text: Result<Bytes, TooLong>,
}

/// The line is longer than [`MOST_LINE_BYTES`]. The lines after it are read all the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TooLong;

impl Lines {
    /// Takes the next piece of the stream. Take the lines out before the next one.
    pub fn push(&mut self, piece: &[u8]) {
        self.held.extend_from_slice(piece);
    }

    /// The next line that is complete; none until more is pushed.
    pub fn next_line(&mut self) -> Option<Line> {
        loop {
            let Some(at) = self.held[self.searched..].iter().position(|&byte| byte == b'\n') else {
                self.searched = self.held.len();
                return self.give_up();
            };
            let mut text = self.held.split_to(self.searched + at + 1);
            self.searched = 0;
            text.truncate(text.len() - 1);
            if let Some(line) = self.line(text) {
                return Some(line);
            }
        }
    }

    /// The last line, if the stream ended without a line feed.
    pub fn end(&mut self) -> Option<Line> {
        let text = self.held.split();
        self.searched = 0;
        self.line(text)
    }

    fn line(&mut self, mut text: BytesMut) -> Option<Line> {
        if std::mem::take(&mut self.skipping) {
            return None;
        }
        self.number += 1;
        if text.last() == Some(&b'\r') {
            text.truncate(text.len() - 1);
        }
        if text.trim_ascii().is_empty() {
            return None;
        }
        let text = if text.len() > MOST_LINE_BYTES { Err(TooLong) } else { Ok(text.freeze()) };
        Some(Line { number: self.number, text })
    }

    /// Lets go of a line that is too long before all of it has come.
    fn give_up(&mut self) -> Option<Line> {
        if !self.skipping && self.held.len() <= MOST_LINE_BYTES + 1 {
            return None;
        }
        self.held.clear();
        self.searched = 0;
        if std::mem::replace(&mut self.skipping, true) {
            return None;
        }
        self.number += 1;
        Some(Line { number: self.number, text: Err(TooLong) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn read(stream: &[u8], piece: usize) -> Vec<(u64, Result<Bytes, TooLong>)> {
        let mut lines = Lines::default();
        let mut found = Vec::new();
        for piece in stream.chunks(piece) {
            lines.push(piece);
            found.extend(std::iter::from_fn(|| lines.next_line()));
            assert!(lines.held.len() <= MOST_LINE_BYTES + 1 + piece.len());
        }
        found.extend(lines.end());
        found.into_iter().map(|line| (line.number, line.text)).collect()
    }

    #[test]
    fn a_line_that_is_too_long_costs_only_itself() {
        let full = "x".repeat(MOST_LINE_BYTES);
        let stream = format!("a\r\n\n{full}\n{full}y\n{full}{full}\nb\n  \nc");
        let expected = vec![
            (1, Ok("a".into())),
            (3, Ok(full.clone().into())),
            (4, Err(TooLong)),
            (5, Err(TooLong)),
            (6, Ok("b".into())),
            (8, Ok("c".into())),
        ];
        for piece in [1_000, 65_536, 10_000_000] {
            assert_eq!(read(stream.as_bytes(), piece), expected, "in pieces of {piece}");
        }
        assert_eq!(read(format!("{full}{full}").as_bytes(), 4_096), [(1, Err(TooLong))]);
    }

    proptest! {
        #[test]
        fn the_pieces_do_not_matter(stream in "[ab \r\n]{0,60}", piece in 1_usize..20) {
            prop_assert_eq!(read(stream.as_bytes(), piece), read(stream.as_bytes(), 1_000));
            let expected: Vec<_> = (1..).zip(stream.split('\n'))
                .map(|(number, line)| (number, line.strip_suffix('\r').unwrap_or(line)))
                .filter(|(_, line)| !line.trim_ascii().is_empty())
                .map(|(number, line)| (number, Ok(Bytes::copy_from_slice(line.as_bytes()))))
                .collect();
            prop_assert_eq!(read(stream.as_bytes(), piece), expected);
        }
    }
}

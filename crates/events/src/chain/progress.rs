//! How far a check of the chain has come, so that a long one is made in parts.

use super::{GENESIS, Hash};
use crate::position::Position;
use std::fmt;
use std::str::FromStr;

/// Where a part of a check came to its end. It holds the links reached, so that a chain which is written anew between two parts
/// does not fit what was checked already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// The position reached.
    pub(super) position: i64,
    /// The stored hash at that position.
    pub(super) before: Hash,
    /// The stored public hash, once there are any; until then the chain of them begins at the keyed one.
    pub(super) public: Option<Hash>,
    /// Where the row at that position stands in commit order.
    pub(super) place: Position,
    /// Where the last row stands whose hash is right: what is outside the chain and before it was inserted.
    pub(super) last: Position,
}

impl Default for Progress {
    /// The beginning.
    fn default() -> Self {
        let start = Position::default();
        Self { position: 0, before: GENESIS, public: None, place: start, last: start }
    }
}

impl fmt::Display for Progress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let public = self.public.map_or_else(|| "-".to_owned(), hex::encode);
        write!(f, "{} {} {public} {} {}", self.position, hex::encode(self.before), self.place, self.last)
    }
}

impl FromStr for Progress {
    type Err = NoProgress;

    fn from_str(text: &str) -> Result<Self, NoProgress> {
        let words: Vec<&str> = text.split(' ').collect();
        let [position, before, public, place, last] = words[..] else { return Err(NoProgress) };
        let hash = |text: &str| hex::decode(text).ok().and_then(|bytes| Hash::try_from(bytes).ok()).ok_or(NoProgress);
        Ok(Self {
            position: position.parse().map_err(|_| NoProgress)?,
            before: hash(before)?,
            public: if public == "-" { None } else { Some(hash(public)?) },
            place: place.parse().map_err(|_| NoProgress)?,
            last: last.parse().map_err(|_| NoProgress)?,
        })
    }
}

/// The text tells of no progress.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NoProgress;

impl fmt::Display for NoProgress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("is no place in a chain")
    }
}

impl std::error::Error for NoProgress {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn progress_is_read_as_it_was_written() {
        let place = |tx, seq| Position { tx, seq };
        let on =
            Progress { position: 7, before: [3; 32], public: Some([4; 32]), place: place(9, 8), last: place(9, -7) };
        for progress in [Progress::default(), on] {
            assert_eq!(progress.to_string().parse(), Ok(progress));
        }
        for bad in ["", "7", "x 00 - 1:1 1:1", &on.to_string()[1..]] {
            assert_eq!(bad.parse::<Progress>(), Err(NoProgress), "{bad}");
        }
    }
}

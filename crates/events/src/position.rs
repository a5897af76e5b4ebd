//! Where a row stands in commit order: the transaction that wrote it, then its own number.

use std::fmt;
use std::str::FromStr;

/// A place in commit order. `tx` is PostgreSQL's 64-bit transaction id (`xid8`), which never wraps.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Position {
    pub(crate) tx: u64,
    pub(crate) seq: i64,
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.tx, self.seq)
    }
}

impl FromStr for Position {
    type Err = std::num::ParseIntError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (tx, seq) = text.split_once(':').unwrap_or((text, ""));
        Ok(Self { tx: tx.parse()?, seq: seq.parse()? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_position_is_ordered_by_number_and_not_by_text() {
        let place = |text: &str| text.parse::<Position>().unwrap();
        assert!(place("9:100") < place("10:1"));
        assert!(place("10:9") < place("10:10"));
        assert_eq!(place("10:9").to_string(), "10:9");
        assert!("10".parse::<Position>().is_err());
        assert!("x:1".parse::<Position>().is_err());
    }
}

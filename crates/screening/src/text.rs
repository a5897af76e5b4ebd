//! The letters of a word, kept within it: looking at a word among half a million is then looking at one place in memory.

use std::fmt;
use std::ops::Deref;
use std::sync::Arc;

/// The most letters that are kept within; hardly a word of a name is longer.
const WITHIN: usize = 22;

/// The letters of a word: small letters a to z and digits.
#[derive(Clone, PartialEq, Eq, Hash)]
pub(super) enum Text {
    /// How many, and which; zero after them.
    Within(u8, [u8; WITHIN]),
    /// Too many for that.
    Apart(Arc<[u8]>),
}

impl From<&str> for Text {
    fn from(word: &str) -> Self {
        let mut letters = [0; WITHIN];
        match (u8::try_from(word.len()), letters.get_mut(..word.len())) {
            (Ok(length), Some(within)) => {
                within.copy_from_slice(word.as_bytes());
                Self::Within(length, letters)
            }
            _ => Self::Apart(word.as_bytes().into()),
        }
    }
}

impl Deref for Text {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        match self {
            Self::Within(length, letters) => &letters[..usize::from(*length)],
            Self::Apart(letters) => letters,
        }
    }
}

impl fmt::Debug for Text {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        String::from_utf8_lossy(self).fmt(out)
    }
}

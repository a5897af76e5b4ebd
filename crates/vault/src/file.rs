//! The file of sealing keys: how it is read, and what is wrong with one that cannot be.

use crate::vault::{Vault, WrappingKey};
use crate::{Broken, KEY};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ring::rand::{SecureRandom as _, SystemRandom};

/// Why a file of sealing keys is of no use. No word of it quotes a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unusable {
    /// A word before a key is neither of the two.
    #[error("has something that is neither `index` nor `key`, each followed by a key")]
    Word,
    /// A key is none.
    #[error("has a key that is not 32 bytes in base64, as `openssl rand -base64 32` makes it")]
    Key,
    /// The index key is missing, or there are more than two.
    #[error(
        "has no index key, or more than two: one `index` belongs in it, and below it the former one while values are compared anew"
    )]
    Index,
    /// No wrapping key.
    #[error("has no key to wrap with: it needs one `key` at least, the newest first")]
    Empty,
    /// The same key twice.
    #[error("has the same key twice")]
    Twice,
}

/// Reads `index …` and `key …`, the newest of each first; words are separated by blanks or lines, `#` begins a remark.
pub(crate) fn read(text: &str) -> Result<Vault, Unusable> {
    let lines = text.lines().map(|line| line.split_once('#').map_or(line, |(before, _)| before));
    let mut words = lines.flat_map(str::split_whitespace);
    let (mut indexes, mut keys) = (Vec::new(), Vec::new());
    while let Some(word) = words.next() {
        let of_word = match word {
            "index" => &mut indexes,
            "key" => &mut keys,
            _ => return Err(Unusable::Word),
        };
        let bytes = words.next().and_then(|text| STANDARD.decode(text).ok()).ok_or(Unusable::Key)?;
        of_word.push(<[u8; KEY]>::try_from(bytes).map_err(|_| Unusable::Key)?);
    }
    if !(1..=2).contains(&indexes.len()) {
        return Err(Unusable::Index);
    }
    if keys.is_empty() {
        return Err(Unusable::Empty);
    }
    let all: Vec<_> = indexes.iter().chain(&keys).collect();
    if (0..all.len()).any(|n| all[..n].contains(&all[n])) {
        return Err(Unusable::Twice);
    }
    Ok(Vault::of(&indexes, keys.iter().map(WrappingKey::of).collect()))
}

/// The text of a new file: an index key and one wrapping key.
///
/// # Errors
/// There are no random numbers.
pub fn generate() -> Result<String, Broken> {
    let key = || -> Result<String, Broken> {
        let mut bytes = [0; KEY];
        SystemRandom::new().fill(&mut bytes).map_err(|_| Broken::Random)?;
        Ok(STANDARD.encode(bytes))
    };
    Ok(format!("index {}\nkey {}\n", key()?, key()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_wrong_with_a_file_is_said_without_its_keys() {
        let key = |byte: u8| STANDARD.encode([byte; KEY]);
        let (one, two) = (key(1), key(2));
        for (text, wrong) in [
            (String::new(), Unusable::Index),
            (format!("index {one}"), Unusable::Empty),
            (format!("key {one}"), Unusable::Index),
            (format!("index {one}\nindex {two}\nindex {}\nkey {}", key(3), key(4)), Unusable::Index),
            (format!("index {one}\nindex {one}\nkey {two}"), Unusable::Twice),
            (format!("index {one}\nkey {one}"), Unusable::Twice),
            (format!("index {one}\nkey {two} key {two}"), Unusable::Twice),
            (format!("index {one}\nkey {}", &two[..20]), Unusable::Key),
            (format!("index {one}\nkey"), Unusable::Key),
            (two.clone(), Unusable::Word),
        ] {
            let refused = read(&text).unwrap_err();
            assert_eq!(refused, wrong, "{text}");
            assert!(!refused.to_string().contains(&two) && !refused.to_string().contains(&one));
        }
        assert!(read(&format!("# of the consulate\nindex {one} # compares\nkey {two}\nkey {}\n", key(3))).is_ok());
        assert!(read(&format!("index {one} index {two} key {}", key(3))).is_ok());
    }
}

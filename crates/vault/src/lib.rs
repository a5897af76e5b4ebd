//! The keys under which personal data lies in a database, kept outside it; what they seal, open and make comparable.
//!
//! A record has a [`DataKey`] of its own, made at random, which seals what is personal in it (AES-256-GCM). The data key
//! itself is kept in the database only as a wrapping key of the [`Vault`] has wrapped it: who has the database alone
//! reads nothing, and who destroys a record's wrapped key has destroyed what it sealed, in every copy made since. A value
//! that must be found again is also kept as [`Vault::blind`] makes it: equal values look equal, and nothing else shows.
//!
//! ```
//! # fn main() -> Result<(), vault::Broken> {
//! let vault = vault::Vault::parse(&vault::generate()?).expect("what was just made can be read");
//! let key = vault::DataKey::random()?;
//! let sealed = key.seal(&["members/a", "1"], b"L898902C3")?;
//! let wrapped = vault.wrap("members/a", &key)?;
//! let again = vault.unwrap("members/a", &wrapped.bytes)?;
//! assert_eq!(again.open(&["members/a", "1"], &sealed)?, b"L898902C3");
//! assert!(again.open(&["members/b", "1"], &sealed).is_err());
//! # Ok(())
//! # }
//! ```

mod data_key;
mod file;
mod vault;

pub use data_key::DataKey;
pub use file::{Unusable, generate};
pub use vault::{Vault, Wrapped};

/// Bytes of every key.
const KEY: usize = 32;

/// What could not be sealed or opened: another key sealed it, or for another place, or it was altered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Broken {
    /// It does not open.
    #[error("what is sealed does not open: it was altered, or was sealed for another place or with another key")]
    Sealed,
    /// A data key was wrapped by a key that this vault does not have.
    #[error("the data key was wrapped by a key that is not in the file of sealing keys")]
    UnknownKey,
    /// There are no random numbers.
    #[error("the system gives no random numbers")]
    Random,
}

/// Parts as one text that no other parts make: each with its length before it.
fn joined(parts: &[&str]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(parts.iter().map(|part| part.len() + 8).sum());
    for part in parts {
        bytes.extend_from_slice(&(part.len() as u64).to_be_bytes());
        bytes.extend_from_slice(part.as_bytes());
    }
    bytes
}

//! Reads typed settings from the environment, reports every error at once, and never prints a secret.
//!
//! ```
//! use std::time::Duration;
//!
//! config::settings! {
//!     /// How the mill grinds.
//!     pub struct Mill {
//!         /// How many stones turn.
//!         pub stones: u32 = 2 => config::between(1, 16),
//!         /// How long a sack may take.
//!         pub patience: Duration = "5s",
//!         /// The miller's key.
//!         pub key: config::SecretString,
//!     }
//! }
//!
//! let env = config::Env::from_iter([("MILL_STONES", "4"), ("MILL_KEY", "open sesame")]);
//! let mill: Mill = config::read(&env, "MILL")?;
//! assert_eq!((mill.stones, mill.patience), (4, Duration::from_secs(5)));
//! # Ok::<(), config::Errors>(())
//! ```

mod describe;
mod env;
mod errors;
mod home;
mod macros;
mod reader;
mod value;

pub use describe::{Entry, table};
pub use env::Env;
pub use errors::{Error, Errors};
pub use home::Home;
pub use reader::{Reader, read};
pub use secrecy::{ExposeSecret, SecretString};
pub use value::{Url, Value, between};

/// A group of settings that share a prefix. [`settings!`] writes it.
pub trait Settings: Sized {
    /// Reads the group from `PREFIX_…`. `None` if anything is wrong; what is wrong stands in the reader.
    fn read(reader: &mut Reader<'_>, prefix: &str) -> Option<Self>;

    /// Every setting of the group, for the docs.
    fn describe(prefix: &str) -> Vec<Entry>;
}

/// No settings at all.
impl Settings for () {
    fn read(_: &mut Reader<'_>, _: &str) -> Option<Self> {
        Some(())
    }

    fn describe(_: &str) -> Vec<Entry> {
        Vec::new()
    }
}

/// What can stand as a field of a group: one [`Value`], or another group, whose prefix is then the field's name
/// after its own. [`settings!`] writes it for groups.
pub trait Part: Sized {
    /// Reads the field whose variable, or prefix, is `name`.
    fn read(reader: &mut Reader<'_>, name: &str, default: Option<String>) -> Option<Self>;

    /// What the docs say of it.
    fn describe(name: &str, default: Option<String>, doc: &str) -> Vec<Entry>;
}

impl<T: Value> Part for T {
    fn read(reader: &mut Reader<'_>, name: &str, default: Option<String>) -> Option<Self> {
        reader.value(name, default)
    }

    fn describe(name: &str, default: Option<String>, doc: &str) -> Vec<Entry> {
        vec![Entry::of::<T>(name, default, doc)]
    }
}

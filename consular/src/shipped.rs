//! Files of law and practice that are shipped: read once, and checked at start, so that a mistake keeps the service from
//! starting.

use std::fmt::Display;
use std::sync::LazyLock;

/// What a shipped file says.
#[derive(Debug)]
pub(crate) struct Shipped<T> {
    file: &'static str,
    read: LazyLock<Result<T, String>>,
}

impl<T> Shipped<T> {
    /// The file of this name in `data/`, read like this.
    pub(crate) const fn new(file: &'static str, read: fn() -> Result<T, String>) -> Self {
        Self { file, read: LazyLock::new(read) }
    }

    /// What it says.
    pub(crate) fn get(&self) -> &T {
        self.read.as_ref().expect("the service does not start with a file that cannot be read")
    }

    /// Whether it is sound: for the start.
    ///
    /// # Errors
    /// What is wrong with it.
    pub(crate) fn check(&self) -> anyhow::Result<()> {
        self.read.as_ref().map(drop).map_err(|error| anyhow::anyhow!("data/{}: {error}", self.file))
    }
}

/// What is wrong with a file, in words.
pub(crate) fn in_words<T>(read: Result<T, impl Display>) -> Result<T, String> {
    read.map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_is_not_sound_is_named() {
        static GOOD: Shipped<u8> = Shipped::new("good.toml", || in_words("7".parse()));
        static BAD: Shipped<u8> = Shipped::new("bad.toml", || in_words("many".parse()));
        GOOD.check().unwrap();
        assert_eq!(*GOOD.get(), 7);
        assert!(BAD.check().unwrap_err().to_string().starts_with("data/bad.toml: "));
    }
}

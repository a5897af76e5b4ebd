//! Lists in their publishers' own formats. A file that is broken anywhere is refused whole.

mod ofac;
mod remarks;
mod un;

pub use ofac::{Files as OfacFiles, read as read_ofac};
pub use un::{List as UnList, read as read_un};

/// Why a file is refused: what is wrong, and in which line.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{file}, line {line}: {what}")]
pub struct Broken {
    /// The file.
    pub file: String,
    /// The line, counted from 1.
    pub line: u64,
    /// What is wrong there.
    pub what: String,
}

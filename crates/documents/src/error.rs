//! Why a document was not printed.

/// Why a document was not printed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// A text has a character that none of our fonts shows, or that would change how its neighbours read.
    #[error("the character U+{:04X} cannot be printed", u32::from(*.0))]
    Unprintable(char),
    /// The data is larger than we print, in bytes.
    #[error("the document has {0} bytes of data, more than are printed")]
    TooLarge(usize),
    /// The document has more pages than we print.
    #[error("the document has {0} pages, more than are printed")]
    TooLong(usize),
    /// It was not ready in time.
    #[error("the document was not ready in time")]
    TooLate,
    /// Too many documents are being printed.
    #[error("too many documents are being printed")]
    Busy,
    /// The template or its data is broken: a fault of ours.
    #[error("the template {template} cannot be printed: {words}")]
    Template {
        /// The template's name.
        template: &'static str,
        /// What typst says of it.
        words: String,
    },
}

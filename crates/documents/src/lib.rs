//! PDF from typst templates: the same bytes from the same input, with the fonts it needs; and signed barcodes that a
//! phone can verify offline.
//!
//! A [`Template`] is code of ours, compiled into the service that owns it. What users wrote reaches it as values of
//! `data.json` and is never read as code. Fonts and typst itself are set up with the first document, so that a service
//! that prints nothing holds nothing.

mod error;
mod fonts;
mod order;
mod press;
mod reading;
pub mod seal;
mod template;
mod typeset;
mod world;

pub use error::Error;
pub use fonts::unprintable;
pub use order::Order;
pub use press::{Most, Press};
pub use reading::reading;
pub use template::Template;
pub use typeset::typeset;

/// The media type of what is printed.
pub const PDF: &str = "application/pdf";

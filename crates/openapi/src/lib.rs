//! The reference that the contract writes by itself: OpenAPI 3.1, the error reference, the state diagrams, and the
//! page to read and try it all.

mod answers;
mod assets;
mod changelog;
mod document;
mod errors;
mod examples;
mod fields;
mod names;
mod operations;
mod parameters;
mod paths;
mod problem;
mod sample;
mod schemas;
mod states;
#[cfg(test)]
mod tests;

pub use assets::{Asset, assets, docs_page};
pub use document::document;
pub use errors::errors_md;
pub use states::states_md;

/// What the document says about the door it describes.
#[derive(Clone, Debug, Default)]
pub struct Info {
    /// What the API is called.
    pub title: String,
    /// The version of the contract: `0.1.0`.
    pub version: String,
    /// Where it is reached: `https://api.example.org`, or `/` for the place the document is read from.
    pub server: String,
    /// Whose tokens are accepted; empty for the gateway's own development issuer.
    pub issuer: String,
}

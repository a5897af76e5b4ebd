//! JSON to protobuf and back, from descriptors; pure, no socket, no web framework.

mod check;
mod dynamic;
mod format;
mod lines;
mod mask;
mod merge;
mod path;
mod percent;
mod reader;
mod redact;
mod refusal;
mod regular;
mod route;
mod rule;
mod scalar;
mod table;
mod text;
mod time;
mod to_json;
mod to_wire;
mod wire;

pub use lines::{Line, Lines, MOST_LINE_BYTES, TooLong};
pub use reader::DEEPEST_JSON;
pub use redact::Which;
pub use refusal::{Malformed, Refusal};
pub use route::{Found, Match, Route, Routes, Unroutable};
pub use table::{Message, Tables, tables};
pub use to_wire::MOST_ITEMS_READ;
pub use wire::Broken;

//! JSON to protobuf and back, from descriptors; pure, no socket, no web framework.

mod dynamic;
mod format;
mod mask;
mod path;
mod reader;
mod refusal;
mod regular;
mod rule;
mod scalar;
mod table;
mod text;
mod time;
mod to_json;
mod to_wire;
mod wire;

pub use reader::DEEPEST_JSON;
pub use refusal::{Malformed, Refusal};
pub use table::{Message, Tables, tables};
pub use to_wire::MOST_ITEMS_READ;
pub use wire::Broken;

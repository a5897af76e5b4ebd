//! JSON to protobuf and back, from descriptors; pure, no socket, no web framework.
//!
//! [`Tables`] are compiled once from the descriptors; [`tables`] are those of this build's contract. A [`Message`] of them
//! turns wire bytes into JSON and JSON into wire bytes, holds a message against the contract's field rules, drops fields
//! that a reader may not see or a caller not set, and applies update masks, all without building the message. [`Routes`]
//! find the method behind an HTTP method and path, and bind path, query, body and headers to its request. [`Lines`] cut a
//! stream of NDJSON into lines.
//!
//! ```
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let mission = transcode::tables().message("legation.accreditation.v1.Mission").expect("the contract has missions");
//! let mut wire = Vec::new();
//! mission.to_wire(br#"{"title": "Embassy of France", "type": "EMBASSY"}"#, &mut wire)?;
//! let missing = mission.check(&wire);
//! assert_eq!((&*missing[0].field, &*missing[0].description), ("seat", "is required"));
//! let mut json = Vec::new();
//! mission.to_json(&wire, &mut json)?;
//! assert!(json.starts_with(br#"{"name":"","sendingState":"","type":"EMBASSY","title":"Embassy of France","#));
//! # Ok(())
//! # }
//! ```

mod check;
mod dynamic;
mod format;
mod lines;
mod mask;
mod merge;
mod number;
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
pub use to_wire::{Beside, MOST_ITEMS_READ};
pub use wire::Broken;

//! The chain of hashes over the audit log, by which any later change to it is found.
//!
//! `h(i) = HMAC-SHA256(key, h(i-1) || canonical(row i))`, with `h(0)` 32 zero bytes and rows in commit order. The key
//! is kept outside the database, so that whoever can write there cannot seal what he wrote. Rows are written with
//! their effect and sealed a moment later by the relay; a chain extended inside every transaction would put all
//! writes in one queue. What a chain alone cannot show is a tail cut off; for that its head is told elsewhere from
//! time to time, as an [`Anchor`].
//!
//! Beside it runs the same chain without a key (`digest`, the crate `chain`): an auditor computes it from an export, with
//! nothing of ours, and compares it with an anchor that was kept.

mod anchor;
mod export;
mod key;
mod progress;
mod row;
mod seal;
mod verify;

pub use anchor::{ANCHOR_KIND, Anchor, read_anchors};
pub use export::export;
pub use key::{Key, TooShort};
pub use progress::{NoProgress, Progress};
pub(crate) use seal::Sealer;
pub use verify::{Finding, Report, verify};

use ::chain::{GENESIS, Hash};

//! The public chain over an audit log: how a row is written for hashing, how links are made, how an export is checked.
//!
//! `d(i) = SHA-256(d(i-1) || canonical(row i))`, with `d(0)` 32 zero bytes and rows in commit order. No key is needed: who has
//! the rows computes the same links, and needs to trust nobody who also held a head of the chain that was told before. A chain
//! with a key beside it, which keeps whoever can write in the database from sealing what he wrote, is the service's own.

mod export;
mod row;

pub use export::{Anchor, Check, Finding, Line, Report};
pub use row::Row;

use ring::digest::{Context, SHA256};

/// A link of the chain.
pub type Hash = [u8; 32];

/// What the first row is chained to.
pub const GENESIS: Hash = [0; 32];

/// The next link: over the one before it and a row in canonical form.
pub fn link(before: &Hash, canonical: &[u8]) -> Hash {
    let mut context = Context::new(&SHA256);
    context.update(before);
    context.update(canonical);
    let mut hash = Hash::default();
    hash.copy_from_slice(context.finish().as_ref());
    hash
}

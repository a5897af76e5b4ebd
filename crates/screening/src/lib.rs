//! Name screening: lists read, names folded and compared, a million of them searched, every score explained; pure.
//!
//! Files of lists become [`Entry`]s ([`lists`]); entries become an [`Index`], which cannot change; [`Index::search`]
//! answers a [`Subject`] with [`Hit`]s, each with the features that make its score. A rebuilt index takes the place of the
//! old one in [`Live`], without a pause. How two names compare is in [`Scorer::compare`], whether or not there is an index.

mod align;
mod birth;
mod chosen;
mod country;
mod distance;
mod entry;
mod evidence;
mod fold;
mod fuzzy;
mod index;
pub mod lists;
mod live;
mod names;
mod postings;
mod score;
mod search;
mod similar;
mod text;
mod vocabulary;

pub use birth::Birth;
pub use country::country;
pub use entry::{Entry, Kind, Sex, Subject, document, document_alike};
pub use fold::{Folded, Words, fold};
pub use index::Index;
pub use live::{Live, retire};
pub use score::{Band, Feature, Scorer};
pub use search::Hit;

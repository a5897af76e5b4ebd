//! The rules of visas, pure: the numbers of the Visa Code, admissibility, days of stay, multiple entries, fees.

mod admissibility;
mod cascade;
mod fees;
pub mod grounds;
mod schengen;
mod stay;

pub(crate) use admissibility::{shortcomings, window};
pub use cascade::{Entitlement, Past, entitlement};
pub(crate) use fees::Traveller;
pub use fees::{Fee, Fees};
pub use schengen::Schengen;
pub use stay::{Limit, Presence, Stay};

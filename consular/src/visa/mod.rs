//! The rules of visas, pure: the numbers of the Visa Code, admissibility, days of stay, earlier visas, multiple
//! entries, fees.

mod admissibility;
mod cascade;
mod fees;
pub mod grounds;
mod posting;
mod schengen;
mod sojourns;
mod stay;

pub(crate) use admissibility::{shortcomings, window};
pub use cascade::{Entitlement, Past, entitlement};
pub(crate) use fees::Traveller;
pub use fees::{Charge, Fees};
pub(crate) use posting::posting_end;
pub use schengen::Schengen;
pub(crate) use sojourns::{lawfully_used, most_days, stays};
pub use stay::{Limit, Presence, Stay};

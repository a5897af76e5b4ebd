//! What passports and emergency documents have in common: the numbers of practice, ages, validity, and their zones.

mod practice;
pub(crate) mod zone;

pub use practice::{Emergency, Passports};

use chrono::NaiveDate;
use fault::Fault;
use proto::policy::v1::Reason as House;

/// How old someone born on a day is on another, in whole years; nobody is less than 0.
pub(crate) fn age(born: NaiveDate, on: NaiveDate) -> u32 {
    on.years_since(born).unwrap_or(0)
}

/// A day that the contract has checked to be one.
///
/// # Errors
/// It is none: what keeps it is broken.
pub(crate) fn day(text: &str) -> Result<NaiveDate, Fault> {
    let broken = |_| Fault::new(House::Internal, format!("{text:?} is kept as a day and is none"));
    text.parse().map_err(broken)
}

//! The error reasons of all services, for the error reference.

use super::{comment, option};
use crate::policy::v1::ReasonRule;
use prost_reflect::DescriptorPool;

/// One reason.
#[derive(Debug)]
pub struct ReasonEntry {
    /// The name: `WRONG_STATE`.
    pub name: String,
    /// The proto package that declares it.
    pub domain: String,
    /// Its code, HTTP status and remedy.
    pub rule: ReasonRule,
    /// What it means.
    pub doc: String,
}

impl ReasonEntry {
    pub(super) fn read_all(pool: &DescriptorPool) -> Vec<Self> {
        let enums = pool.all_enums().filter(|found| found.name() == "Reason");
        enums
            .flat_map(|found| found.values().collect::<Vec<_>>())
            .filter(|value| value.number() != 0)
            .map(|value| Self {
                name: value.name().to_owned(),
                domain: value.parent_enum().package_name().to_owned(),
                rule: option(&value.options(), "legation.policy.v1.reason"),
                doc: comment(&value.parent_enum().parent_file(), value.path()),
            })
            .collect()
    }
}

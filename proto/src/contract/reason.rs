//! The error reasons of all services, for the error reference.

use super::{comment, option};
use crate::google::rpc::Code;
use crate::policy::v1::ReasonRule;
use prost_reflect::{DescriptorPool, EnumValueDescriptor};

/// One reason.
#[derive(Debug)]
pub struct ReasonEntry {
    /// The name: `WRONG_STATE`.
    pub name: String,
    /// The proto package that declares it.
    pub domain: String,
    /// Its code, HTTP status and remedy.
    pub rule: ReasonRule,
    value: EnumValueDescriptor,
}

impl ReasonEntry {
    /// The gRPC code's name: `FAILED_PRECONDITION`.
    pub fn code(&self) -> &'static str {
        Code::try_from(self.rule.code).unwrap_or(Code::Internal).as_str_name()
    }

    /// The HTTP status: the rule's own, or the code's usual one.
    pub fn http(&self) -> u16 {
        let usual = || fault::Code::of(tonic::Code::from(self.rule.code)).http();
        u16::try_from(self.rule.http).ok().filter(|http| *http > 0).unwrap_or_else(usual)
    }

    /// The service whose reason it is: `accreditation`; `policy` for those of the house.
    pub fn service(&self) -> &str {
        self.domain.split('.').nth(1).unwrap_or_default()
    }

    /// What it means.
    pub fn doc(&self) -> &'static str {
        comment(&self.value.parent_enum().parent_file(), self.value.path())
    }

    pub(super) fn read_all(pool: &DescriptorPool) -> Vec<Self> {
        let enums = pool.all_enums().filter(|found| found.name() == "Reason");
        enums
            .flat_map(|found| found.values().collect::<Vec<_>>())
            .filter(|value| value.number() != 0)
            .map(|value| Self {
                name: value.name().to_owned(),
                domain: value.parent_enum().package_name().to_owned(),
                rule: option(&value.options(), "legation.policy.v1.reason"),
                value,
            })
            .collect()
    }
}

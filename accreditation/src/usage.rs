//! The numbers and lists of our practice, read from `data/usage.toml` and checked whole.

use proto::accreditation::v1::{debt, incident, port_courtesy, property, service_request};
use serde::Deserialize;
use std::sync::LazyLock;

/// What is shipped. Forced at start, so that a mistake in it keeps the service from starting.
static SHIPPED: LazyLock<Result<Usage, Invalid>> = LazyLock::new(|| Usage::read(include_str!("../data/usage.toml")));

/// Why the file is not good.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("data/usage.toml: {0}")]
pub(crate) struct Invalid(String);

/// Our practice.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Usage {
    pub(crate) property: Property,
    pub(crate) courtesies: Courtesies,
    pub(crate) controls: Controls,
    pub(crate) debts: Debts,
    pub(crate) incidents: Incidents,
    pub(crate) compliance: Compliance,
    pub(crate) services: Services,
}

/// Actions on properties.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Property {
    /// Calendar days.
    pub(crate) decision_days: u16,
    /// Matters on which nothing is approved without an opinion.
    pub(crate) opinions: Vec<String>,
    pub(crate) zoned_uses: Vec<String>,
    /// Codes of the criteria of a zoning decision.
    pub(crate) zoning_criteria: Vec<String>,
}

/// Courtesies of the port.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Courtesies {
    pub(crate) lead_working_days: usize,
    /// Years of age.
    pub(crate) child_under: u32,
    pub(crate) claim: Vec<Claim>,
}

/// Who has a claim to a courtesy.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Claim {
    pub(crate) courtesy: String,
    /// In which direction; unspecified stands for both.
    pub(crate) direction: String,
    pub(crate) least_rank: String,
    pub(crate) without_protective_detail: bool,
    pub(crate) source: String,
}

/// Controls on travel and contacts.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Controls {
    pub(crate) same_place_metres: f64,
    pub(crate) same_time_hours: i64,
}

/// Debts.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Debts {
    /// The most days of each age but the last.
    pub(crate) age_days: Vec<u16>,
    /// Kinds told to the public.
    pub(crate) published: Vec<String>,
}

/// Incidents.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Incidents {
    pub(crate) serious_classes: Vec<String>,
    pub(crate) violence_is_serious: bool,
}

/// Breaches.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Compliance {
    pub(crate) remedy_working_days: u16,
}

/// Requests of missions to agencies.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Services {
    /// Who goes after an agency, step by step.
    pub(crate) escalation: Vec<String>,
    pub(crate) escalation_working_days: u16,
    pub(crate) route: Vec<Route>,
}

/// Where requests of a kind go.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Route {
    pub(crate) kind: String,
    pub(crate) agency: String,
    pub(crate) working_days: u16,
}

/// Our practice as it is shipped.
///
/// # Panics
/// Never once [`check`] was good, and a test holds that it is.
pub(crate) fn usage() -> &'static Usage {
    SHIPPED.as_ref().expect("what is shipped was checked at start, and by a test")
}

/// Whether what is shipped is good.
///
/// # Errors
/// What is wrong with it.
pub(crate) fn check() -> Result<(), Invalid> {
    SHIPPED.as_ref().map(drop).map_err(Clone::clone)
}

impl Usage {
    fn read(text: &str) -> Result<Self, Invalid> {
        let usage: Self = toml::from_str(text).map_err(|error| Invalid(error.to_string()))?;
        let mut wrong: Vec<String> = usage.unknown().map(|name| format!("the contract does not know {name}")).collect();
        wrong.extend(usage.contradictions().map(str::to_owned));
        if wrong.is_empty() { Ok(usage) } else { Err(Invalid(wrong.join("; "))) }
    }

    /// Names that the contract does not know.
    fn unknown(&self) -> impl Iterator<Item = &str> {
        use port_courtesy::{Courtesy, Direction, Rank};
        let property = &self.property;
        let published = self.debts.published.iter().filter(|name| debt::Kind::from_str_name(name).is_none());
        let classes = self.incidents.serious_classes.iter();
        let classes = classes.filter(|name| incident::OffenceClass::from_str_name(name).is_none());
        let routes = self.services.route.iter().map(|route| &route.kind);
        let routes = routes.filter(|name| service_request::Kind::from_str_name(name).is_none());
        let matters = property.opinions.iter().filter(|name| property::Matter::from_str_name(name).is_none());
        let uses = property.zoned_uses.iter().filter(|name| property::Use::from_str_name(name).is_none());
        let claims = self.courtesies.claim.iter().flat_map(|claim| {
            [
                (&claim.courtesy, Courtesy::from_str_name(&claim.courtesy).is_some()),
                (&claim.direction, Direction::from_str_name(&claim.direction).is_some()),
                (&claim.least_rank, Rank::from_str_name(&claim.least_rank).is_some()),
            ]
        });
        let claims = claims.filter(|(_, known)| !known).map(|(name, _)| name);
        matters.chain(uses).chain(claims).chain(published).chain(classes).chain(routes).map(String::as_str)
    }

    /// What cannot be.
    fn contradictions(&self) -> impl Iterator<Item = &'static str> {
        let services = &self.services;
        let kinds = (1..).map_while(|number| service_request::Kind::try_from(number).ok());
        let routes = |kind: service_request::Kind| {
            services.route.iter().filter(|route| route.kind == kind.as_str_name()).count()
        };
        let ages = &self.debts.age_days;
        let wrong = [
            (self.property.decision_days == 0, "the period of decision has no days"),
            (self.courtesies.claim.is_empty(), "nobody has a claim to a courtesy"),
            (!ages.is_sorted_by(|one, next| one < next), "the ages of debts do not ascend"),
            (!kinds.into_iter().all(|kind| routes(kind) == 1), "a kind of service request has no route, or several"),
            (services.route.iter().any(|route| route.working_days == 0), "an agency has no time to answer"),
            (self.compliance.remedy_working_days == 0, "nobody has time to remedy a breach"),
            (services.escalation.is_empty(), "nobody goes after an agency"),
        ];
        wrong.into_iter().filter(|(wrong, _)| *wrong).map(|(_, words)| words)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_shipped_is_good() {
        check().expect("it is good");
        assert_eq!(usage().property.decision_days, 60);
        assert_eq!(usage().property.zoning_criteria.len(), 6);
    }

    #[test]
    fn a_name_the_contract_does_not_know_is_told() {
        let text = include_str!("../data/usage.toml").replace("\"CHANCERY\"", "\"CASTLE\"");
        let refused = Usage::read(&text).expect_err("a castle is no use");
        assert_eq!(refused.to_string(), "data/usage.toml: the contract does not know CASTLE");
    }

    #[test]
    fn what_cannot_be_is_told_all_at_once() {
        let text = include_str!("../data/usage.toml");
        let text = text.replace("[30, 60,", "[60, 30,").replace("kind = \"TAXES\"", "kind = \"CUSTOMS\"");
        let refused = Usage::read(&text).expect_err("taxes have no route").to_string();
        assert!(refused.contains("do not ascend; a kind of service request has no route"), "{refused}");
    }
}

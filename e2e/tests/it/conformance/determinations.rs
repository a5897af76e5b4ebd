//! Determinations as the suite makes them: answers to a question about a member.

use super::members::MEMBER;
use proto::contract::{Kind, contract};
use serde_json::Value;
use testkit::conformance::{Fixture, Step, Suite, Unprepared};

pub(super) struct Determinations;

impl Fixture for Determinations {
    fn resource(&self) -> &'static str {
        "legation.accreditation.v1.Determination"
    }

    fn record<'s>(&'s self, _: &'s Suite) -> Step<'s, Value> {
        Box::pin(async { Err(Unprepared("determinations are answers, and are not brought by a request".into())) })
    }

    fn make<'s>(&'s self, suite: &'s Suite) -> Step<'s, Value> {
        Box::pin(async move {
            let kind = Kind::Verb("determineImmunity".into());
            let found = contract().methods().iter().find(|method| *method.kind() == kind);
            let ask = found.ok_or_else(|| Unprepared("the contract has no determineImmunity".into()))?;
            let member = suite.make(MEMBER).await?;
            suite.call_about(ask, &member).await
        })
    }
}

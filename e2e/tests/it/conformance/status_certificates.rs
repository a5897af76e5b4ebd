//! Certificates of status as the suite makes them: of a member, for a court.

use super::members::MEMBER;
use proto::contract::{Kind, Method, contract};
use serde_json::Value;
use testkit::conformance::{Fixture, Step, Suite, Unprepared, plain};

pub(super) struct StatusCertificates;

impl Fixture for StatusCertificates {
    fn resource(&self) -> &'static str {
        "legation.accreditation.v1.StatusCertificate"
    }

    fn record<'s>(&'s self, _: &'s Suite) -> Step<'s, Value> {
        Box::pin(async { Err(Unprepared("certificates are given, and are not brought by a request".into())) })
    }

    fn make<'s>(&'s self, suite: &'s Suite) -> Step<'s, Value> {
        Box::pin(async move {
            let kind = Kind::Verb("certifyStatus".into());
            let found = contract().methods().iter().find(|method| *method.kind() == kind);
            let certify = found.ok_or_else(|| Unprepared("the contract has no certifyStatus".into()))?;
            let member = suite.make(MEMBER).await?;
            suite.call_about(certify, &member).await
        })
    }

    fn ask(&self, method: &Method) -> Option<Value> {
        plain(method)
    }
}

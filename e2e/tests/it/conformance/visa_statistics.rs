//! Figures on visas as the suite takes them: of a month that is over, at posts of their own.

use super::visa_applications::day;
use serde_json::{Value, json};
use testkit::conformance::{Fixture, Step, Suite};

pub(super) struct VisaStatistics;

impl Fixture for VisaStatistics {
    fn resource(&self) -> &'static str {
        "legation.consular.v1.VisaStatistic"
    }

    fn record<'s>(&'s self, suite: &'s Suite) -> Step<'s, Value> {
        let post = format!("posts/example-{}", suite.number());
        Box::pin(async move { Ok(json!({ "post": post, "month": day(-40)[..7] })) })
    }
}

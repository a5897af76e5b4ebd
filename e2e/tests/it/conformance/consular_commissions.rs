//! Consular commissions as the suite makes them: each of a head of post of its own, all at one consulate-general.

use super::members::MEMBER;
use super::missions::consulate;
use proto::contract::{Kind, Method};
use serde_json::{Value, json};
use testkit::conformance::{Fixture, Step, Suite, plain};
use tokio::sync::OnceCell;

#[derive(Default)]
pub(super) struct ConsularCommissions {
    /// The post they are all at.
    post: OnceCell<Value>,
}

impl Fixture for ConsularCommissions {
    fn resource(&self) -> &'static str {
        "legation.accreditation.v1.ConsularCommission"
    }

    fn record<'s>(&'s self, suite: &'s Suite) -> Step<'s, Value> {
        Box::pin(async move {
            let post = self.post.get_or_try_init(|| consulate(suite)).await?;
            let head = json!({
                "mission": post["name"],
                "category": "HEAD_OF_CONSULAR_POST",
                "familyName": "Eriksson",
                "givenNames": "Anna Maria",
                "birthDate": "1974-08-12",
                "nationality": "FR",
                "residence": "FOREIGN",
                "title": format!("Consul General {}", suite.number()),
                "arrivalTime": "2026-01-02T03:04:05Z",
            });
            let head = suite.create(suite.method_of(MEMBER, &Kind::Create)?, head).await?;
            Ok(json!({ "member": head["name"], "postClass": "CONSUL_GENERAL", "district": "Illinois" }))
        })
    }

    fn ask(&self, method: &Method) -> Option<Value> {
        if method.name() == "EndConsularFunctions" { Some(json!({})) } else { plain(method) }
    }

    /// The functions of the head of post end with the exequatur.
    fn follows(&self, method: &Method) -> i64 {
        i64::from(method.name() == "WithdrawExequatur")
    }

    fn change(&self) -> Option<Value> {
        Some(json!({ "district": "Illinois, Indiana and Iowa" }))
    }
}

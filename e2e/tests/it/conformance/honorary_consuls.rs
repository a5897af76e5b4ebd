//! Honorary consuls as the suite makes them: at one consulate-general.

use super::missions::consulate;
use serde_json::{Value, json};
use testkit::conformance::{Fixture, Step, Suite};
use tokio::sync::OnceCell;

#[derive(Default)]
pub(super) struct HonoraryConsuls {
    /// The post they are all at.
    post: OnceCell<Value>,
}

impl Fixture for HonoraryConsuls {
    fn resource(&self) -> &'static str {
        "legation.accreditation.v1.HonoraryConsul"
    }

    fn record<'s>(&'s self, suite: &'s Suite) -> Step<'s, Value> {
        Box::pin(async move {
            let post = self.post.get_or_try_init(|| consulate(suite)).await?;
            Ok(json!({
                "mission": post["name"],
                "postClass": "CONSUL",
                "familyName": format!("Eriksson-{}", suite.number()),
                "givenNames": "Anna Maria",
                "birthDate": "1964-08-12",
                "residence": "PERMANENT_RESIDENT",
                "occupation": "Notary",
                "district": "Iowa",
                "justification": "Four thousand nationals live there.",
            }))
        })
    }

    fn change(&self) -> Option<Value> {
        Some(json!({ "district": "Iowa and Nebraska", "occupation": "Merchant" }))
    }

    fn reached_by_time_alone(&self) -> &'static [&'static str] {
        &["RECERTIFICATION_DUE"]
    }
}

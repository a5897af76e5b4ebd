//! Receipts as the suite makes them: each of a circular of its own, by one embassy.

use super::circulars::CIRCULAR;
use super::missions::MISSION;
use serde_json::{Value, json};
use testkit::conformance::{Fixture, Step, Suite};
use tokio::sync::OnceCell;

#[derive(Default)]
pub(super) struct CircularReceipts {
    /// The embassy that confirms all of them.
    mission: OnceCell<String>,
}

impl Fixture for CircularReceipts {
    fn resource(&self) -> &'static str {
        "legation.accreditation.v1.CircularReceipt"
    }

    fn record<'s>(&'s self, suite: &'s Suite) -> Step<'s, Value> {
        Box::pin(async move {
            let open = async || suite.in_state(MISSION, "OPEN").await.map(|mission| mission["name"].to_string());
            let mission = self.mission.get_or_try_init(open).await?;
            let circular = suite.in_state(CIRCULAR, "ISSUED").await?;
            Ok(json!({ "circular": circular["name"], "mission": mission.trim_matches('"'), "reader": "Counsellor" }))
        })
    }
}

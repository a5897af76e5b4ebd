//! Notes as the suite makes them: ours, to one embassy.

use super::missions::MISSION;
use proto::contract::Method;
use serde_json::{Value, json};
use testkit::conformance::{Fixture, Step, Suite, plain};
use tokio::sync::OnceCell;

#[derive(Default)]
pub(super) struct NotesVerbales {
    /// The embassy that all of them go to.
    mission: OnceCell<String>,
}

impl Fixture for NotesVerbales {
    fn resource(&self) -> &'static str {
        "legation.accreditation.v1.NoteVerbale"
    }

    fn record<'s>(&'s self, suite: &'s Suite) -> Step<'s, Value> {
        Box::pin(async move {
            let open = async || suite.in_state(MISSION, "OPEN").await.map(|mission| mission["name"].to_string());
            let mission = self.mission.get_or_try_init(open).await?;
            Ok(json!({
                "mission": mission.trim_matches('"'),
                "direction": "OUTGOING",
                "type": "NOTE_VERBALE",
                "language": "en",
                "subject": format!("Matter {}", suite.number()),
                "paragraphs": ["The space before the chancery is reserved.", "It is marked."],
            }))
        })
    }

    fn ask(&self, method: &Method) -> Option<Value> {
        match method.name() {
            "AcknowledgeNoteVerbale" => Some(json!({})),
            _ => plain(method),
        }
    }

    fn change(&self) -> Option<Value> {
        Some(json!({ "subject": "Another matter" }))
    }
}

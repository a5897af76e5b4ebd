//! Screenings as the suite makes them: of someone who is on the example list.

use super::watch_lists::WATCH_LIST;
use proto::contract::{Kind, Method};
use serde_json::{Value, json};
use testkit::conformance::{Fixture, Step, Suite, plain};
use tokio::sync::OnceCell;

#[derive(Default)]
pub(super) struct Screenings {
    /// The list they are all found on.
    list: OnceCell<String>,
}

impl Fixture for Screenings {
    fn resource(&self) -> &'static str {
        "legation.consular.v1.Screening"
    }

    fn record<'s>(&'s self, suite: &'s Suite) -> Step<'s, Value> {
        Box::pin(async move {
            // No other list has its entries: one that is loaded meanwhile would have everyone on it looked up again.
            let load = async || {
                let list = json!({ "title": "List of screenings", "format": "OFAC_DELIMITED", "folder": "screened" });
                let list = suite.create(suite.method_of(WATCH_LIST, &Kind::Create)?, list).await?;
                suite.call_about(suite.method_of(WATCH_LIST, &Kind::Verb("load".into()))?, &list).await?;
                Ok(list["name"].to_string())
            };
            self.list.get_or_try_init(load).await?;
            Ok(json!({
                "subject": { "kind": "PERSON", "names": ["Person Example"], "birthDate": "1954-08-12" },
                "occasion": format!("visa application {}", suite.number()),
            }))
        })
    }

    fn ask(&self, method: &Method) -> Option<Value> {
        match method.name() {
            "ProposeClearance" => Some(json!({ "grounds": "Another face than the one in the file." })),
            "DismissHit" => {
                let list = self.list.get()?.trim_matches('"').to_owned();
                Some(json!({ "list": list, "entry": "1", "grounds": "The entry is of a man of 70." }))
            }
            "SearchScreenings" => {
                let subject = json!({ "kind": "PERSON", "names": ["Person Example"] });
                Some(json!({ "subject": subject, "reason": "A question of the police." }))
            }
            "ConfirmHit" => {
                let list = self.list.get()?.trim_matches('"').to_owned();
                Some(json!({ "list": list, "entry": "1", "proof": "BIRTH_DATE" }))
            }
            _ => plain(method),
        }
    }

    fn reached_by_time_alone(&self) -> &'static [&'static str] {
        // Not by time, but by nobody on the list having the name.
        &["CLEAR"]
    }
}

//! Watch lists as the suite makes them: all of one example publication.

use serde_json::{Value, json};
use testkit::conformance::{Fixture, Step, Suite};

/// The resource.
pub(super) const WATCH_LIST: &str = "legation.consular.v1.WatchList";

pub(super) struct WatchLists;

impl Fixture for WatchLists {
    fn resource(&self) -> &'static str {
        WATCH_LIST
    }

    fn record<'s>(&'s self, suite: &'s Suite) -> Step<'s, Value> {
        let title = format!("Example list {}", suite.number());
        Box::pin(async move { Ok(json!({ "title": title, "format": "OFAC_DELIMITED", "folder": "example" })) })
    }

    fn change(&self) -> Option<Value> {
        Some(json!({ "title": "Example list, renamed" }))
    }
}

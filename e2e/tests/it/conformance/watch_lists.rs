//! Watch lists as the suite makes them: all of one example publication.

use proto::contract::Method;
use serde_json::{Value, json};
use testkit::conformance::{Fixture, Step, Suite, plain};

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

    fn ask(&self, method: &Method) -> Option<Value> {
        // The publication is whole: nothing is to be accepted.
        if method.name() == "LoadWatchList" { Some(json!({})) } else { plain(method) }
    }

    fn change(&self) -> Option<Value> {
        Some(json!({ "title": "Example list, renamed" }))
    }
}

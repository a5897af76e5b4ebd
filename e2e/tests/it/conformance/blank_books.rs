//! Blanks as the suite makes them: passport books, each of its own number.

use proto::consular::v1::blank_book::Kind;
use proto::contract::{Kind as Does, Method};
use serde_json::{Value, json};
use testkit::conformance::{Fixture, Step, Suite, Unprepared, plain};

/// The resource.
pub(super) const BLANK: &str = "legation.consular.v1.BlankBook";
/// The post of every example.
pub(super) const POST: &str = "posts/example";

pub(super) struct BlankBooks;

/// A blank that no other is like.
fn blank(suite: &Suite, kind: Kind) -> Value {
    let number = format!("C{:08}", suite.number());
    json!({ "number": number, "kind": kind.as_str_name(), "post": POST, "consignment": "2026/1" })
}

/// A blank of this kind in stock: its name.
pub(super) async fn in_stock(suite: &Suite, kind: Kind) -> Result<Value, Unprepared> {
    let create = suite.method_of(BLANK, &Does::Create)?;
    Ok(suite.create(create, blank(suite, kind)).await?["name"].clone())
}

impl Fixture for BlankBooks {
    fn resource(&self) -> &'static str {
        BLANK
    }

    fn record<'s>(&'s self, suite: &'s Suite) -> Step<'s, Value> {
        Box::pin(async move { Ok(blank(suite, Kind::PassportBook)) })
    }

    fn ask(&self, method: &Method) -> Option<Value> {
        match method.name() {
            "SpoilBlankBook" => Some(json!({ "cause": "DAMAGED" })),
            "ReconcileBlankBooks" => Some(json!({ "kind": "PASSPORT_BOOK", "post": POST, "counted": 1 })),
            _ => plain(method),
        }
    }

    fn reached_by_time_alone(&self) -> &'static [&'static str] {
        // Not by time, but by a document that is made of it.
        &["ISSUED"]
    }
}

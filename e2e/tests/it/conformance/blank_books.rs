//! Blanks as the suite makes them: passport books, each of its own number.

use proto::consular::v1::blank_book::Kind;
use proto::contract::{Kind as Does, Method};
use serde_json::{Value, json};
use std::sync::atomic::{AtomicU32, Ordering};
use testkit::conformance::{Fixture, Step, Suite, Unprepared, plain};

/// The resource.
pub(super) const BLANK: &str = "legation.consular.v1.BlankBook";
/// How many consignments were received.
static CONSIGNMENTS: AtomicU32 = AtomicU32::new(0);
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
            "ReceiveBlankBooks" => {
                // Three of a series that no other request has: a fixture is not told which is asked for.
                let hundred = CONSIGNMENTS.fetch_add(1, Ordering::Relaxed) * 100;
                let (first, last) = (format!("R{:08}", hundred + 1), format!("R{:08}", hundred + 3));
                Some(json!({
                    "kind": "VISA_STICKER",
                    "post": POST,
                    "consignment": "2026/2",
                    "firstNumber": first,
                    "lastNumber": last,
                }))
            }
            "SpoilBlankBook" => Some(json!({ "cause": "DAMAGED" })),
            "ReconcileBlankBooks" => Some(json!({ "kind": "PASSPORT_BOOK", "post": POST, "counted": 1 })),
            _ => plain(method),
        }
    }

    /// A consignment of three is two more than one.
    fn follows(&self, method: &Method) -> i64 {
        if method.name() == "ReceiveBlankBooks" { 2 } else { 0 }
    }

    fn reached_by_time_alone(&self) -> &'static [&'static str] {
        // Not by time, but by a document that is made of it.
        &["ISSUED"]
    }
}
